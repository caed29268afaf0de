package world

import "slices"

// Resume lets a suspended job go on: "Complete failover" of a failback that
// waits after its data synchronisation, or a manual action of a recovery plan.
func (w *World) Resume(job string) (Operation, error) { return w.ResumeSaying(job, "") }

// ResumeSaying is [World.Resume] with the operator's comment.
func (w *World) ResumeSaying(job, comment string) (Operation, error) {
	var name string
	op, err := w.verb(job, "Resume", func(_ *State, j *Job) {
		j.State, j.Description, j.Resumed, j.Comment = InProgress, InProgress, true, comment
		name = j.Name
	})
	if err == nil {
		w.launch(name)
	}
	return op, err
}

// Cancel cancels a job that runs or waits. What it has written stays written:
// an on-premises disk is left half copied.
func (w *World) Cancel(job string) (Operation, error) {
	var suspended bool
	var names []string
	op, err := w.verb(job, "Cancel", func(s *State, j *Job) {
		suspended = j.State == Suspended
		names = []string{j.Name}
		for _, c := range s.Jobs {
			if c.Parent == j.Name && !c.Over() {
				names = append(names, c.Name)
			}
		}
	})
	if err != nil {
		return op, err
	}
	for _, name := range names {
		w.mu.Lock()
		d := w.driven[name]
		w.mu.Unlock()
		if suspended || d == nil {
			(&run{World: w, job: name, item: w.itemOf(name)}).end(Cancelled, Cancelled)
			continue
		}
		d.cancel(errCancelled)
	}
	return op, nil
}

func (w *World) itemOf(job string) (item string) {
	w.Read(func(s *State) { item = s.Job(job).Item })
	return item
}

// Restart begins a failed job again from its first step. Only a reverse
// replication offers that.
func (w *World) Restart(job string) (Operation, error) {
	var name string
	op, err := w.verb(job, "Restart", func(s *State, j *Job) {
		j.State, j.Description, j.Step, j.Resumed, j.Errors = InProgress, InProgress, 0, false, nil
		for _, t := range j.Tasks {
			t.reset()
		}
		if it := s.Item(j.Item); it != nil {
			j.bind(it)
			it.Protection, it.Inner = InitialReplication, "UnprotectedStatesBegin"
		}
		name = j.Name
	})
	if err == nil {
		w.launch(name)
	}
	return op, err
}

func (t *Task) reset() {
	t.State, t.Description, t.Errors = NotStarted, NotStarted, nil
	for _, c := range t.Children {
		c.reset()
	}
}

// verb does something to a job that offers it. The operation that reports it
// has an id of its own and is over at once.
func (w *World) verb(job, action string, do func(s *State, j *Job)) (op Operation, err error) {
	err = w.update(func(s *State) error {
		j := s.Job(job)
		if j == nil {
			return missing("job", job)
		}
		if !slices.Contains(j.Allowed(), action) {
			return refuse("JobActionNotAllowed",
				"The action '"+action+"' is not allowed on the job '"+j.Name+"' in its state '"+j.State+"'.",
				"The job is not in a state from which the action can be performed.",
				"Look at the allowed actions of the job.")
		}
		do(s, j)
		op = s.operation(s.mint(), j.Name)
		op.JobVerb, op.Ended = true, now()
		keep := op
		s.Operations = append(s.Operations, &keep)
		return nil
	})
	return op, err
}
