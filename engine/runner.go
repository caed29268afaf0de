package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// Preflight checks one item of a plan and reports each finding as it is known.
// It returns an error only when ctx ended before it was through.
type Preflight func(ctx context.Context, p Ports, plan Plan, item PlanItem, emit func(Finding)) error

// LegsAHost is how many legs are at work at once towards one host, where nothing else
// is said.
const LegsAHost = 8

// Limits bound how many legs are at work at once. Legs that wait at a gate do
// not count. Zero means the default.
type Limits struct {
	Run  int // of the whole run, default 32
	Host int // towards one host, default [LegsAHost]
}

// Runner carries out the plan of a stream's run: one goroutine a leg. Every step
// follows the same rule: write the intent, look, act once, watch by id.
type Runner struct {
	Ports     Ports
	Stream    *Stream
	Preflight Preflight
	Recheck   Recheck       // at each gate; nil looks at nothing again
	Poll      time.Duration // between two looks
	NewID     func() string // client request ids
	Limits    Limits
	// Certificate is what the plan's thumbprint names, where the direction sends it.
	// It is held here and nowhere else; nil where the plan names none.
	Certificate *Certificate
	// Answered reports whether a person has already left an answer for a gate
	// that is not open yet. May be nil.
	Answered func(item string, g Gate) bool

	// ThreadsHeld names another run of this machine that has changed a host's download
	// threads and has not put them back. May be nil.
	ThreadsHeld func(host string) (RunID, bool)

	// Traffic tells what the connection sends; nil where nobody counts.
	Traffic func() Traffic

	slots   *slots
	board   *board
	threads *threadKeeper

	mu sync.Mutex
	// throttled is until when Azure was said to want to be left alone.
	throttled time.Time
	ctx       context.Context // of the whole run
	group     *errgroup.Group // nil before Run
	active    map[string]context.CancelCauseFunc
}

var errCancelling = errors.New("cancel was asked for")

// Run walks every leg that has not ended and returns how the run stands then.
// When ctx ends it detaches: jobs in Azure go on, and the run can be resumed. The
// error is non-nil only when the journal could not be kept.
func (r *Runner) Run(ctx context.Context) (Outcome, error) {
	var g errgroup.Group
	r.keepLimit()
	r.mu.Lock()
	r.slots = newSlots(r.Limits)
	r.board = newBoard(r.Ports, r.Poll, r.traffic().Budget, r.Stream.Now)
	r.threads = newThreadKeeper(r)
	r.ctx, r.group, r.active = ctx, &g, map[string]context.CancelCauseFunc{}
	for _, l := range r.Stream.State().Legs {
		if l.Mode != ModeEnded {
			r.launch(l.Item)
		}
	}
	r.mu.Unlock()
	watching, stop := context.WithCancel(ctx)
	var warden sync.WaitGroup
	warden.Go(func() { r.warden(watching) })
	err := g.Wait()
	stop()
	warden.Wait()
	if err == nil {
		err = r.threads.releaseAll(ctx)
	}
	out := r.outcome(ctx)
	if err != nil {
		return out, err
	}
	return out, r.Stream.Emit("", PhaseNone, r.finished(out))
}

// launch gives a leg its goroutine; r.mu is held. While any leg is active another
// may be added: the group is waited for until none is left.
func (r *Runner) launch(it PlanItem) {
	run := r.ctx
	ctx, cancel := context.WithCancelCause(run)
	r.active[it.Name] = cancel
	r.group.Go(func() error {
		defer cancel(nil)
		for {
			err := r.leg(run, ctx, it)
			if !r.landed(it.Name, err) {
				continue
			}
			if err == nil {
				err = r.threads.release(run, r.Stream.State().Plan.hostOf(it))
			}
			return err
		}
	})
}

// landed takes a leg off the active ones, unless a cancel came just when it
// stopped: it is walked once more then.
func (r *Runner) landed(item string, err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && r.ctx.Err() == nil && r.Stream.State().Leg(item).Mode == ModeCancelling {
		return false
	}
	delete(r.active, item)
	return true
}

