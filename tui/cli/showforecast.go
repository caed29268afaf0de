package cli

import (
	"io"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/text"
)

// leftView is the time that a leg still needs, in seconds, as an estimate.
type leftView struct {
	engine.Spread
	Until    string `json:"until"`
	Measured bool   `json:"measured"` // corrected by what has moved so far
	Estimate bool   `json:"estimate"` // always
}

// leftOf is what a leg of a run that somebody drives still needs; nil where no honest
// time can be said.
func leftOf(st engine.State, item string, live bool, now time.Time) *leftView {
	r := estimate.Left(st, item, now)
	if !live || !r.Known() {
		return nil
	}
	return &leftView{engine.Spread{P50: r.P50.Seconds(), P90: r.P90.Seconds()}, string(r.Until), r.Measured, true}
}

// forecastLines are the forecast of a run and, once it is known, how it came out.
func forecastLines(st engine.State) []string {
	f := st.Forecast
	if f == nil {
		return nil
	}
	lines := []string{"forecast  downtime " + f.Downtime.Words() + ", in total " + f.Total.Words() + " without waits at gates (estimate)"}
	if o := st.Outturn(); o != nil {
		lines = append(lines, "came out  downtime "+o.Downtime.Words(), "          total "+o.Total.Words(), "          "+o.BytesWords())
	}
	return lines
}

func (a *app) writeLeft(out io.Writer, l *leftView) {
	if l == nil {
		return
	}
	p50, p90 := l.Range()
	a.tell(out, "  left: %s until %s (estimate)", text.Range(p50, p90), l.Until)
}
