package cli

import (
	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

func (a *app) runsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "runs",
		Short: "List unfinished and past runs, newest first",
		Args:  takes(0),
		RunE: func(*cobra.Command, []string) error {
			store, err := a.store()
			if err != nil {
				return err
			}
			all, err := store.List()
			if err != nil {
				return err
			}
			return show(a, all, a.runTable(all))
		},
	}
}

func (a *app) runTable(all []runs.Summary) table {
	t := table{
		heads: []string{"RUN", "STARTED", "HOW IT STANDS", "AT", "ITEMS", "DRIVER", ""},
		none:  "no run was started yet",
	}
	for _, r := range all {
		note := ""
		switch {
		case r.Broken != "":
			note = r.Broken
		case r.Damaged:
			note = "DAMAGED on-premises VM"
		case r.Rehearsal:
			note = "rehearsal"
		}
		t.rows = append(t.rows, []string{string(r.ID), a.when(r.Started), standing(r), place(r), r.Item, r.Driver, note})
	}
	return t
}

// standing is how a run stands, in a word or two.
func standing(r runs.Summary) string {
	switch {
	case r.Broken != "":
		return "unreadable"
	case r.Live:
		return "running"
	case r.Outcome == engine.OutcomeNone:
		return "left behind" // its driver is gone and could not say so
	}
	return string(r.Outcome)
}

// place is the phase or the open gate.
func place(r runs.Summary) string {
	if r.Gate != engine.GateNone {
		return "gate " + string(r.Gate)
	}
	return string(r.Phase)
}
