package siterecovery

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// RecoveryPlans lists the vault's recovery plans, sorted by name, with their
// boot groups in order. Their allowed operations never name a failback: whether
// one may start is up to the items.
func (c *Client) RecoveryPlans(ctx context.Context) ([]engine.RecoveryPlan, error) {
	wire, err := collect(ctx, c.plans.NewListPager(c.group, c.vault, nil),
		func(p asr.ReplicationRecoveryPlansClientListResponse) []*asr.RecoveryPlan { return p.Value })
	if err != nil {
		return nil, c.call(azure.ActionReadPlans, "list the recovery plans", c.vault).Failure(err)
	}
	plans := make([]engine.RecoveryPlan, 0, len(wire))
	for _, w := range wire {
		plans = append(plans, decodePlan(w))
	}
	slices.SortFunc(plans, func(a, b engine.RecoveryPlan) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return plans, nil
}

func decodePlan(w *asr.RecoveryPlan) engine.RecoveryPlan {
	plan := engine.RecoveryPlan{ID: text(w.ID), Name: text(w.Name)}
	p := w.Properties
	if p == nil {
		return plan
	}
	plan.Name = cmp.Or(text(p.FriendlyName), plan.Name)
	plan.FabricID, plan.Fabric = text(p.PrimaryFabricID), text(p.PrimaryFabricFriendlyName)
	plan.Allowed, plan.Status = texts(p.AllowedOperations), text(p.CurrentScenarioStatus)
	for _, g := range p.Groups {
		if g == nil || text(g.GroupType) != string(asr.RecoveryPlanGroupTypeBoot) {
			continue
		}
		group := engine.RecoveryGroup{Name: "Group " + strconv.Itoa(len(plan.Groups)+1)}
		for _, i := range g.ReplicationProtectedItems {
			if i != nil && text(i.ID) != "" {
				group.Items = append(group.Items, *i.ID)
			}
		}
		plan.Groups = append(plan.Groups, group)
	}
	return plan
}
