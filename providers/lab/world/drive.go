package world

import (
	"context"
	"errors"
	"time"
)

// step is one step of a job's script. Everything a step does may be done again:
// a job whose process was killed in a step begins that step anew.
type step struct {
	task string
	time time.Duration // modelled, before do
	skip bool
	wait bool // for the operator: the job is suspended here
	firm bool // from here on the job cannot be cancelled
	do   func(ctx context.Context, r *run) error
}

// run is a job being driven.
type run struct {
	*World
	job  string
	item string
}

// look returns copies of the job and its item; the item of a recovery plan's
// job is empty.
func (r *run) look() (j Job, it Item) {
	r.Read(func(s *State) {
		j = *s.Job(r.job)
		it = s.copyItem(r.item)
	})
	return j, it
}

// edit changes the job, and its item where it has one.
func (r *run) edit(f func(s *State, j *Job, it *Item)) error {
	return r.change(func(s *State) { f(s, s.Job(r.job), s.Item(r.item)) })
}

// launch drives a job on a goroutine of its own.
func (w *World) launch(name string) {
	ctx, cancel := context.WithCancelCause(w.ctx)
	d := &driven{cancel: cancel}
	w.mu.Lock()
	w.driven[name] = d
	w.mu.Unlock()
	w.work.Go(func() {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.driven[name] == d { // a resumed job is driven by another one now
				delete(w.driven, name)
			}
			cancel(nil)
		}()
		w.drive(ctx, name)
	})
}

// driven is a job's goroutine.
type driven struct{ cancel context.CancelCauseFunc }

// drive walks a job's script from the step it had reached.
func (w *World) drive(ctx context.Context, name string) {
	r := &run{World: w, job: name}
	var steps []step
	var from int
	w.Read(func(s *State) {
		j := s.Job(name)
		r.item = j.Item
		from = j.Step
		steps = w.script(s, j)
	})
	for i := from; i < len(steps); i++ {
		if goesOn := r.take(ctx, i, steps[i]); !goesOn {
			return
		}
	}
	r.end(Succeeded, Completed)
}

// take does one step and reports whether the job goes on.
func (r *run) take(ctx context.Context, i int, st step) bool {
	if st.skip {
		return r.edit(func(_ *State, j *Job, _ *Item) { j.skip(st.task); j.Step = i + 1 }) == nil
	}
	waits := false
	err := r.edit(func(_ *State, j *Job, _ *Item) {
		j.Firm = j.Firm || st.firm
		waits = st.wait && !j.Resumed
		j.begin(st.task, waits)
	})
	if err != nil || waits {
		return false
	}
	err = r.sleep(ctx, st.time)
	if err == nil && st.do != nil {
		err = st.do(ctx, r)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	switch {
	case errors.Is(err, errCancelled):
		r.end(Cancelled, Cancelled)
		return false
	case r.ctx.Err() != nil:
		return false // closed: the step is begun again next time
	case err != nil:
		r.fail(st.task, err)
		return false
	}
	return r.edit(func(s *State, j *Job, _ *Item) {
		state := s.outcomeOf(j.task(st.task))
		description := state
		if state == Succeeded {
			description = Completed
		}
		j.done(st.task, state, description)
		j.Step = i + 1
		if st.wait {
			j.Resumed = false // the next one waits for an answer of its own
		}
	}) == nil
}

// fail ends the job with an error at one of its tasks.
func (r *run) fail(task string, err error) {
	e := &JobError{}
	if !errors.As(err, &e) {
		e = internalError(err)
	}
	e.Level, e.TaskID, e.At = "Error", task, now()
	_ = r.edit(func(_ *State, j *Job, _ *Item) {
		e.Activity = j.Activity
		j.Errors = append(j.Errors, *e)
		if t := j.task(task); t != nil {
			t.Errors = append(t.Errors, *e)
		}
		j.done(task, Failed, Failed)
	})
	r.end(Failed, Failed)
}

// internalError is what the service says about something it has no words for.
func internalError(err error) *JobError {
	return &JobError{
		Code: "539", Message: "The requested action couldn't be performed by the provider. " + err.Error(),
		Causes: "Check the provider errors for more information.",
		Remedy: "Resolve the issue and retry the operation.",
	}
}

// end closes the job, and lets go of its item or plan. State is Succeeded where
// nothing else was decided by a step.
func (r *run) end(state, description string) {
	if state == Cancelled || state == Failed {
		r.cleanUp()
	}
	_ = r.edit(func(s *State, j *Job, _ *Item) {
		if j.Over() {
			return
		}
		j.State, j.Description, j.Ended = state, description, now()
		for _, t := range j.Tasks {
			t.close(state)
		}
		for _, it := range s.Items { // a recovery plan's job holds several
			if it.Scenario.Job == j.Name {
				it.Scenario = Scenario{}
			}
		}
	})
}

// begin marks a task, and the group it is in, as begun.
func (j *Job) begin(task string, waits bool) {
	j.State, j.Description = InProgress, InProgress
	state, description := InProgress, InProgress
	if waits {
		// Inferred: no recording of a suspended failback exists.
		state, description = Suspended, WaitingAfterSync
		if t := j.task(task); t != nil && t.Action != nil {
			description = WaitingManual
		}
		j.State, j.Description = state, description
	}
	if p := j.parentOf(task); p != nil && p.State == NotStarted {
		p.State, p.Description, p.Started = InProgress, InProgress, now()
	}
	t := j.task(task)
	if t == nil {
		return
	}
	t.State, t.Description = state, description
	if t.Started.IsZero() {
		t.Started = now()
	}
}

// done marks a task as ended, and its group where it was the last.
func (j *Job) done(task, state, description string) {
	if t := j.task(task); t != nil {
		t.State, t.Description, t.Ended = state, description, now()
	}
	p := j.parentOf(task)
	if p != nil && (state == Failed || p.Children[len(p.Children)-1].ID == task) {
		p.State, p.Description, p.Ended = state, description, now()
	}
}

// skip marks a task, and those in it, as skipped: the recordings show state
// "Other" with a start and no end.
func (j *Job) skip(task string) {
	if t := j.task(task); t != nil {
		t.State, t.Description, t.Started = Other, Skipped, now()
		for _, c := range t.Children {
			c.State, c.Description, c.Started = Other, Skipped, now()
		}
	}
}

// close ends what is still open in a task whose job has ended.
func (t *Task) close(state string) {
	if t.State == InProgress || t.State == Suspended {
		t.State, t.Description, t.Ended = state, state, now()
		if state == Succeeded {
			t.Description = Completed
		}
	}
	for _, c := range t.Children {
		c.close(state)
	}
}
