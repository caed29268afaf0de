package hyperv_test

import (
	"testing"
	"time"

	"failback/engine"
)

// S+7: what a host has logged comes whole, with the logs that could not be read and how
// much there was no room for.
func TestSPlus7EventsOfAHost(t *testing.T) {
	l := newLab()
	a := access(t, l.memory())
	since := time.Date(2026, 11, 2, 4, 0, 0, 0, time.FixedZone("CET", 3600))
	got, err := a.Events(t.Context(), "hv01", since)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Since.Equal(since) || got.LeftOut != 3 || len(got.Logs) != 2 || got.Logs[1].Problem == "" {
		t.Fatalf("%+v", got)
	}
	want := engine.LogEntry{ID: 32315, Level: 2, At: time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC), Provider: "VMMS", Text: "Fehler bei „web01“."}
	if e := got.Logs[0].Events; len(e) != 1 || e[0] != want {
		t.Errorf("%+v", e)
	}
	if p := string(l.site.params[0]); p != `{"since":"2026-11-02T03:00:00Z"}` {
		t.Errorf("asked with %s", p)
	}
	l.noShells(t, a)
}