// leg walks one leg; a panic becomes a failure of that leg alone. run ends when
// the process lets go of the run, ctx also when this leg is cancelled.
func (r *Runner) leg(run, ctx context.Context, it PlanItem) (err error) {
	l := &leg{r: r, item: it}
	defer l.release()
	defer func() {
		if p := recover(); p != nil {
			err = l.fail(&Failure{
				Kind: FailureOther, What: "internal error", Where: it.Name,
				Why: fmt.Sprint(p), Remedy: "resume the run; report this with the log",
				Err: fmt.Errorf("%v\n%s", p, debug.Stack()),
			})
		}
	}()
	return l.walk(run, ctx)
}

// outcome of the whole run from its legs.
func (r *Runner) outcome(ctx context.Context) Outcome {
	s := r.Stream.State()
	count := map[Outcome]int{}
	for _, l := range s.Legs {
		count[l.Outcome]++
	}
	switch {
	case count[OutcomeSucceeded] == len(s.Legs):
		return OutcomeSucceeded
	case ctx.Err() != nil && count[OutcomeNone] > 0:
		return OutcomeDetached
	case count[OutcomeFailed]+count[OutcomeBlocked]+count[OutcomeUnknown] > 0:
		return OutcomeFailed
	case count[OutcomeCancelled] > 0:
		return OutcomeCancelled
	}
	return OutcomeFailed
}

func (r *Runner) finished(out Outcome) RunFinished {
	s := r.Stream.State()
	now := r.Stream.Now()
	f := RunFinished{Outcome: out, Downtime: s.Downtime(now).Seconds(), Outturn: s.Outturn()}
	for _, l := range s.Legs {
		o := l.Outcome
		if o == OutcomeNone {
			o = OutcomeDetached
		}
		f.Items = append(f.Items, ItemOutcome{
			Item: l.Item.Name, Outcome: o, Phase: l.Phase(),
			Downtime: l.Downtime(now).Seconds(), Damaged: l.Damage != nil,
		})
	}
	return f
}

// Decide answers the open gate of an item; with item "" that of a whole recovery
// plan, or the manual action that it waits for. It fails, with the reason, where the
// gate is not open, the window is closed, or a reason is needed and missing. At the
// shared gates of a recovery plan one answer counts for all its items.
func (r *Runner) Decide(item string, d Decision) error {
	s := r.Stream.State()
	if s.Plan.Shared(d.Gate) {
		return r.decideJointly(s, item, d)
	}
	if asks := s.manualGate(); d.Gate == GateManual && asks != nil && (item == "" || s.Leg(item) != nil) {
		item = asks.Item.Name // whichever leg asks: it is the recovery plan's action
	}
	l := s.Leg(item)
	if l == nil {
		return Refuse("decide "+string(d.Gate), item, "the run has no such item", "failback show RUN lists them")
	}
	if err := r.acceptable(s, l, d); err != nil {
		return err
	}
	d.Verb = l.Gate.Verb
	return r.Stream.Emit(item, PhaseNone, DecisionMade{d})
}

// acceptable says why an answer is refused, nil where it is not.
func (r *Runner) acceptable(s State, l *Leg, d Decision) error {
	refuse := func(why, remedy string) error { return Refuse("decide "+string(d.Gate), l.Item.Name, why, remedy) }
	switch {
	case l.Gate == nil || l.Gate.Gate != d.Gate:
		return refuse("that gate is not open; the leg is at "+l.Step().Name(), "wait until it opens")
	case l.Gate.NeedsReason && (d.Policy || d.Reason == ""):
		return refuse("this answer needs a person and a reason", "give the reason")
	case d.Gate == GateManual && d.For != "" && l.Gate.Action != nil && d.For != l.Gate.Action.Name:
		return refuse("the answer is for "+d.For+", and the job waits for "+l.Gate.Action.Name, "answer for that one")
	case d.Gate == GateManual && d.Policy && !s.Plan.MayAnswer(GateManual):
		return refuse("only a person can say that a manual action is done", "do it, then say so")
	}
	for _, name := range l.Gate.Unverified {
		if !strings.Contains(strings.ToLower(d.Reason), strings.ToLower(name)) {
			return refuse("nothing has shown that "+name+" is well, and the reason does not name it", "say for each of "+strings.Join(l.Gate.Unverified, ", ")+" why it counts all the same")
		}
	}
	if d.Gate == GateComplete && !s.Plan.Window.Contains(r.Stream.Now()) && (!d.Override || d.Reason == "") {
		return refuse("it is outside the plan's window ("+windowText(s.Plan.Window)+")", "wait for the window, or override it with a reason")
	}
	return nil
}

