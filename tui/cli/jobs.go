package cli

import (
	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) jobsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "List Site Recovery's jobs, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			jobs, err := list(cmd.Context(), a, engine.Inventory.Jobs)
			if err != nil {
				return err
			}
			return show(a, jobs, a.jobTable(jobs))
		},
	}
}

func (a *app) jobTable(jobs []engine.Job) table {
	t := table{
		heads: []string{"STARTED", "WHAT", "ITEM", "STATE", "NAME"},
		none:  "the vault has no jobs",
	}
	for _, j := range jobs {
		what := j.Friendly
		if what == "" {
			what = j.Scenario
		}
		state := string(j.State)
		if j.Detail != "" && j.Detail != state {
			state += " (" + j.Detail + ")"
		}
		t.rows = append(t.rows, []string{a.when(j.Started), what, j.TargetName, state, j.Name})
	}
	return t
}
