package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// shareOf is a job as the leg sees it. Of a recovery plan's own job that is the
// part of the leg's VM, in the shape of an item's job: the phases need not know
// which of the two brings their machine home.
func (l *leg) shareOf(ctx context.Context, j Job, g gaze) (Job, error) {
	if j.TargetType != TargetRecoveryPlan || !l.joint() {
		return j, nil
	}
	l.raw = j
	stages, err := l.stages(ctx, j, g)
	if err != nil {
		return Job{}, err
	}
	v := share{plan: j, stages: stages}.view()
	if l.r.Stream.State().leads(l.state()) {
		v.Tasks = append(v.Tasks, actionsOf(j.Tasks)...)
	}
	return v, nil
}

// stages are the tasks of the leg's VM in the recovery plan's job, each with what
// its own job says. One VM has several in its turn; before one starts, it has none.
func (l *leg) stages(ctx context.Context, plan Job, g gaze) ([]stage, error) {
	var out []stage
	for _, t := range vmTasks(plan.Tasks, "", l.item.VMID) {
		if name := t.task.Child.Job; name != "" {
			child, known := l.children[name]
			if !known {
				var err error
				child, _, err = l.r.board.job(ctx, name, g)
				if KindOf(err) == FailureNotFound {
					err = nil // only just begun, or gone from the history: the task itself tells
				}
				if err != nil {
					return nil, err
				}
			}
			if child.State.Ended() {
				if l.children == nil {
					l.children = map[string]Job{}
				}
				l.children[name] = child
			}
			t.job = child
		}
		out = append(out, t)
	}
	return out, nil
}

// stage is one VM's task in a group of a recovery plan's job.
type stage struct {
	group string
	task  Task
	job   Job // its own; zero where it has none yet
}

func vmTasks(ts []Task, group, vmID string) []stage {
	var out []stage
	for _, t := range ts {
		in := firstOf(t.Group, group)
		if t.Child != nil && vmID != "" && strings.EqualFold(t.Child.TargetID, vmID) {
			out = append(out, stage{group: group, task: t})
		}
		out = append(out, vmTasks(t.Children, in, vmID)...)
	}
	return out
}

// state is how the stage stands: what its own job says counts before the plan's
// task, which follows later.
func (s stage) state() string {
	switch {
	case s.job.State.Good():
		return TaskStateSucceeded
	case s.job.State == JobCancelled:
		return TaskStateCancelled
	case s.job.State.Ended():
		return TaskStateFailed
	}
	return s.task.State
}

func (s stage) bad() bool { return s.state() == TaskStateFailed || s.state() == TaskStateCancelled }

// share is one VM's part of a recovery plan's job.
type share struct {
	plan   Job
	stages []stage
}

func (s share) of(group string) (stage, bool) {
	for _, st := range s.stages {
		if st.group == group {
			return st, true
		}
	}
	return stage{}, false
}

func (s share) done(group string) bool {
	st, ok := s.of(group)
	return ok && st.state() == TaskStateSucceeded
}

// view is the share in the shape of an item's job.
func (s share) view() Job {
	v := s.plan
	v.Errors = nil
	boot, boots := s.of(GroupBoot)
	if _, back := s.of(GroupShutdown); back || boots {
		v.Tasks = s.failbackTasks()
	} else {
		v.Tasks = s.otherTasks()
	}
	for _, st := range s.stages {
		if st.bad() {
			v.State, v.Errors = JobFailed, st.errors()
			if st.state() == TaskStateCancelled && s.plan.State == JobCancelled {
				v.State = JobCancelled
			}
			v.Detail = string(v.State)
			return v
		}
		if st.task.State == TaskStateSkipped && st.task.Skipped != "" {
			v.State, v.Detail = JobFailed, "Site Recovery left this VM out: "+st.task.Skipped
			return v
		}
	}
	switch {
	case boots && boot.state() == TaskStateSucceeded:
		v.State, v.Detail = JobSucceeded, "Completed"
	case len(s.stages) > 0 && s.all() && !boots && !s.plan.State.Ended() && !s.failover():
		v.State, v.Detail = JobSucceeded, "Completed" // a commit or a reverse replication
	case !s.plan.State.Ended() || s.plan.State.Good() && len(s.stages) > 0:
	case len(s.stages) == 0 && s.plan.State.Ended():
		v.State, v.Detail = JobFailed, "the recovery plan's job had no task for this VM"
	case s.all():
		v.State, v.Detail = JobSucceeded, "Completed"
	default:
		v.Errors = s.plan.Errors
		if v.State != JobCancelled || s.done(GroupFailover) {
			v.State = JobFailed
		}
	}
	return v
}

