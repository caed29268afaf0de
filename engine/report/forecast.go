package report

import (
	"fmt"
	"time"

	"failback/engine"
)

// forecast writes what was forecast, and beside it what came of it.
func (r Report) forecast(d *document) {
	f := r.Forecast
	if f == nil {
		return
	}
	d.title(2, "Forecast and fact")
	d.para("Forecast before anything was done; estimates, without waits at gates.")
	total, down, bytes := "", "", ""
	if o := r.Outturn; o != nil {
		total, down = factCell(o.Total), factCell(o.Downtime)
		if o.Bytes > 0 {
			bytes = engine.SizeWords(o.Bytes) + " (agent, estimate)"
		}
	}
	d.table([]string{"", "Likely (50 %)", "Cautious (90 %)", "Fact"}, [][]string{
		row("Downtime", f.Downtime, down), row("Total", f.Total, total), {"Over the wire", engine.SizeWords(f.Bytes), "", bytes},
	})
	switch {
	case r.Outturn == nil:
		d.para("The run is held against it once every item has been seen to boot.")
	case r.Outturn.Interrupted:
		d.para("A phase was begun more than once: the facts hold waits that the forecast is not about, and later forecasts learn nothing from them.")
	}
	if f.Biggest != "" {
		d.para("The biggest factor: %s.", text(f.Biggest))
	}
	said(d, "Learnt from earlier runs", f.Learnt)
	said(d, "Assumed, not measured", f.Assumed)
}

func row(what string, s engine.Spread, fact string) []string {
	p50, p90 := s.Range()
	return []string{what, engine.RoughWords(p50), engine.RoughWords(p90), fact}
}

func factCell(f engine.Fact) string {
	s := engine.SpanWords(time.Duration(f.Fact * float64(time.Second)).Round(time.Second))
	if !f.Within() {
		s += ", **beyond the forecast**"
	}
	return s
}

func said(d *document, what string, lines []string) {
	if len(lines) == 0 {
		return
	}
	out := ""
	for _, l := range lines {
		out += fmt.Sprintf("\n- %s", text(l))
	}
	d.para("%s:\n%s", what, out)
}
