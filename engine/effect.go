package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// sight is what looking found.
type sight int

const (
	sightTodo     sight = iota // nothing has happened yet
	sightUnderway              // accepted, going on
	sightDone
)

// settleLooks is how often a lost answer is looked for before the leg stops as
// unknown, and how often after a crash before the request counts as never sent.
const settleLooks = 4

// effect is one effectful request of a leg.
type effect struct {
	op Op
	// look tells from the service whether the request with this client request
	// id, or an equal one of somebody else, has taken effect; job may be empty.
	look func(ctx context.Context, request string) (job string, seen sight, err error)
	act  func(ctx context.Context, request string) (job string, err error)
}

// perform follows the rule: intent on disk, look, act once, keep the id. An
// effect that was accepted before, by this process or one before it, is not
// repeated. Where neither answer nor looking tells what happened, the failure is
// of kind unknown-outcome and shows both possibilities.
func (l *leg) perform(ctx context.Context, e effect) error {
	prior, had := l.state().Ops[e.op]
	if had && prior.Accepted {
		again, err := l.mayAskAgain(ctx, prior)
		if err != nil || !again {
			return err
		}
		had = false
	}
	request := prior.Request
	looks := settleLooks // the request of a process that died may still be on its way
	if !had {
		request, looks = l.r.NewID(), 1
		if err := l.emit(IntentRecorded{Op: e.op, Request: request}); err != nil {
			return err
		}
	}
	if found, err := l.lookFor(ctx, e, request, looks); found || err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		job, err := l.send(ctx, e, request)
		if err == nil {
			return l.emit(OperationAccepted{Op: e.op, Request: request, Job: job})
		}
		switch KindOf(err) {
		case FailureUnknown:
			return l.settle(ctx, e, request, err)
		case FailureRetryable: // refused for now; nothing was accepted
			if tries >= patience {
				return err
			}
			if err := l.again(ctx, e.op, err); err != nil {
				return err
			}
			if found, err := l.lookFor(ctx, e, request, 1); found || err != nil {
				return err
			}
		case FailureOther, FailureRefused, FailureNotFound, FailurePermission, FailureBlocked,
			FailureUsage, FailureCancelled, FailureJob, FailureBoot, FailureUnsafe:
			return err
		}
	}
}

// performAgain is [leg.perform] for an effect that is safe to repeat and whose
// acceptance says nothing of its success: the caller has seen that it is not done.
func (l *leg) performAgain(ctx context.Context, e effect) error {
	if l.state().Ops[e.op].Accepted {
		if err := l.emit(IntentRecorded{Op: e.op, Request: l.r.NewID()}); err != nil {
			return err
		}
	}
	return l.perform(ctx, e)
}

// mayAskAgain reports whether an accepted request came to nothing and was said to:
// the phase failed on its job before, somebody resumed the run, and the job is
// over. Whether asking again makes sense is for the effect's own look.
func (l *leg) mayAskAgain(ctx context.Context, op Operation) (bool, error) {
	if op.Job == "" || op.Op == OpComplete || op.Op == OpCancel || strings.HasPrefix(string(op.Op), string(OpManual)) || l.state().Phases[l.state().Step().Phase].Failed == 0 {
		return false, nil
	}
	j, err := patient(ctx, l, "read job "+op.Job, func(ctx context.Context) (Job, error) {
		return l.readJob(ctx, op.Job)
	})
	return err == nil && j.State.Ended() && !j.State.Good(), err
}

func (l *leg) send(ctx context.Context, e effect, request string) (string, error) {
	actCtx, done := acting(ctx)
	defer done()
	return e.act(actCtx, request)
}

func (l *leg) again(ctx context.Context, op Op, err error) error {
	if err := l.note("warn", fmt.Sprintf("%s: not taken now, will ask again: %v", wordsOf(op, l.direct()), err)); err != nil {
		return err
	}
	if f := AsFailure(err, "", ""); f.Wait > l.r.Poll {
		if err := sleep(ctx, f.Wait-l.r.Poll); err != nil {
			return err
		}
	}
	return l.pause(ctx)
}

// lookFor looks up to n times, a poll apart. A refusal may come from the request's
// own job, which works on the item and is not listed yet: only the last one counts.
func (l *leg) lookFor(ctx context.Context, e effect, request string, n int) (bool, error) {
	for i := range n {
		if i > 0 {
			if err := l.pause(ctx); err != nil {
				return false, err
			}
		}
		type found struct {
			job  string
			seen sight
		}
		got, err := patient(ctx, l, "look for the request", func(ctx context.Context) (found, error) {
			job, seen, err := e.look(ctx, request)
			return found{job, seen}, err
		})
		if KindOf(err) == FailureRefused && i < n-1 {
			continue
		}
		if err != nil {
			return false, err
		}
		if got.seen != sightTodo {
			return true, l.emit(OperationAccepted{Op: e.op, Request: request, Job: got.job, Found: true})
		}
	}
	return false, nil
}

// settle decides a lost answer by looking, or stops.
func (l *leg) settle(ctx context.Context, e effect, request string, lost error) error {
	if err := l.note("warn", fmt.Sprintf("%s: the answer was lost, looking whether it was taken: %v", wordsOf(e.op, l.direct()), lost)); err != nil {
		return err
	}
	// Looking must not be cut short by a detach, or the next driver would have
	// to guess; but it must end.
	bounded, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute+settleLooks*l.r.Poll)
	defer done()
	found, err := l.lookFor(bounded, e, request, settleLooks)
	if found {
		return err
	}
	if broken := l.r.Stream.Broken(); broken != nil {
		return broken
	}
	f := *AsFailure(lost, wordsOf(e.op, l.direct()), l.item.Name)
	f.Kind, f.Request = FailureUnknown, request
	if err != nil { // what could not be looked for is not known either
		f.Why += "; looking for it: " + err.Error()
	}
	f.Remedy = fmt.Sprintf("either the service never got the request (then nothing happened), or it did and does not show it yet; "+
		"look at the item's jobs in the portal for request %s, then resume the run: it looks again before it acts", request)
	return &f
}

// jobByRequest finds the job that a request of ours began: the client request id
// comes back at the start of the job's activity id.
func (l *leg) jobByRequest(ctx context.Context, request string) (Job, bool, error) {
	jobs, err := l.r.Ports.Inventory.Jobs(ctx)
	if err != nil {
		return Job{}, false, err
	}
	for _, j := range jobs {
		if j.requested(request) {
			return j, true, nil
		}
	}
	return Job{}, false, nil
}

// fresh reads the leg's item afresh.
func (l *leg) fresh(ctx context.Context) (Item, error) { return l.see(ctx, afresh) }

func (l *leg) see(ctx context.Context, g gaze) (Item, error) {
	return patient(ctx, l, "read the item", func(ctx context.Context) (Item, error) {
		return l.r.board.item(ctx, l.item, g)
	})
}
