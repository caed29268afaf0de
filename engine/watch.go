package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// patience is how many polls in a row a read may fail retryably before the leg
// stops: some ten minutes at the usual interval.
const patience = 40

// patient repeats a read that fails retryably, a poll apart. The first failure
// and the recovery are noted, so that nobody looks at stale data unawares.
func patient[T any](ctx context.Context, l *leg, what string, read func(context.Context) (T, error)) (T, error) {
	var since time.Time
	for tries := 1; ; tries++ {
		v, err := read(ctx)
		if err == nil {
			if !since.IsZero() {
				return v, l.note("info", what+": works again")
			}
			return v, nil
		}
		if KindOf(err) != FailureRetryable || tries >= patience || ctx.Err() != nil {
			return v, err
		}
		if since.IsZero() {
			since = l.r.Stream.Now()
			if err := l.note("warn", fmt.Sprintf("%s: no answer since %s, asking again: %v", what, clockText(since), err)); err != nil {
				return v, err
			}
		}
		if err := l.pause(ctx); err != nil {
			return v, err
		}
	}
}

// watchJob looks at a job until done says so, recording every task that changed.
// A job that ended badly is a failure in the service's own words.
func (l *leg) watchJob(ctx context.Context, name string, done func(Job) bool, each func(context.Context) error) error {
	for looks := 1; ; looks++ {
		j, err := patient(ctx, l, "read job "+name, func(ctx context.Context) (Job, error) {
			return l.lookAtJob(ctx, name, looks == 1)
		})
		if KindOf(err) == FailureNotFound && looks < settleLooks {
			// A job that was only just accepted may not be readable yet.
			if err := l.pause(ctx); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := l.recordTasks(j); err != nil {
			return err
		}
		if j.TargetType == TargetRecoveryPlan {
			if err := l.manual(ctx); err != nil {
				return err
			}
		}
		if done(j) {
			return nil
		}
		if j.State.Ended() {
			if j.State.Good() {
				return &Failure{Kind: FailureJob, What: "watch job", Where: jobPlace(l.item.Name, j), Job: j.Name,
					Why: "the job ended before it came to this phase", Remedy: "look at the job in the portal"}
			}
			return jobFailure(l.item.Name, j)
		}
		if each != nil {
			if err := each(ctx); err != nil {
				return err
			}
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
}

// lookAtJob is a job for watching, read afresh where a phase begins with it or its
// machine is stopping or starting. How old it is reaches the screen, not the journal.
func (l *leg) lookAtJob(ctx context.Context, name string, first bool) (Job, error) {
	s, g := l.state(), glance
	switch {
	case first || s.Step().Phase == PhaseStopAzure || s.Step().Phase == PhaseStartOnPremises:
		g, ctx = afresh, Urgent(ctx)
	case s.InDowntime():
		g = pressing
	}
	j, at, err := l.r.board.job(ctx, name, g)
	if err == nil {
		j, err = l.shareOf(ctx, j, g)
	}
	if err != nil || !at.After(s.Seen) {
		return j, err
	}
	return j, l.emit(JobSeen{Job: name, At: at.UTC()})
}

// readJob is a job for a decision.
func (l *leg) readJob(ctx context.Context, name string) (Job, error) {
	j, _, err := l.r.board.job(ctx, name, afresh)
	if err != nil {
		return j, err
	}
	return l.shareOf(ctx, j, afresh)
}

// recordTasks emits what changed against the fold.
func (l *leg) recordTasks(j Job) error {
	known := map[string]Task{}
	for _, t := range l.state().Tasks {
		if t.Job == j.Name {
			known[t.Path] = t.Task
		}
	}
	return eachTask(j.Tasks, "", func(path string, t Task) error {
		t.Children, t.Errors, t.Notes, t.Kind = nil, nil, nil, ""
		old, ok := known[path]
		if ok && old.State == t.State && old.Detail == t.Detail || !ok && t.State == TaskStateNotStarted {
			return nil
		}
		return l.emit(TaskChanged{Job: j.Name, Path: path, Task: t})
	})
}

func eachTask(ts []Task, prefix string, f func(path string, t Task) error) error {
	for _, t := range ts {
		path := prefix + t.Name
		if err := f(path, t); err != nil {
			return err
		}
		if err := eachTask(t.Children, path+"/", f); err != nil {
			return err
		}
	}
	return nil
}

func jobPlace(item string, j Job) string {
	return fmt.Sprintf("%s, job %s (%s)", item, j.Name, firstOf(j.Friendly, j.Scenario))
}

// jobFailure says why a job ended badly, in the words of its first error.
func jobFailure(item string, j Job) *Failure {
	f := &Failure{
		Kind: FailureJob, What: "Site Recovery job ended " + strings.ToLower(string(j.State)), Where: jobPlace(item, j),
		Job: j.Name, Why: firstOf(j.Detail, string(j.State)),
	}
	if t, ok := badTask(j.Tasks); ok {
		f.Where += ", task " + firstOf(t.Friendly, t.Name)
		if len(j.Errors) == 0 {
			j.Errors = t.Errors
		}
	}
	if len(j.Errors) > 0 {
		e := j.Errors[0]
		f.Code, f.Why, f.Causes, f.Remedy = e.Code, firstOf(e.Message, f.Why), e.PossibleCauses, e.Recommended
	}
	remedy := "look at the job in the portal"
	if j.Local {
		f.What = "the failback's own job ended " + strings.ToLower(string(j.State))
		remedy = "mend what is named, then go on with the run, or begin the failback anew where it has ended"
	}
	f.Remedy = firstOf(f.Remedy, remedy)
	if j.State == JobCancelled {
		f.Kind = FailureCancelled
	}
	return f
}

func badTask(ts []Task) (Task, bool) {
	for _, t := range ts {
		if c, ok := badTask(t.Children); ok {
			return c, true
		}
		if t.State == TaskStateFailed {
			return t, true
		}
	}
	return Task{}, false
}

// hostContact notes when the vault loses contact with the host and when it is
// back. A lost contact stops nothing: Site Recovery goes on when it returns.
func (l *leg) hostContact(ctx context.Context, g gaze) error {
	if l.direct() {
		return nil // the vault's contact is nothing that it waits for
	}
	hosts, err := l.r.board.contacts(ctx, g)
	if err != nil {
		return nil //nolint:nilerr // an unreadable list says nothing about contact; the job is watched anyway
	}
	for _, h := range hosts {
		if !strings.EqualFold(h.Name, l.host()) {
			continue
		}
		switch {
		case !h.Connected && l.contact.IsZero():
			l.contact = l.r.Stream.Now()
			return l.note("warn", fmt.Sprintf("on-premises disconnected since %s: %s is not in contact with the vault (last heartbeat %s)",
				clockText(l.contact), h.Name, clockText(h.LastHeartbeat)))
		case h.Connected && !l.contact.IsZero():
			since := l.contact
			l.contact = time.Time{}
			return l.note("info", fmt.Sprintf("on-premises connected again: %s was out of contact since %s", h.Name, clockText(since)))
		}
	}
	return nil
}

// clockText is a time of day as notes say it. The journal is read in other time
// zones than it was written in, so the zone stands beside it.
func clockText(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("15:04 MST")
}
