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

// planFailbackTasks is the recorded tree of a recovery plan's failback.
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
	tasks = append(tasks, shutdown, group(gFailover, "Recovery plan failover", "RpFailoverTask", items))
	for i := range p.Groups {
		tasks = append(tasks, group(fmt.Sprintf("Group%d", i+1),
			fmt.Sprintf("Group %d: Start (%d)", i+1, len(p.Groups[i])), "BootGroup", s.itemsOf(p.Groups[i:i+1])))
	}
	return append(tasks, plain(gEnd, "Finalizing the recovery plan"))
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

func planFailbackScript(s *State, j *Job) []step {
	full := j.Args.Full
	steps := []step{
		{task: gCheck, time: s.Times.Check},
		{task: tPrepare},
		{task: gSync, skip: full, do: syncAll},
		{task: tWait, skip: full, wait: true},
		{task: gShutdown, firm: true, do: completeAll},
		{task: gFailover, firm: true, do: awaitAll(gFailover)},
	}
	for _, t := range j.Tasks {
		if t.GroupType == "BootGroup" {
			steps = append(steps, step{task: t.ID, firm: true, do: awaitAll(t.ID)})
		}
	}
	return append(steps, step{task: gEnd, time: s.Times.Check / 3, do: judgeAll})
}

// planForwardTasks is inferred from the recorded failback and commit of plans.
func planForwardTasks(items []*Item) []*Task {
	return []*Task{
		plain(gCheck, "Prerequisites check for recovery plan"),
		group(gFailover, "Recovery plan failover", "RpFailoverTask", items),
		plain(gEnd, "Finalizing the recovery plan"),
	}
}

func planForwardScript(s *State, _ *Job) []step {
	return []step{
		{task: gCheck, time: s.Times.Check},
		{task: gFailover, do: startChildren(KindForward, gFailover)},
		{task: gEnd, time: s.Times.Check / 3, do: judgeAll},
	}
}

// planChildrenScript runs one job a VM, group after group: a commit or a
// reverse replication.
func planChildrenScript(j *Job) []step {
	var steps []step
	for _, t := range j.Tasks {
		steps = append(steps, step{task: t.ID, do: func(ctx context.Context, r *run) error {
			if err := r.startEach(ctx, t.ID, r.childKind); err != nil {
				return err
			}
			return judgeAll(ctx, r)
		}})
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

// syncAll begins the failback of every VM and waits until each waits for the
// operator or has ended.
func syncAll(ctx context.Context, r *run) error {
	kind := func(*State, *Item) Kind { return KindFailback }
	if err := r.beginEach(gSync, kind); err != nil {
		return err
	}
	err := r.await(ctx, func(s *State) bool {
		return s.children(r.job, func(c *Job) bool { return c.State == Suspended || c.Over() })
	})
	if err != nil {
		return err
	}
	return r.closeGroup(gSync)
}

// completeAll lets the failbacks go on; in full mode they begin here.
func completeAll(ctx context.Context, r *run) error {
	j, _ := r.look()
	if j.Args.Full {
		if err := r.beginEach(gFailover, func(*State, *Item) Kind { return KindFailback }); err != nil {
			return err
		}
	}
	var waiting []string
	err := r.edit(func(s *State, _ *Job, _ *Item) {
		for _, c := range s.Jobs {
			if c.Parent == r.job && c.State == Suspended {
				c.State, c.Description, c.Resumed = InProgress, InProgress, true
				waiting = append(waiting, c.Name)
			}
		}
	})
	if err != nil {
		return err
	}
	for _, name := range waiting {
		r.launch(name)
	}
	err = r.await(ctx, func(s *State) bool {
		return s.children(r.job, func(c *Job) bool {
			t := c.task(tShutdown)
			return c.Over() || t != nil && t.State == Succeeded
		})
	})
	if err != nil {
		return err
	}
	return r.closeGroup(gShutdown)
}

// awaitAll waits for the end of every VM's job.
func awaitAll(task string) func(ctx context.Context, r *run) error {
	return func(ctx context.Context, r *run) error {
		if err := r.await(ctx, func(s *State) bool { return s.children(r.job, (*Job).Over) }); err != nil {
			return err
		}
		return r.closeGroup(task)
	}
}
