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

// RecoveryPlan reads one recovery plan afresh.
func (c *Client) RecoveryPlan(ctx context.Context, id string) (engine.RecoveryPlan, error) {
	name, err := planName(id)
	if err != nil {
		return engine.RecoveryPlan{}, err
	}
	answer, err := c.plans.Get(ctx, c.group, c.vault, name, nil)
	if err != nil {
		return engine.RecoveryPlan{}, c.call(azure.ActionReadPlans, "read the recovery plan", name).Failure(err)
	}
	w := answer.RecoveryPlan
	if text(w.ID) == "" {
		w.ID = &id
	}
	if text(w.Name) == "" {
		w.Name = &name
	}
	return decodePlan(&w), nil
}

// planName is a recovery plan's resource name, the last part of its id.
func planName(id string) (string, error) {
	if name := segment(id, "replicationRecoveryPlans"); name != "" {
		return name, nil
	}
	return "", engine.Usagef("take the id from the list of recovery plans", "%q is not the id of a recovery plan", id)
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
	plan.Detail = text(p.CurrentScenarioStatusDescription)
	if s := p.CurrentScenario; s != nil {
		plan.Job = jobName(s.JobID)
	}
	for _, g := range p.Groups {
		if g != nil {
			addGroup(&plan, g)
		}
	}
	return plan
}

// addGroup adds what a group holds. The shutdown and failover groups hold no
// items of their own, but may have actions.
func addGroup(plan *engine.RecoveryPlan, g *asr.RecoveryPlanGroup) {
	name := text(g.GroupType)
	if name == string(asr.RecoveryPlanGroupTypeBoot) {
		name = "Group " + strconv.Itoa(len(plan.Groups)+1)
		group := engine.RecoveryGroup{Name: name}
		for _, i := range g.ReplicationProtectedItems {
			if i != nil && text(i.ID) != "" {
				group.Items = append(group.Items, *i.ID)
			}
		}
		plan.Groups = append(plan.Groups, group)
	}
	plan.Actions = append(plan.Actions, planActions(g.StartGroupActions, name, true)...)
	plan.Actions = append(plan.Actions, planActions(g.EndGroupActions, name, false)...)
}

func planActions(wire []*asr.RecoveryPlanAction, group string, before bool) []engine.RecoveryAction {
	var out []engine.RecoveryAction
	for _, w := range wire {
		if w == nil {
			continue
		}
		a := engine.RecoveryAction{Name: text(w.ActionName), Group: group, Before: before}
		switch d := w.CustomDetails.(type) {
		case *asr.RecoveryPlanManualActionDetails:
			a.Kind, a.Text = engine.ActionManual, text(d.Description)
		case *asr.RecoveryPlanScriptActionDetails:
			a.Kind, a.Text = engine.ActionScript, text(d.Path)
		case *asr.RecoveryPlanAutomationRunbookActionDetails:
			a.Kind, a.Text = engine.ActionRunbook, text(d.RunbookID)
		}
		for _, d := range w.FailoverDirections {
			switch text(d) {
			case string(asr.PossibleOperationsDirectionsRecoveryToPrimary):
				a.Directions = append(a.Directions, engine.ToOnPremises)
			case string(asr.PossibleOperationsDirectionsPrimaryToRecovery):
				a.Directions = append(a.Directions, engine.ToAzure)
			}
		}
		out = append(out, a)
	}
	return out
}
