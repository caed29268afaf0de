package cli

import (
	"slices"
	"testing"
	"time"

	"failback/engine"
)

func TestApproveNamesGates(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  []engine.Gate
		bad   bool
	}{
		{nil, nil, false},
		{[]string{"none"}, nil, false},
		{[]string{"all"}, engine.AllGates, false},
		{[]string{"commit", "complete", "commit"}, []engine.Gate{engine.GateComplete, engine.GateCommit}, false},
		{[]string{"all", "commit"}, engine.AllGates, false},
		{[]string{"all", "everything"}, nil, true},
		{[]string{"none", "commit"}, nil, true},
		{[]string{"everything"}, nil, true},
	} {
		got, err := (&planOptions{approve: c.words}).gates()
		if (err != nil) != c.bad || (!c.bad && !slices.Equal(got, c.want)) {
			t.Errorf("%v gave %v, %v", c.words, got, err)
		}
	}
}

func TestWindowsMayHaveOneEnd(t *testing.T) {
	start := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	w, err := parseWindow("2026-11-23T22:00:00+01:00/")
	if err != nil || !w.Start.Equal(start) || !w.End.IsZero() {
		t.Errorf("%+v, %v", w, err)
	}
	w, err = parseWindow("/2026-11-23T21:00:00Z")
	if err != nil || !w.End.Equal(start) || !w.Start.IsZero() {
		t.Errorf("%+v, %v", w, err)
	}
	for _, bad := range []string{"", "/", "2026-11-23T22:00:00Z", "2026-11-23 22:00/", "a/b"} {
		if _, err := parseWindow(bad); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
