package direct

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"failback/engine"
)

// patience is how often a step may be told to come later before its job fails. A host
// that is to get the VM is given more: the data is home, and the machine is down until
// somebody gives up on it. unknowns is how often a lost answer may be looked for.
const (
	patience     = 40
	patienceHome = 240
	unknowns     = 5
)

func (s step) patience() int {
	if s == stepHome || s == stepStart || s == stepTakeBack {
		return patienceHome
	}
	return patience
}

var (
	errCancel  = errors.New("cancel was asked for")
	errStopped = errors.New("the job was let go of")
)

// driver carries one job on. Only it writes the job's file.
type driver struct {
	d      *Desk
	lock   *flock.Flock
	ctx    context.Context // ends with the desk, and when a cancel is asked for
	cancel context.CancelCauseFunc
	done   chan struct{}

	mu  sync.Mutex
	rec *record
}

// takeUp goes on with a job that is unfinished and that nobody drives. Where another
// process drives it, or it waits for a person, it does nothing.
func (d *Desk) takeUp(name string) error {
	v, err := d.own(name)
	if v == nil || err != nil {
		return err
	}
	if v.rec.idle() {
		return v.letGo()
	}
	v.launch()
	return nil
}

// own takes the right to drive a job; nil where somebody drives it. Whoever gets one
// launches it or lets go.
func (d *Desk) own(name string) (*driver, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.drivers[name] != nil {
		return nil, nil
	}
	lock, err := d.store.lock(name)
	if lock == nil || err != nil {
		return nil, err
	}
	rec, err := d.store.load(name)
	if err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	v := &driver{d: d, lock: lock, rec: rec, done: make(chan struct{})}
	v.ctx, v.cancel = context.WithCancelCause(d.ctx)
	d.drivers[name] = v
	d.work.Add(1)
	return v, nil
}

func (v *driver) letGo() error {
	v.d.mu.Lock()
	delete(v.d.drivers, v.rec.Name)
	v.d.mu.Unlock()
	err := v.lock.Unlock()
	v.cancel(nil)
	close(v.done)
	v.d.work.Done()
	return err
}

func (v *driver) launch() {
	go func() {
		defer func() { _ = v.letGo() }() // the lock ends with the process at the latest
		v.drive()
	}()
}

// drive walks the steps until the job ends, waits for a person, or is let go of.
func (v *driver) drive() {
	ctx, tries, lost := v.ctx, 0, 0
	for !v.look().idle() {
		if v.d.ctx.Err() != nil {
			return
		}
		if v.look().Cancel != "" && v.look().Step != stepTakeBack && v.mayTakeBack() {
			if v.change(func(r *record) { r.Step, r.State, r.Detail = stepTakeBack, engine.JobCancelling, "" }) != nil {
				return
			}
		}
		if v.look().Step == stepTakeBack {
			ctx = v.d.ctx // the job's own was ended by the cancel
		}
		err := v.walk(ctx)
		kind := engine.KindOf(err)
		switch {
		case err == nil:
			tries, lost = 0, 0
		case v.d.ctx.Err() != nil || errors.Is(err, errStopped):
			return
		case context.Cause(v.ctx) == errCancel && v.look().Step != stepTakeBack: //nolint:errorlint // the very one
			ctx = v.d.ctx
		case kind == engine.FailureRetryable && tries < v.look().Step.patience():
			tries++
			v.say(err)
			wait(ctx, max(v.d.o.Poll, engine.AsFailure(err, "", "").Wait))
		case kind == engine.FailureUnknown && lost < unknowns:
			lost++ // every step looks before it acts
			wait(ctx, v.d.o.Poll)
		default:
			if v.change(func(r *record) { r.fail(engine.AsFailure(err, "direct failback", r.Item.Name), time.Now().UTC()) }) != nil {
				return
			}
		}
	}
}

// carefully makes a panic a failure of this job alone.
func (v *driver) carefully(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &engine.Failure{Kind: engine.FailureOther, What: "internal error", Where: v.rec.Item.Name, Why: fmt.Sprint(p),
				Remedy: "report this with the log", Err: fmt.Errorf("%v\n%s", p, debug.Stack())}
		}
	}()
	return f()
}

// walk carries out the next step.
func (v *driver) walk(ctx context.Context) error {
	does := map[step]func(context.Context) error{
		stepCheck: v.check, stepPrepare: v.prepare, stepInitial: v.initial, stepCopy: v.first, stepPass: v.pass,
		stepOff: v.seeOff, stepFinal: v.final, stepLast: v.last, stepHome: v.home, stepStart: v.start,
		stepTakeBack: v.takeBack, stepCompare: v.unchanged, stepDelete: v.remove, stepTidy: v.tidy, stepProtect: v.protect,
	}[v.look().Step]
	if does == nil {
		return &engine.Failure{Kind: engine.FailureOther, What: "go on with the job", Where: v.rec.Item.Name,
			Why: "its file names the step " + string(v.look().Step) + ", which this program does not know", Remedy: "use the version of the program that began it"}
	}
	return v.carefully(func() error { return does(ctx) })
}

// look is the job as it is now, not to be changed.
func (v *driver) look() *record {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.rec
}

// change writes the job's file with what f does to it, and takes it over once it is
// there for good. A job that can't be written is let go of: nothing is done that
// nobody would know of later.
func (v *driver) change(f func(r *record)) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	next := v.rec.clone()
	f(next)
	if v.d.store.stopped() {
		return errStopped
	}
	if err := v.d.store.save(next); err != nil {
		return errors.Join(errStopped, err)
	}
	v.rec = next
	if v.d.store.stopped() {
		return errStopped
	}
	return nil
}

// begin and finish note tasks. What is noted already is not written again.
func (v *driver) begin(ids ...string) error {
	for _, id := range ids {
		if v.look().Tasks[id].State == engine.TaskStateInProgress {
			continue
		}
		if err := v.change(func(r *record) { r.begin(id, time.Now().UTC()) }); err != nil {
			return err
		}
	}
	return nil
}

// finish ends tasks and goes to the next step, at once.
func (v *driver) finish(next step, ids ...string) error {
	return v.change(func(r *record) {
		for _, id := range ids {
			r.finish(id, engine.TaskStateSucceeded, time.Now().UTC())
		}
		r.Step, r.Detail = next, ""
	})
}

// say has the job tell why it waits. That it can't be told is no reason to stop.
func (v *driver) say(err error) {
	_ = v.change(func(r *record) {
		if r.State == engine.JobInProgress {
			r.Detail = "Waiting: " + engine.AsFailure(err, "", "").Why
		}
	})
}

// askCancel notes a cancel and interrupts the step under way. A job that waits goes on,
// to take back what it did.
func (v *driver) askCancel(request string) error {
	if !v.mayTakeBack() {
		return tooLate(v.look())
	}
	err := v.change(func(r *record) {
		r.Cancel = request
		if r.State == engine.JobSuspended {
			r.State, r.Detail = engine.JobInProgress, ""
		}
	})
	if err != nil {
		return err
	}
	v.cancel(errCancel)
	return nil
}

func (v *driver) mayTakeBack() bool {
	f := v.look().Failback
	return f != nil && !f.Launched
}

func tooLate(r *record) error {
	return engine.Refuse("cancel", r.Item.Name+", job "+r.Name, "the start of the VM on "+r.Host+" was asked for, or the job is one that can't be taken back", "let it end, and decide at the gate")
}

// wait sleeps, or ends with the context.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