func windowText(w Window) string {
	text := func(t time.Time, none string) string {
		if t.IsZero() {
			return none
		}
		return t.Format("2006-01-02 15:04 MST")
	}
	return text(w.Start, "any time") + " to " + text(w.End, "any time")
}

// Cancel asks to cancel the leg of an item, or every leg that can be with item
// "". It fails where nothing can be cancelled any more.
func (r *Runner) Cancel(item, by, reason string) error {
	if err := r.CanCancel(item); err != nil {
		return err
	}
	some := false
	for _, l := range r.Stream.State().Legs {
		if item != "" && l.Item.Name != item {
			continue
		}
		if ok, _ := l.CanCancel(); !ok && item == "" {
			continue
		}
		err := r.cancelLeg(l, CancelRequested{By: by, Reason: reason})
		var moved *Illegal
		if item == "" && errors.As(err, &moved) {
			continue // it has made its switch or ended meanwhile; the others count
		}
		if err != nil {
			return err
		}
		some = true
	}
	if !some {
		return r.nothingToCancel()
	}
	return nil
}

// CanCancel says why [Runner.Cancel] would refuse, nil where it would not.
func (r *Runner) CanCancel(item string) error {
	s := r.Stream.State()
	if err := s.CancelAlone(item); err != nil {
		return err
	}
	if item != "" {
		l := s.Leg(item)
		if l == nil {
			return Refuse("cancel", item, "the run has no such item", "failback show RUN lists them")
		}
		if ok, _ := l.CanCancel(); !ok {
			return Refuse("cancel", item, "the switch has been made or the leg has ended; there is nothing left that a cancel could undo", "decide at the gate, or leave it as it is")
		}
		return nil
	}
	for _, l := range s.Legs {
		if ok, _ := l.CanCancel(); ok {
			return nil
		}
	}
	return r.nothingToCancel()
}

func (r *Runner) nothingToCancel() error {
	return Refuse("cancel", string(r.Stream.State().Run), "no leg can be cancelled any more: each has made its switch or has ended", "decide at the gates that are open, or leave it as it is")
}

// cancelLeg records the request and sees that somebody carries it out: the leg's
// goroutine, a new one where the leg had stopped while others go on, or, before
// Run, the one it will get.
func (r *Runner) cancelLeg(l *Leg, ask CancelRequested) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.group != nil && (len(r.active) == 0 || r.ctx.Err() != nil) {
		return Refuse("cancel", l.Item.Name, "this process does not drive the run any more", "cancel it once it has been let go of: failback cancel "+string(r.Stream.State().Run))
	}
	// A cancel at a gate interrupts no phase.
	if err := r.Stream.Emit(l.Item.Name, l.Step().Phase, ask); err != nil {
		return err
	}
	if stop := r.active[l.Item.Name]; stop != nil {
		stop(errCancelling)
	} else if r.group != nil {
		r.launch(l.Item)
	}
	return nil
}

// slots bound the legs at work.
type slots struct {
	mu    sync.Mutex
	run   chan struct{}
	host  map[string]chan struct{}
	limit int
}

func newSlots(l Limits) *slots {
	run, host := l.Run, l.Host
	if run <= 0 {
		run = 32
	}
	if host <= 0 {
		host = LegsAHost
	}
	return &slots{run: make(chan struct{}, run), host: map[string]chan struct{}{}, limit: host}
}

func (s *slots) of(host string) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host[host] == nil {
		s.host[host] = make(chan struct{}, s.limit)
	}
	return s.host[host]
}

// busy reports whether a leg of the host would have to wait now.
func (s *slots) busy(host string) bool {
	of := s.of(host)
	return len(of) == cap(of) || len(s.run) == cap(s.run)
}

// take waits for a place of the host and one of the run, in that order.
func (s *slots) take(ctx context.Context, host string) (func(), error) {
	var held []chan struct{}
	release := func() {
		for _, c := range slices.Backward(held) {
			<-c
		}
	}
	for _, c := range []chan struct{}{s.of(host), s.run} {
		select {
		case c <- struct{}{}:
			held = append(held, c)
		case <-ctx.Done():
			release()
			return nil, context.Cause(ctx)
		}
	}
	return release, nil
}
