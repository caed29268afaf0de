package world

import "context"

// children reports whether every VM's job of a recovery plan's job is so.
func (s *State) children(job string, is func(*Job) bool) bool {
	for _, c := range s.Jobs {
		if c.Parent == job && !is(c) {
			return false
		}
	}
	return true
}

// startChildren begins one job a VM and waits for all of them.
func startChildren(k Kind, task string) func(ctx context.Context, r *run) error {
	return func(ctx context.Context, r *run) error {
		return r.startEach(ctx, task, func(*State, *Item) Kind { return k })
	}
}

func (r *run) startEach(ctx context.Context, task string, kind func(*State, *Item) Kind) error {
	if err := r.beginEach(task, kind); err != nil {
		return err
	}
	return awaitAll(task)(ctx, r)
}

// beginEach makes the jobs of the VMs in a group. One that an interrupted step
// had made goes on instead.
func (r *run) beginEach(task string, kind func(*State, *Item) Kind) error {
	var names []string
	err := r.edit(func(s *State, j *Job, _ *Item) {
		for _, t := range leaves(j.task(task)) {
			it := s.Item(t.Child.Item)
			if t.Child.Job != "" || it == nil {
				continue
			}
			c := s.addJob(kind(s, it), activityOf(j))
			c.Parent, c.Args = j.Name, j.Args
			if c.Kind == KindFailback {
				c.Scenario = "Failback"
			}
			c.bind(it)
			j.link(it.Name, c)
			t.State, t.Description, t.Started = InProgress, InProgress, now()
			names = append(names, c.Name)
		}
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		r.launch(name)
	}
	return nil
}

// activityOf is the client request id of a job.
func activityOf(j *Job) string {
	for i := range j.Activity {
		if j.Activity[i] == ' ' {
			return j.Activity[:i]
		}
	}
	return j.Activity
}

// link names the job of a VM in every task of that VM.
func (j *Job) link(item string, c *Job) {
	for _, t := range j.Tasks {
		for _, leaf := range leaves(t) {
			if leaf.Child.Item == item {
				leaf.Child.Job, leaf.Child.Scenario, leaf.Child.Friendly = c.Name, c.Scenario, c.Friendly
			}
		}
	}
}

// leaves are the tasks of VMs in a task.
func leaves(t *Task) []*Task {
	if t == nil {
		return nil
	}
	if t.Child != nil {
		return []*Task{t}
	}
	var list []*Task
	for _, c := range t.Children {
		list = append(list, leaves(c)...)
	}
	return list
}

// closeGroup gives the tasks of a group the state of their VMs' jobs.
func (r *run) closeGroup(task string) error {
	return r.edit(func(s *State, j *Job, _ *Item) {
		top := j.task(task)
		for _, t := range leaves(top) {
			t.State, t.Description = Succeeded, Completed
			if c := s.Job(t.Child.Job); c != nil && (c.State == Failed || c.State == Cancelled) {
				t.State, t.Description, t.Errors = c.State, c.Description, c.Errors
			}
			if t.Started.IsZero() {
				t.Started = now()
			}
			t.Ended = now()
		}
		for _, g := range top.Children {
			if g.Child == nil {
				g.State, g.Description, g.Started, g.Ended = Succeeded, Completed, top.Started, now()
			}
		}
	})
}

// judgeAll decides how a recovery plan's job ends: well, or in part, where VMs
// failed.
func judgeAll(_ context.Context, r *run) error {
	bad, all := 0, 0
	err := r.edit(func(s *State, j *Job, _ *Item) {
		for _, c := range s.Jobs {
			if c.Parent != j.Name {
				continue
			}
			all++
			if c.State != Succeeded {
				bad++
				j.Errors = append(j.Errors, c.Errors...)
			}
		}
	})
	switch {
	case err != nil:
		return err
	case bad == 0:
		return nil
	case bad < all:
		r.end(PartiallySucceeded, PartiallySucceeded)
		return nil
	}
	r.end(Failed, Failed)
	return nil
}
