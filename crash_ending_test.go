//go:build unix

package main

import (
	"encoding/json"
	"regexp"

	"failback/engine"
)

// ending is how a run and its item stand at the end.
type ending struct {
	Outcome         engine.Outcome
	Azure, Home     engine.Power
	Damaged, Proved bool   // proved: each disk equal to the one in Azure
	Item            string // as the vault lists it, its times left out
	Threads         string // the host's download threads
}

// moments are the times in the list of items: no two runs share them.
var moments = regexp.MustCompile(`"\d{4}-\d\d-\d\dT[^"]*"`)

func (c *crash) ending() ending {
	c.t.Helper()
	l := c.state().Legs[0]
	e := ending{Outcome: l.Outcome, Azure: l.AzurePower, Home: l.OnPremPower, Damaged: l.Damage != nil, Proved: len(l.Proofs) > 0}
	for _, p := range l.Proofs {
		e.Proved = e.Proved && p.Equal
	}
	list := c.begin("items", "--lab", "--output", "ndjson")
	for list.lines.Scan() {
		e.Item += moments.ReplaceAllString(list.lines.Text(), `"…"`)
	}
	if end := list.ended(); end != wellEnded {
		c.t.Fatalf("items: %s: %s", end, &list.said)
	}
	threads := c.begin("hosts", "threads", "hv01", "--lab", "--output", "ndjson")
	var now struct{ Download engine.ThreadValue }
	if !threads.lines.Scan() || json.Unmarshal(threads.lines.Bytes(), &now) != nil {
		c.t.Fatalf("threads: %s: %s", threads.ended(), &threads.said)
	}
	e.Threads = now.Download.Words()
	return e
}
