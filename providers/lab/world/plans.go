package world

import (
	"fmt"
	"slices"
)

// FailOverPlan starts a planned failover of all items of a recovery plan.
func (w *World) FailOverPlan(plan string, req FailoverRequest, activity string) (Operation, error) {
	return w.acceptPlan(plan, func(s *State, p *RecoveryPlan, items []*Item) (*Job, error) {
		back := req.Direction == toPrimary
		want := "PlannedFailover"
		if back {
			want = "Failback"
		}
		for _, it := range items {
			if err := checkDirection(it, back); err != nil {
				return nil, err
			}
			if !it.offers(want) {
				return nil, notAllowed(it, want)
			}
		}
		if !back {
			j := s.addJob(KindPlanForward, activity)
			j.Tasks = planForwardTasks(p, items)
			return j, nil
		}
		if req.DataSync != "ForDownTime" && req.DataSync != "ForSynchronization" {
			return nil, refuse("InvalidParameter", "The data synchronization option '"+req.DataSync+"' is not known.",
				"dataSyncOption is neither ForDownTime nor ForSynchronization.", "Send one of these values.")
		}
		j := s.addJob(KindPlanFailback, activity)
		j.Args.Full = req.DataSync == "ForSynchronization"
		j.Args.CreateVM = req.CreateVM == "CreateVmIfNotFound"
		j.Tasks = planFailbackTasks(s, p, items)
		return j, nil
	})
}

// CommitPlan commits what the last failover of a recovery plan did.
func (w *World) CommitPlan(plan, activity string) (Operation, error) {
	return w.acceptPlan(plan, func(s *State, p *RecoveryPlan, items []*Item) (*Job, error) {
		takes := func(it *Item) bool { return it.offers("FinalizeFailback") || it.offers("Commit") }
		if !slices.ContainsFunc(items, takes) {
			return nil, notAllowed(items[0], "Commit")
		}
		j := s.addJob(KindPlanCommit, activity)
		j.Tasks = planGroups(s, p, "Commit", "CommitGroup", takes)
		return j, nil
	})
}

// ReprotectPlan starts reverse replication of all items of a recovery plan.
func (w *World) ReprotectPlan(plan, activity string) (Operation, error) {
	return w.acceptPlan(plan, func(s *State, p *RecoveryPlan, items []*Item) (*Job, error) {
		takes := func(it *Item) bool { return it.offers("ReverseReplicate") }
		if !slices.ContainsFunc(items, takes) {
			return nil, notAllowed(items[0], "ReverseReplicate")
		}
		j := s.addJob(KindPlanReprotect, activity)
		j.Tasks = planGroups(s, p, "Reverse replicate", "ReverseReplicateGroup", takes)
		return j, nil
	})
}

// planGroups is a task for each group that has items for the operation. What the
// service makes of items that are not in a state for it was not recorded: they are
// left out here.
func planGroups(s *State, p *RecoveryPlan, verb, kind string, takes func(*Item) bool) (tasks []*Task) {
	for i := range p.Groups {
		items := slices.DeleteFunc(s.itemsOf(p.Groups[i:i+1]), func(it *Item) bool { return !takes(it) })
		if len(items) > 0 {
			tasks = append(tasks, group(PlaceOf(i), fmt.Sprintf("Group %d: %s (%d)", i+1, verb, len(items)), kind, items))
		}
	}
	return tasks
}

// acceptPlan makes the job of a request on a recovery plan and starts it. The
// operation's id is not the job's.
func (w *World) acceptPlan(plan string, begin func(*State, *RecoveryPlan, []*Item) (*Job, error)) (op Operation, err error) {
	var name string
	err = w.update(func(s *State) error {
		p := s.Plan(plan)
		if p == nil {
			return missing("recovery plan", plan)
		}
		items := s.itemsOf(p.Groups)
		for _, it := range items {
			if it.Scenario.Job != "" {
				return busy(it)
			}
		}
		j, err := begin(s, p, items)
		if err != nil {
			return err
		}
		j.Plan = p.Name
		for _, t := range j.Tasks {
			for _, leaf := range leaves(t) {
				s.Item(leaf.Child.Item).Scenario = Scenario{Name: j.Scenario, Job: j.Name, Started: j.Started}
			}
		}
		p.Scenario = Scenario{Name: j.Scenario, Job: j.Name, Started: j.Started}
		p.Last = j.Started
		name = j.Name
		op = s.operation(s.mint(), j.Name)
		op.Plan = p.Name
		keep := op
		s.Operations = append(s.Operations, &keep)
		return nil
	})
	if err == nil {
		w.launch(name)
	}
	return op, err
}

// PlanAllowed are the operations that a recovery plan offers. It never offers
// a failback by that name.
func (s *State) PlanAllowed(p *RecoveryPlan) []string {
	operations := []string{"PlannedFailover", "UnplannedFailover", "TestFailover"}
	for _, it := range s.itemsOf(p.Groups) {
		switch {
		case it.Scenario.Job != "":
			return []string{}
		case it.offers("Commit") || it.offers("FinalizeFailback"):
			return append(operations, "Commit")
		case it.offers("ReverseReplicate"):
			return append(operations, "ReverseReplicate")
		}
	}
	return operations
}
