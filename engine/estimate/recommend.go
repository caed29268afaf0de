package estimate

import (
	"fmt"
	"time"

	"failback/engine"
)

// LongInAzure is the age from which the documentation advises a full download:
// "a month or more".
const LongInAzure = 30 * 24 * time.Hour

// mostOf is the share of the data from which "most of the disk changed", the
// documentation's condition for the full download being the faster one.
const mostOf = 0.5

// recommend weighs the documents' advice and the numbers. A missing VM decides
// alone. After a month the documents' advice holds unless delta is expected to
// finish earlier all the same. Before that, full needs both: most of the data
// changed, and an earlier finish.
func recommend(m *model, f Forecasts) (engine.SyncOption, []string) {
	numbers := numbersOf(f)
	if m.missing {
		return engine.SyncFull, []string{
			"the on-premises VM does not exist: there is nothing to compare with; choose an alternate location and let the VM be created",
			fmt.Sprintf("against it: delta keeps the Azure VM running meanwhile, downtime about %s instead of %s", engine.RoughWords(f.Delta.Downtime.P50), engine.RoughWords(f.Full.Downtime.P50)),
			numbers,
		}
	}
	deltaEarlier := f.Delta.Total.P50 <= f.Full.Total.P50
	share := m.share()
	if m.oldest >= LongInAzure {
		age := fmt.Sprintf("%d days in Azure: the documentation advises a full download after a month or more", int(m.oldest.Hours()/24))
		if deltaEarlier {
			return engine.SyncDelta, []string{numbers, "against it: " + age}
		}
		return engine.SyncFull, []string{age, numbers, downtimeOf(f)}
	}
	if share >= mostOf && !deltaEarlier {
		return engine.SyncFull, []string{
			fmt.Sprintf("about %.0f %% of the data changed: checksums cost more than they save", share*100),
			numbers, downtimeOf(f),
		}
	}
	return engine.SyncDelta, []string{
		fmt.Sprintf("about %.0f %% of the data changed, and the Azure VM keeps running while it is copied", share*100),
		downtimeOf(f), numbers,
	}
}

// share is how much of the data has changed, 0 to 1.
func (m *model) share() float64 {
	if m.allocated == 0 {
		return 0
	}
	return m.changed(m.expected) / m.allocated
}

func numbersOf(f Forecasts) string {
	return fmt.Sprintf("expected in all: delta %s with %s, full %s with %s",
		engine.RoughWords(f.Delta.Total.P50), engine.SizeWords(f.Delta.Bytes), engine.RoughWords(f.Full.Total.P50), engine.SizeWords(f.Full.Bytes))
}

func downtimeOf(f Forecasts) string {
	return fmt.Sprintf("expected downtime: delta %s, full %s", engine.RoughWords(f.Delta.Downtime.P50), engine.RoughWords(f.Full.Downtime.P50))
}
