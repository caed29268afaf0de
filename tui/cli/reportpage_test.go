package cli

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/report"
)

var pageBegan = time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)

func pageReport(name string) report.Report {
	at := func(m int) time.Time { return pageBegan.Add(time.Duration(m) * time.Minute) }
	return report.Report{
		Run: "20261126-020000-abcdef", Outcome: engine.OutcomeFailed, Created: at(0), LastEvent: at(60), Finished: at(60), Events: 40,
		Items: []report.Item{{
			Item: engine.PlanItem{Name: name}, Outcome: engine.OutcomeFailed, Stands: string(engine.PhaseFinalSync),
			Phases: []report.Phase{
				{Phase: engine.PhaseInitialSync, Title: name, Status: engine.StatusDone, Started: at(0), Ended: at(30)},
				{Phase: engine.PhaseStopAzure, Title: "Stop Azure VM", Status: engine.StatusDone, Started: at(30), Ended: at(30)},
				{Phase: engine.PhaseFinalSync, Title: "Final sync", Status: engine.StatusFailed, Started: at(45)},
			},
			Downtime: report.Downtime{From: at(30), Seconds: 1800, GoesOn: true},
		}},
	}
}

// The chart's numbers are the report's times.
func TestThePageChartsWhatTheJournalTimed(t *testing.T) {
	c, ok := chartOf(pageReport("app01").Items[0], pageBegan.Add(time.Hour))
	if !ok || len(c.Bars) != 3 {
		t.Fatalf("%+v", c)
	}
	half := float64(chartWidth-chartLeft) / 2
	if b := c.Bars[0]; b.X != chartLeft || b.W != half || b.Status != "done" {
		t.Errorf("the first half: %+v", b)
	}
	if b := c.Bars[1]; b.X != chartLeft+half || b.W != 2 {
		t.Errorf("a moment is still seen: %+v", b)
	}
	if b := c.Bars[2]; b.X != chartLeft+1.5*half || b.W != half/2 || b.Status != "failed" {
		t.Errorf("what did not end goes to the last event: %+v", b)
	}
	if c.Down == nil || c.Down.X != chartLeft+half || c.Down.W != half || !strings.Contains(c.Says, "30 min") {
		t.Errorf("downtime %+v, %q", c.Down, c.Says)
	}
	if _, ok := chartOf(report.Item{}, pageBegan); ok {
		t.Error("a chart of nothing")
	}
}

// No name, whatever it is, makes an element, an attribute or a script of its own.
func TestThePageShowsHostileNamesAsText(t *testing.T) {
	for _, name := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</title><b>`, `[x](javascript:alert(1))`, "`a` *b* | c", "<https://example.org>", "\u202eabc\x1b[2J",
	} {
		var b bytes.Buffer
		if err := writePage(pageReport(name), &b); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(b.String(), "\u202e\x1b") {
			t.Errorf("%q reaches the page with its control characters", name)
		}
		d := xml.NewDecoder(strings.NewReader(b.String()))
		d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", name, err)
			}
			el, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			switch el.Name.Local {
			case "script", "img", "a", "b", "iframe", "link", "object":
				t.Errorf("%q became <%s>", name, el.Name.Local)
			}
			for _, a := range el.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || a.Name.Local == "href" || a.Name.Local == "src" {
					t.Errorf("%q became an attribute %s", name, a.Name.Local)
				}
			}
		}
	}
}
