package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"failback/engine"
)

// forecasted is a history with a forecast after its beginning.
func forecasted(events []engine.Event, f engine.ForecastMade) []engine.Event {
	at := slices.IndexFunc(events, func(e engine.Event) bool { return e.Type() == engine.RunStarted{}.Type() })
	made := events[at]
	made.Body = f
	out := slices.Insert(slices.Clone(events), at+1, made)
	for i := range out {
		out[i].Seq = uint64(i + 1)
	}
	return out
}

func TestS16TheForecastStandsBesideTheFact(t *testing.T) {
	f := engine.ForecastMade{
		Option: engine.SyncDelta, Bytes: 3 << 30, Total: engine.Spread{P50: 10, P90: 1e6}, Downtime: engine.Spread{P50: 0.5, P90: 1},
		Biggest: "5 min: checksums of 40 GB | at 1 GB/s", Learnt: []string{"a download of 30 MiB/s: median of 4 runs"}, Assumed: []string{"<b>guessed</b>"},
	}
	r := build(t, forecasted(succeeded(t), f))
	if r.Forecast == nil || r.Outturn == nil || r.Outturn.Total.Fact <= r.Outturn.Downtime.Fact || !r.Outturn.Total.Within() || r.Outturn.Downtime.Within() {
		t.Fatalf("forecast %+v, outturn %+v", r.Forecast, r.Outturn)
	}
	doc := markdown(t, r)
	for _, want := range []string{"## Forecast and fact", "| Downtime |", "**beyond the forecast**", "median of 4 runs", "The biggest factor", "Assumed, not measured"} {
		if !strings.Contains(doc, want) {
			t.Errorf("no %q in\n%s", want, doc)
		}
	}
	if strings.Contains(doc, "<b>") || strings.Contains(doc, "40 GB | at") {
		t.Error("words of a journal are not escaped")
	}
	var raw bytes.Buffer
	if err := r.WriteJSON(&raw); err != nil || !strings.Contains(raw.String(), `"outturn"`) {
		t.Errorf("%v: %s", err, &raw)
	}
	// A run that has not come to its boot is held against nothing.
	if r := build(t, forecasted(cancelledAndDamaged(t), f)); r.Outturn != nil || !strings.Contains(markdown(t, r), "once every item has been seen to boot") {
		t.Errorf("outturn %+v of a cancelled run", r.Outturn)
	}
}
