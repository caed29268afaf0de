package direct

import (
	"context"
	"errors"
	"fmt"
	"time"

	"failback/engine"
	"failback/engine/transfer"
)

// againPolls is after how many looks at a job that waits one more pass is brought, so
// that the last one does not grow with the time that a person takes: an hour, with the
// usual look every 15 s. A pass that brought little has the next one wait twice as long,
// mostLater times that at most.
const (
	againPolls = 240
	mostLater  = 8
)

var errComplete = errors.New("the completion was asked for")

// again is what was brought while the job waits.
type again struct {
	Tried   time.Time     `json:"tried,omitzero"` // when the last pass was begun
	Later   int           `json:"later,omitempty"`
	Passes  int           `json:"passes,omitempty"`
	Bytes   int64         `json:"bytes,omitempty"` // of all of them
	Last    transfer.Pass `json:"last,omitzero"`
	Problem string        `json:"problem,omitempty"` // why the last one was not brought
}

// words tell it in a line; empty where there was none.
func (a again) words() string {
	out := ""
	if a.Passes > 0 {
		out = fmt.Sprintf("passes while it waits: %d with %s; the last brought %s in %s", a.Passes, engine.SizeWords(a.Bytes), engine.SizeWords(a.Last.Bytes), engine.SpanWords(a.Last.Took))
	}
	if a.Problem != "" {
		if out != "" {
			out += "; "
		}
		out += "another pass was not brought: " + a.Problem
	}
	return out
}

// waits reports whether the job is one that waits to be completed.
func (r *record) waits() bool {
	return r.State == engine.JobSuspended && r.Step == stepWait && r.Cancel == "" && r.Failback != nil
}

// due reports whether one more pass should be brought.
func (d *Desk) due(r *record) bool {
	if !r.waits() {
		return false
	}
	last := r.Failback.Again.Tried
	if last.IsZero() {
		last = r.Tasks[engine.TaskWaitForUser].Started
	}
	return now().Sub(last) >= againPolls*d.o.Poll*time.Duration(max(1, r.Failback.Again.Later))
}

// refresh brings one more pass of a job that waits, where nobody drives it. The job
// waits on meanwhile: it may be completed or cancelled at any time, which comes first.
func (d *Desk) refresh(name string) error {
	v, err := d.own(name)
	if v == nil || err != nil {
		return err
	}
	if !d.due(v.rec) {
		return v.letGo()
	}
	go func() {
		defer func() { _ = v.letGo() }() // the lock ends with the process at the latest
		v.passAgain()
		v.drive() // where a cancel has come in
	}()
	return nil
}

// passAgain brings the pass. That it could not be brought harms nothing, and is told.
func (v *driver) passAgain() {
	err := v.carefully(func() error { return v.oneMore(v.ctx) })
	if err == nil || v.ctx.Err() != nil || errors.Is(err, errStopped) {
		return
	}
	_ = v.change(func(r *record) {
		a := &r.Failback.Again
		a.Problem, a.Later = engine.AsFailure(err, "", "").Why, later(a.Later)
		r.tellAgain()
	})
}

func (v *driver) oneMore(ctx context.Context) error {
	p, err := v.d.o.Vault.Azure.Power(ctx, v.look().Item.AzureVM)
	if err := v.change(func(r *record) { r.Failback.Again.Tried = now() }); err != nil {
		return err
	}
	if err != nil || p != engine.PowerRunning { // it is being stopped for the last pass, or writes nothing
		return err
	}
	one, err := v.onePass(ctx, fmt.Sprintf("again-%d", v.look().Failback.Again.Passes))
	if err != nil {
		return err
	}
	return v.change(func(r *record) {
		a := &r.Failback.Again
		a.Passes, a.Bytes, a.Last, a.Problem = a.Passes+1, a.Bytes+one.Bytes, one, ""
		if a.Later = later(a.Later); one.Took*4 >= r.fits() {
			a.Later = 1
		}
		r.tellAgain()
	})
}

func later(n int) int { return min(max(1, n)*2, mostLater) }

// fits is how long the rest may take at the end.
func (r *record) fits() time.Duration { return engine.DirectBudget(r.Budget) }

// tellAgain has the task of the passes tell of it: journals keep that.
func (r *record) tellAgain() {
	m := r.Tasks[engine.TaskMonitorSync]
	m.Detail = r.Failback.Again.words()
	r.Tasks[engine.TaskMonitorSync] = m
}

// atRest ends a pass that is brought while the job waits, and returns when nobody of
// this process drives the job.
func (d *Desk) atRest(ctx context.Context, name string) {
	d.mu.Lock()
	v := d.drivers[name]
	d.mu.Unlock()
	if v == nil || !v.look().waits() {
		return
	}
	v.cancel(errComplete)
	select {
	case <-v.done:
	case <-ctx.Done():
	}
}
