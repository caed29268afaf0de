package world

import (
	"context"
	"fmt"
)

// Ids of the group tasks of a recovery plan's job.
const (
	gCheck    = "RpSrsPrerequisitesCheck"
	gSync     = "DataSyncAllActionGroup"
	gShutdown = "ShutdownAllActionGroup"
	gFailover = "FailoverAllActionGroup"
	gEnd      = "EndRecoveryPlanTask"
)

const bootGroup = "BootGroup"

// planFailbackTasks is the recorded tree of a recovery plan's failback. Where its
// actions stand among the groups is documented, not recorded.
func planFailbackTasks(s *State, p *RecoveryPlan, items []*Item) []*Task {
	tasks := []*Task{
		plain(gCheck, "Prerequisites check for recovery plan"),
		plain(tPrepare, "Preparing the on-premises virtual machines"),
		group(gSync, "Data synchronization", "RpFailbackDataSyncTask", items),
		plain(tWait, "Waiting for user input"),
	}
	shutdown := newTask(gShutdown, "Unknown", fmt.Sprintf("All groups shutdown (%d)", len(p.Groups)))
	shutdown.Type, shutdown.Group = typeShutdown, gShutdown
	for i := range p.Groups {
		shutdown.Children = append(shutdown.Children, group(
			fmt.Sprintf("%s.Group%d", gShutdown, i+1), fmt.Sprintf("Group %d: Shutdown (%d)", i+1, len(p.Groups[i])),
			"Shutdown", s.itemsOf(p.Groups[i:i+1])))
	}
	tasks = append(tasks, p.around(PlaceShutdown, "to-onprem", shutdown)...)
	tasks = append(tasks, p.around(PlaceFailover, "to-onprem", group(gFailover, "Recovery plan failover", "RpFailoverTask", items))...)
	return append(append(tasks, p.bootTasks(s, "to-onprem")...), plain(gEnd, "Finalizing the recovery plan"))
}

func (p *RecoveryPlan) bootTasks(s *State, direction string) (tasks []*Task) {
	for i := range p.Groups {
		tasks = append(tasks, p.around(PlaceOf(i), direction, group(PlaceOf(i),
			fmt.Sprintf("Group %d: Start (%d)", i+1, len(p.Groups[i])), bootGroup, s.itemsOf(p.Groups[i:i+1])))...)
	}
	return tasks
}

// around puts the actions of a place before and after its group.
func (p *RecoveryPlan) around(place, direction string, g *Task) []*Task {
	var before, after []*Task
	for i, a := range p.Actions {
		if a.Place != place || a.Direction != "" && a.Direction != direction {
			continue
		}
		t := newTask(fmt.Sprintf("%s.Action%d", place, i+1), "Unknown", a.Manual+a.Script)
		t.Type = typeScript
		if a.Manual != "" {
			t.Type = typeManual
		}
		t.Action = &p.Actions[i]
		if a.Before {
			before = append(before, t)
		} else {
			after = append(after, t)
		}
	}
	return append(append(before, g), after...)
}

// group is a group task with one task a VM. Recorded group tasks are called
// "Unknown".
func group(id, friendly, kind string, items []*Item) *Task {
	t := newTask(id, "Unknown", friendly)
	t.Type, t.Group, t.GroupType = typeGroup, id, kind
	for _, it := range items {
		c := newTask(id+"."+it.Name, "Unknown", it.Name)
		c.Type = typeVM
		c.Child = &ChildJob{Item: it.Name, VMID: it.VMID}
		t.Children = append(t.Children, c)
	}
	return t
}

func (s *State) itemsOf(groups [][]string) (items []*Item) {
	for _, g := range groups {
		for _, name := range g {
			if it := s.Item(name); it != nil {
				items = append(items, it)
			}
		}
	}
	return items
}