// all reports whether every stage of the VM ended well or was skipped.
func (s share) all() bool {
	for _, st := range s.stages {
		if x := st.state(); x != TaskStateSucceeded && x != TaskStateSkipped {
			return false
		}
	}
	return true
}

// failover reports whether the job moves the VM, and so may have more to come.
func (s share) failover() bool {
	_, ok := s.of(GroupFailover)
	return ok
}

// errors are the stage's own, in the service's words.
func (s stage) errors() []JobError {
	if len(s.job.Errors) > 0 {
		return s.job.Errors
	}
	if t, ok := badTask(s.job.Tasks); ok && len(t.Errors) > 0 {
		return t.Errors
	}
	return s.task.Errors
}

// failbackTasks are the tasks of an item's failback, filled from the plan's own
// tasks and from the jobs of the VM's stages. In which of them Site Recovery does
// what was not recorded for delta mode: INFERRED (facts §4.4).
func (s share) failbackTasks() []Task {
	var out []Task
	for _, t := range s.plan.Tasks {
		switch {
		case t.Group == GroupDataSync:
			if st, ok := s.of(GroupDataSync); ok {
				out = merge(out, st.inner(TaskMonitorSync))
			}
		case t.Group == "" && len(t.Children) == 0 && t.Action == nil && t.Child == nil:
			out = append(out, t)
		}
	}
	start := Task{ID: TaskStartFailback, Name: TaskStartFailback, Friendly: "Starting virtual machine failback", State: TaskStateNotStarted}
	for _, g := range []struct{ group, name string }{{GroupShutdown, TaskShutdownAzure}, {GroupFailover, TaskMonitorSync}, {GroupBoot, TaskStartOnPrimary}} {
		st, ok := s.of(g.group)
		if !ok {
			continue
		}
		tasks := st.inner(g.name)
		if g.group == GroupBoot {
			tasks = []Task{s.bootTask(st)}
		}
		start.Children = append(start.Children, tasks...)
		if st.task.Begun() {
			start.State = TaskStateInProgress
			if start.Started.IsZero() {
				start.Started = st.task.Started
			}
		}
		if st.bad() {
			start.State = TaskStateFailed
		}
	}
	return append(out, start)
}

// merge adds tasks to a list. One that the list has already is the plan's own word
// for the same: it counts, unless it went badly for this VM.
func merge(list, more []Task) []Task {
	for _, t := range more {
		i := slices.IndexFunc(list, func(o Task) bool { return o.Name == t.Name })
		switch {
		case i < 0:
			list = append(list, t)
		case t.State == TaskStateFailed || t.State == TaskStateCancelled:
			list[i] = t
		}
	}
	return list
}

// bootTask is the start of the on-premises VM. Where the plan's job ended before it
// came to that, with the data at home, the start is what failed.
func (s share) bootTask(st stage) Task {
	t := st.task
	t.Name, t.Friendly, t.State, t.Child = TaskStartOnPrimary, "Starting the virtual machine", st.state(), nil
	if s.plan.State.Ended() && !s.plan.State.Good() && !t.Begun() && s.done(GroupFailover) {
		t.State, t.Errors = TaskStateFailed, s.plan.Errors
		t.Started = cmp.Or(s.plan.Ended, s.plan.Started) // the start's turn is what did not come any more
	}
	return t
}

// inner are the tasks of the stage's own job; without one, the plan's task under
// the name that the phases know.
func (s stage) inner(name string) []Task {
	if len(s.job.Tasks) > 0 {
		return s.job.Tasks
	}
	t := s.task
	t.Name, t.Child = name, nil
	return []Task{t}
}

// otherTasks are those of a commit, a reverse replication or a failover to Azure.
func (s share) otherTasks() []Task {
	var out []Task
	for _, st := range s.stages {
		out = append(out, st.inner(st.task.Name)...)
	}
	return out
}

// actionsOf are the recovery plan's scripts and manual actions.
func actionsOf(ts []Task) []Task {
	var out []Task
	for _, t := range ts {
		if t.Action != nil {
			t.Name = "recovery plan " + string(t.Action.Kind) + " " + t.ID
			t.Friendly = firstOf(t.Action.Name, t.Friendly)
			out = append(out, t)
		}
		out = append(out, actionsOf(t.Children)...)
	}
	return out
}
