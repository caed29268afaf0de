package cli

import (
	"context"
	"fmt"
	"slices"

	"failback/engine"
)

// takeRecoveryPlan fills the plan from a recovery plan: as its own job, or each
// item by itself where that was asked for or nothing else can be.
func (o *planOptions) takeRecoveryPlan(ctx context.Context, s *session, p *engine.Plan, items []engine.Item) error {
	plans, err := s.conn.Ports.Inventory.RecoveryPlans(ctx)
	if err != nil {
		return err
	}
	rp, err := findRecoveryPlan(o.recoveryPlan, plans)
	if err != nil {
		return err
	}
	p.RecoveryPlan, p.RecoveryPlanID, p.Each = rp.Name, rp.ID, o.each || o.direct.on
	if p.Target.Alternate && !p.Each {
		p.Each = true
		o.notices = append(o.notices, fmt.Sprintf("recovery plan %s: its own job has no choice of a host, so each VM goes by itself to %s%s", rp.Name, p.Target.HostName, leavesOut(rp, p.Direction)))
	}
	members := rp.Members(items, p.Direction)
	if why, remedy := engine.TooManyItems(rp, len(members)); why != "" && !p.Each {
		return engine.Usagef(remedy+" (--each)", "recovery plan %s: %s", rp.Name, why)
	}
	for _, m := range members {
		if m.Item.ID == "" {
			return engine.Usagef(m.Remedy, "recovery plan %s names an item that the vault does not have: %s", rp.Name, m.Name)
		}
		goes := m.Reason == "" || o.commitFailover && m.CommitFirst || o.direct.on && m.Item.Active == engine.LocationAzure
		if !goes && p.Each {
			p.Skipped = append(p.Skipped, engine.SkippedItem{Name: m.Name, Reason: m.Reason})
			continue
		}
		it := planItem(m.Item)
		it.Group = m.Group
		p.Items = append(p.Items, it)
	}
	if len(p.Items) == 0 && len(p.Skipped) > 0 {
		return &engine.Failure{Kind: engine.FailureBlocked, What: "plan", Where: "recovery plan " + rp.Name,
			Why: "none of its items can go: " + skippedWords(p.Skipped), Remedy: "failback items tells of each what to do first"}
	}
	return nil
}

// leavesOut says which actions a run of single items does not carry out.
func leavesOut(rp engine.RecoveryPlan, d engine.Direction) string {
	scripts, manual := rp.Count(d)
	if scripts+manual == 0 {
		return ""
	}
	return fmt.Sprintf("; its scripts (%d) and manual actions (%d) are not run", scripts, manual)
}

func skippedWords(list []engine.SkippedItem) string {
	words := ""
	for i, x := range list {
		if i > 0 {
			words += "; "
		}
		words += x.Name + ": " + x.Reason
	}
	return words
}

// membersRows says in a check what becomes of the recovery plan's items that are
// not ready: alone they stay behind, together they hold all others back.
func membersRows(p engine.Plan, stopped []string) []checkRow {
	var rows []checkRow
	for _, x := range p.Skipped {
		rows = append(rows, checkRow{x.Name, engine.Finding{
			Rule: "recovery-plan", Title: "Recovery plan " + p.RecoveryPlan, Verdict: engine.VerdictWarn, Observed: "stays behind: " + x.Reason,
			Remedy: "the other items go without it",
		}})
	}
	if p.Joint() && len(stopped) > 0 && len(stopped) < len(p.Items) {
		for _, it := range p.Items {
			if slices.Contains(stopped, it.Name) {
				continue
			}
			rows = append(rows, checkRow{it.Name, engine.Finding{
				Rule: "recovery-plan", Title: "Recovery plan " + p.RecoveryPlan, Verdict: engine.VerdictBlock,
				Observed: "its own job brings all its items or none, and these can't go: " + quoteAll(stopped),
				Remedy:   "mend those, or bring each VM by itself with --each: then its scripts and manual actions are not run",
			}})
		}
	}
	return rows
}

// sayNotices tells what the person should know of how a recovery plan was read, and
// which of its items stay behind.
func (o *planOptions) sayNotices(a *app) {
	for _, n := range o.notices {
		a.say("%s", n)
	}
}