// planFailbackScript goes through the tree as it stands. From the first boot group
// on the job can't be cancelled.
func planFailbackScript(s *State, j *Job) []step {
	full := j.Args.Full
	var steps []step
	for _, t := range j.Tasks {
		st := step{task: t.ID}
		switch {
		case t.Action != nil:
			st = actionStep(s, t)
		case t.ID == gCheck:
			st.time = s.Times.Check
		case t.ID == gSync:
			st.skip, st.do = full, stage(gSync, KindStageSync)
		case t.ID == tWait:
			st.skip, st.wait = full, true
		case t.ID == gShutdown:
			st.do = stage(gShutdown, KindStageShutdown)
		case t.ID == gFailover:
			st.do = stage(gFailover, KindStageFailover)
		case t.GroupType == bootGroup:
			st.firm, st.do = true, stage(t.ID, KindStageStart)
		case t.ID == gEnd:
			st.time, st.do = s.Times.Check/3, judgeAll
		}
		steps = append(steps, st)
	}
	return steps
}

// actionStep is a script, or a manual action that waits for the operator.
func actionStep(s *State, t *Task) step {
	id, a := t.ID, t.Action
	if a.Manual != "" {
		return step{task: id, wait: true, do: func(_ context.Context, r *run) error {
			return r.edit(func(_ *State, j *Job, _ *Item) { j.task(id).Output = j.Comment })
		}}
	}
	return step{task: id, time: s.Times.Check, do: func(_ context.Context, r *run) error {
		if a.Fails != "" {
			return &JobError{
				Code: "25055", Message: "The script '" + a.Script + "' failed: " + a.Fails,
				Causes: "The script ended with an error.", Remedy: "Correct the script and start the failover again.",
			}
		}
		return r.edit(func(_ *State, j *Job, _ *Item) { j.task(id).Output = "exit code 0" })
	}}
}

// stage does a stage of every VM that the stages before have brought this far.
func stage(task string, k Kind) func(ctx context.Context, r *run) error {
	return func(ctx context.Context, r *run) error {
		return r.startEach(ctx, task, func(*State, *Item) Kind { return k })
	}
}

// planForwardTasks is inferred from the recorded failback and commit of plans.
func planForwardTasks(p *RecoveryPlan, items []*Item) []*Task {
	tasks := []*Task{plain(gCheck, "Prerequisites check for recovery plan")}
	tasks = append(tasks, p.around(PlaceShutdown, "to-azure", group(gFailover, "Recovery plan failover", "RpFailoverTask", items))...)
	return append(tasks, plain(gEnd, "Finalizing the recovery plan"))
}

func planForwardScript(s *State, j *Job) []step {
	var steps []step
	for _, t := range j.Tasks {
		st := step{task: t.ID}
		switch {
		case t.Action != nil:
			st = actionStep(s, t)
		case t.ID == gCheck:
			st.time = s.Times.Check
		case t.ID == gFailover:
			st.do = stage(gFailover, KindForward)
		case t.ID == gEnd:
			st.time, st.do = s.Times.Check/3, judgeAll
		}
		steps = append(steps, st)
	}
	return steps
}

// planChildrenScript runs one job a VM, group after group: a commit or a
// reverse replication.
func planChildrenScript(j *Job) []step {
	var steps []step
	for _, t := range j.Tasks {
		steps = append(steps, step{task: t.ID, do: func(ctx context.Context, r *run) error {
			return r.startEach(ctx, t.ID, r.childKind)
		}})
	}
	if n := len(steps); n > 0 {
		last := steps[n-1].do
		steps[n-1].do = func(ctx context.Context, r *run) error {
			if err := last(ctx, r); err != nil {
				return err
			}
			return judgeAll(ctx, r)
		}
	}
	return steps
}

// childKind is what a commit or reverse replication means for one item.
func (r *run) childKind(s *State, it *Item) Kind {
	j := s.Job(r.job)
	switch {
	case j.Kind == KindPlanReprotect:
		it.Protection, it.Inner = InitialReplication, "UnprotectedStatesBegin"
		return KindReprotect
	case it.Protection == FailbackPending:
		return KindCommitBack
	}
	return KindCommitForward
}
