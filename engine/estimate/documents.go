package estimate

import (
	"fmt"

	"failback/engine"
)

// Advice is what a document recommends for an alternate location. The documents
// contradict each other there, so both are told, with what was reckoned.
type Advice struct {
	Option engine.SyncOption
	Says   string
	Source string
	Dated  string
}

// alternate is the page's advice in its step 6 for an alternate location, and in its
// overview for a VM that was deleted, which an alternate location often is about.
var alternate = []Advice{
	{engine.SyncDelta, "at an alternate location: the Azure VM keeps running while data comes home", "hyper-v-azure-failback, step 6", "2019-09-12"},
	{engine.SyncFull, "where the on-premises VM was deleted, or after a month in Azure", "hyper-v-azure-failback, overview", "2019-09-12"},
}

// Alternate is what the documents recommend for an alternate location.
func Alternate() []Advice { return append([]Advice(nil), alternate...) }

// Calculation sets both options against each other in one sentence.
func (f Forecasts) Calculation() string {
	return fmt.Sprintf("reckoned here: delta %s down and %s in all, full %s down and %s in all",
		engine.RoughWords(f.Delta.Downtime.P50), engine.RoughWords(f.Delta.Total.P50),
		engine.RoughWords(f.Full.Downtime.P50), engine.RoughWords(f.Full.Total.P50))
}
