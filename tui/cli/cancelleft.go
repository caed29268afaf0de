package cli

import (
	"context"
	"fmt"
	"strings"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/text"
)

// clearLeft removes what failbacks without Site Recovery that failed have left, once a
// person has seen what it is.
func (a *app) clearLeft(ctx context.Context, st engine.State, jobs []string, o cancelOptions) error {
	s, _, err := a.reopen(ctx, o.run, a.person())
	if err != nil {
		return err
	}
	defer s.close(a)
	ports, err := s.conn.PortsFor(st.Plan)
	if err != nil {
		return err
	}
	var lists []engine.Leftovers
	var items []string
	for _, job := range jobs {
		l, err := ports.Direct.Leftovers(ctx, job)
		if err != nil {
			return err
		}
		a.tellLeft(l)
		lists = append(lists, l)
		if !l.None() {
			items = append(items, l.Item)
		}
	}
	if len(items) > 0 {
		word := string(st.Run)
		if len(items) == 1 {
			word = items[0]
		}
		if err := a.typed(o.yes, word, "remove it"); err != nil {
			return err
		}
	}
	return a.clearAll(context.WithoutCancel(ctx), ports.Direct, lists)
}

// tellLeft says exactly what would be removed, and what would stay.
func (a *app) tellLeft(l engine.Leftovers) {
	where := l.Item + ", job " + l.Job
	switch {
	case l.None() && len(l.Stays) == 0:
		a.say("%s: nothing is left of it", where)
	case !l.None():
		a.say("%s: removed are", where)
	}
	for _, f := range l.Files {
		a.say("  - file %s, %s", f.Path, engine.SizeWords(f.Bytes))
	}
	if l.Folder != "" {
		a.say("  - folder %s", l.Folder)
	}
	for _, t := range l.Snapshots {
		a.say("  - snapshot %s in Azure, of a disk of %s", t.ID, engine.SizeWords(t.Bytes))
	}
	for _, t := range l.Stays {
		a.say("%s: %s: stays: %s", l.Item, t.What, t.Why)
	}
}

// clearAll removes one job's leftovers after the other's and tells what went. What
// stays is a failure.
func (a *app) clearAll(ctx context.Context, desk engine.DirectDesk, lists []engine.Leftovers) error {
	var done []engine.Cleared
	var stays []string
	for _, l := range lists {
		c, err := desk.Clear(ctx, l, runs.NewRequestID())
		if err != nil {
			return err
		}
		if c.Removed == nil {
			c.Removed = []string{}
		}
		done = append(done, c)
		for _, t := range c.Stays {
			stays = append(stays, t.What+" ("+t.Why+")")
		}
	}
	var lines strings.Builder
	for _, c := range done {
		for _, what := range c.Removed {
			fmt.Fprintf(&lines, "%s: removed %s\n", text.Clean(c.Item), text.Clean(what))
		}
	}
	if err := a.one(done, "%s", lines.String()); err != nil {
		return err
	}
	if len(stays) == 0 {
		return nil
	}
	return &engine.Failure{Kind: engine.FailureOther, What: "remove what the failback has left", Where: done[0].Item, Why: "not everything is removed: " + strings.Join(stays, "; "),
		Remedy: "mend what is named and do it again: what is gone already is no error"}
}
