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

// startEach begins one job a VM in a group and waits for all of them.
func (r *run) startEach(ctx context.Context, task string, kind func(*State, *Item) Kind) error {
	if err := r.beginEach(task, kind); err != nil {
		return err
	}
	if err := r.await(ctx, func(s *State) bool { return s.children(r.job, (*Job).Over) }); err != nil {
		return err
	}
	return r.closeGroup(task)
}

// beginEach makes the jobs of the VMs in a group. One that an interrupted step
// had made goes on instead; a VM that failed in an earlier stage is left out.
func (r *run) beginEach(task string, kind func(*State, *Item) Kind) error {
	var names []string
	err := r.edit(func(s *State, j *Job, _ *Item) {
		top := j.task(task)
		for _, g := range top.Children {
			if g.Child == nil {
				g.State, g.Description, g.Started = InProgress, InProgress, now()
			}
		}
		for _, t := range leaves(top) {
			it := s.Item(t.Child.Item)
			if t.Child.Job != "" || it == nil {
				continue
			}
			if s.failedBefore(j, it) {
				t.State, t.Description, t.Skip = Other, Skipped, "The virtual machine failed in an earlier step of the recovery plan."
				continue
			}
			c := s.addChild(j, it, kind(s, it))
			t.Child.Job, t.Child.Scenario, t.Child.Friendly = c.Name, c.Scenario, c.Friendly
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

// addChild makes the job of one VM. The snapshots that an earlier stage took are
// handed on. The item stays the recovery plan's: it is not bound anew.
func (s *State) addChild(parent *Job, it *Item, k Kind) *Job {
	c := s.addJob(k, activityOf(parent))
	c.Parent, c.Args, c.Item = parent.Name, parent.Args, it.Name
	for _, o := range s.Jobs {
		if o.Parent == parent.Name && o.Item == it.Name && o.Phase1 != "" {
			c.Phase1 = o.Phase1
		}
	}
	if c.Tasks == nil {
		c.Tasks = stageTasks(c)
	}
	return c
}

func (s *State) failedBefore(parent *Job, it *Item) bool {
	for _, c := range s.Jobs {
		if c.Parent == parent.Name && c.Item == it.Name && c.Over() && c.State != Succeeded {
			return true
		}
	}
	return false
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
			c := s.Job(t.Child.Job)
			if c == nil {
				continue // left out
			}
			t.State, t.Description, t.Errors = c.State, c.Description, c.Errors
			t.Ended = now()
		}
		for _, g := range top.Children {
			if g.Child == nil {
				g.State, g.Ended = s.outcomeOf(g), now()
				g.Description = g.State
				if g.State == Succeeded {
					g.Description = Completed
				}
			}
		}
	})
}

// outcomeOf is how a task ended: for a group as its VMs did.
func (s *State) outcomeOf(t *Task) string {
	bad, all := 0, 0
	for _, leaf := range leaves(t) {
		all++
		if leaf.State != Succeeded {
			bad++
		}
	}
	switch {
	case bad == 0:
		return Succeeded
	case bad < all:
		return PartiallySucceeded
	}
	return Failed
}

// judgeAll decides how a recovery plan's job ends: well, or in part, where VMs
// failed.
func judgeAll(_ context.Context, r *run) error {
	bad, all := map[string]bool{}, map[string]bool{}
	err := r.edit(func(s *State, j *Job, _ *Item) {
		for _, c := range s.Jobs {
			if c.Parent != j.Name {
				continue
			}
			all[c.Item] = true
			if c.State != Succeeded {
				bad[c.Item] = true
				j.Errors = append(j.Errors, c.Errors...)
			}
		}
	})
	switch {
	case err != nil:
		return err
	case len(bad) == 0:
		return nil
	case len(bad) < len(all):
		r.end(PartiallySucceeded, PartiallySucceeded)
		return nil
	}
	r.end(Failed, Failed)
	return nil
}
