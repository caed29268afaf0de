package cli

import (
	"strconv"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) recoveryPlansCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "recovery-plans",
		Short: "List the vault's recovery plans",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			plans, err := list(cmd.Context(), a, engine.Inventory.RecoveryPlans)
			if err != nil {
				return err
			}
			return show(a, plans, recoveryPlanTable(plans))
		},
	}
}

func recoveryPlanTable(plans []engine.RecoveryPlan) table {
	t := table{
		heads: []string{"NAME", "GROUPS", "ITEMS", "STATUS", "FABRIC"},
		right: map[int]bool{1: true, 2: true},
		none:  "the vault has no recovery plans",
	}
	for _, p := range plans {
		n := 0
		for _, g := range p.Groups {
			n += len(g.Items)
		}
		t.rows = append(t.rows, []string{p.Name, strconv.Itoa(len(p.Groups)), strconv.Itoa(n), p.Status, p.Fabric})
	}
	return t
}
