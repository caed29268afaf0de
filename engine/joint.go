package engine

import (
	"context"
	"strings"
)

// The legs of a recovery plan's own job ask the service for each effect once: one
// of them leads, the others take the job from it. Who leads follows from the
// journal alone, so that another driver comes to the same answer.

// joint reports whether the leg's run is a recovery plan's own job.
func (l *leg) joint() bool { return l.plan().Joint() }

// live reports whether the leg still goes on in this drive.
func (l *Leg) live() bool { return l.Mode != ModeEnded && l.Outcome == OutcomeNone }

// left is how many steps the leg has before it. Legs may have other beginnings;
// their ends are the same.
func (l *Leg) left() int { return len(l.Steps) - l.At }

// leads reports whether the leg is the first of those that go on.
func (s State) leads(l *Leg) bool {
	for _, o := range s.Legs {
		if o.live() {
			return o.Item.Name == l.Item.Name
		}
	}
	return false
}

// arrived reports whether every leg that goes on has come at least as far.
func (s State) arrived(l *Leg) bool {
	for _, o := range s.Legs {
		if o.live() && o.left() > l.left() {
			return false
		}
	}
	return true
}

// accepted is the request of a kind that the service took for the whole recovery
// plan, the leg's own last; zero where there is none.
func (s State) accepted(op Op, but string) Operation {
	for _, o := range s.Legs {
		if got, ok := o.Ops[op]; ok && got.Accepted && o.Item.Name != but {
			return got
		}
	}
	if l := s.Leg(but); l != nil && l.Ops[op].Accepted {
		return l.Ops[op]
	}
	return Operation{}
}

// asking is the leg whose request has no answer yet; nil where there is none.
func (s State) asking(op Op) *Leg {
	for _, o := range s.Legs {
		if got, ok := o.Ops[op]; ok && !got.Accepted {
			return o
		}
	}
	return nil
}

// whole is an effect on a whole recovery plan.
type whole struct {
	effect
	// all wants every leg of the run, not only those that still go on.
	all bool
	// mayLead narrows who leads; nil means any leg that goes on.
	mayLead func(*Leg) bool
	// old is the job of an earlier request that came to nothing.
	old string
}

// together carries out an effect of the recovery plan: by this leg, if it leads and
// every leg that goes on has come this far, otherwise by waiting for the leg that
// does.
func (l *leg) together(ctx context.Context, w whole) error {
	for {
		s, changed := l.r.Stream.Changed()
		me := s.Leg(l.item.Name)
		if own := me.Ops[w.op]; own.Accepted && own.Job != w.old {
			return nil
		}
		asks := s.asking(w.op)
		got := s.accepted(w.op, l.item.Name)
		switch {
		case asks != nil && asks.Item.Name == l.item.Name:
			return l.perform(ctx, w.effect)
		case asks != nil && !asks.live():
			return sharedFailure(asks, l.item.Name)
		case asks == nil && got.Accepted && got.Job != w.old:
			return l.emit(OperationAccepted{Op: w.op, Request: got.Request, Job: got.Job, Found: true})
		case asks == nil && w.all && s.stopped() != nil:
			return behind(s.stopped(), l.item.Name)
		case asks == nil && s.turnOf(me, w) && (w.mayLead != nil || s.arrived(me)):
			return l.perform(ctx, w.effect)
		}
		if w.mayLead == nil && l.late() {
			return errLate
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// turnOf reports whether the leg is the one to lead.
func (s State) turnOf(me *Leg, w whole) bool {
	if w.mayLead == nil {
		return s.leads(me)
	}
	for _, o := range s.Legs {
		if w.mayLead(o) {
			return o.Item.Name == me.Item.Name
		}
	}
	return false
}

// stopped is a leg that has stopped before the recovery plan's job was started;
// nil where none has.
func (s State) stopped() *Leg {
	for _, o := range s.Legs {
		if !o.live() {
			return o
		}
	}
	return nil
}

// cantStart says why the recovery plan's job, which is still to be started, can't be:
// one of its items has stopped. Nobody is asked for a start that can't be made.
func (l *leg) cantStart(g Gate) error {
	s := l.r.Stream.State()
	if gateOp(g, s.Plan) != OpStart || s.asking(OpStart) != nil || s.accepted(OpStart, "").Accepted {
		return nil
	}
	if o := s.stopped(); o != nil {
		return behind(o, l.item.Name)
	}
	return nil
}

// sharedFailure is the leading leg's failure, for a leg that waited for it.
func sharedFailure(lead *Leg, item string) error {
	f := lead.Failure
	if f == nil {
		return Refuse("go on with the recovery plan", item, lead.Item.Name+", which asked for all, has stopped", "resume the run")
	}
	c := *f
	c.Where = item + ", with " + lead.Item.Name
	return &c
}

// behind says why a leg can't start: the recovery plan's job takes all its items.
func behind(o *Leg, item string) error {
	why := string(o.Outcome) // the leg itself says it in full
	if o.Failure != nil {
		why = o.Failure.What
	}
	return &Failure{Kind: FailureBlocked, What: "start the planned failover of the recovery plan", Where: item,
		Why:    "its job brings all its items at once, and " + o.Item.Name + " has stopped (" + why + ")",
		Remedy: "mend that and start again, or bring each VM by itself: then the recovery plan's scripts and manual actions are not run; nothing was started"}
}

// alone reports whether the recovery plan's own request of this kind is over and
// has not done it for the leg's VM: what is left is asked for this item alone.
func (l *leg) alone(ctx context.Context, op Op) (bool, error) {
	got := l.r.Stream.State().accepted(op, l.item.Name)
	if got.Job == "" {
		return false, nil
	}
	j, err := patient(ctx, l, "read job "+got.Job, func(ctx context.Context) (Job, error) { return l.readJob(ctx, got.Job) })
	if err != nil {
		return false, err
	}
	if j.TargetType != TargetRecoveryPlan {
		return true, nil // it was asked for alone before
	}
	return l.raw.State.Ended() && !j.State.Good(), nil
}

// planJobByRequest finds the recovery plan's job that a request of ours began. The
// jobs of its VMs carry the same request.
func (l *leg) planJobByRequest(ctx context.Context, request string) (Job, bool, error) {
	jobs, err := l.r.Ports.Inventory.Jobs(ctx)
	if err != nil {
		return Job{}, false, err
	}
	for _, j := range jobs {
		if j.TargetType == TargetRecoveryPlan && j.requested(request) {
			return j, true, nil
		}
	}
	return Job{}, false, nil
}

// startPlan begins the planned failover of the whole recovery plan.
func (l *leg) startPlan(ctx context.Context) error {
	w := whole{all: true, effect: effect{op: OpStart, look: l.lookPlanStarted, act: l.askPlanStart}}
	if own := l.state().Ops[OpStart]; own.Accepted {
		again, err := l.mayAskAgain(ctx, own)
		if err != nil || !again {
			return err
		}
		for _, o := range l.r.Stream.State().Legs {
			if o.left() < l.state().left() {
				return Refuse("start the planned failover again", l.item.Name,
					"the recovery plan's job has ended, and others of its items have gone on without this one", "bring this item home by itself, in a run of its own")
			}
		}
		w.old = own.Job
	}
	return l.together(ctx, w)
}

func (l *leg) lookPlanStarted(ctx context.Context, request string) (string, sight, error) {
	if j, ok, err := l.planJobByRequest(ctx, request); err != nil || ok {
		return j.Name, sightUnderway, err
	}
	p := l.plan()
	var not []string
	for _, it := range p.Items {
		now, err := l.r.Ports.Inventory.Item(ctx, it.ID)
		if err != nil {
			return "", sightTodo, err
		}
		if ready := now.Ready(p.Direction); !ready.Ready {
			not = append(not, it.Name+": "+ready.Reason)
		}
	}
	if len(not) > 0 {
		return "", sightTodo, Refuse("start the planned failover of recovery plan "+p.RecoveryPlan, l.item.Name, strings.Join(not, "; "),
			"look at these items and their jobs, then resume the run")
	}
	return "", sightTodo, nil
}

func (l *leg) askPlanStart(ctx context.Context, request string) (string, error) {
	if err := l.notCancelled(); err != nil {
		return "", err
	}
	p := l.plan()
	r := PlanStart{Plan: p.RecoveryPlanID, Direction: p.Direction, Sync: p.Sync, CreateVM: p.Target.CreateVM, RequestID: request}
	if p.Direction == ToAzure {
		r.Certificate, r.Point = l.r.Certificate, p.Point
	}
	return l.r.Ports.Plans.StartPlan(ctx, r)
}

// completePlan lets the recovery plan's job go on with its shutdown groups. The
// job stops the Azure VMs itself, in its order and with its scripts.
func (l *leg) completePlan(ctx context.Context) error {
	return l.together(ctx, whole{effect: effect{
		op: OpComplete,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			j, err := l.r.Ports.Inventory.Job(ctx, l.state().Job)
			switch {
			case err != nil:
				return "", sightTodo, err
			case j.WaitsForComplete():
				return "", sightTodo, nil
			case j.State.Ended() && !j.State.Good():
				return "", sightTodo, jobFailure(l.item.Name, j)
			}
			return j.Name, sightUnderway, nil
		},
		act: func(ctx context.Context, request string) (string, error) {
			job := l.state().Job
			return job, l.r.Ports.Failover.Complete(ctx, job, l.completeComment(), request)
		},
	}})
}

// afterPlan commits or re-protects the whole recovery plan: what the service offers
// on its items decides, since plans were recorded with and without the word.
func (l *leg) afterPlan(ctx context.Context, e effect, want string, done func(Item) bool, check func(context.Context) error, ask func(ctx context.Context, plan, request string) (string, error)) error {
	now, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	if s := l.r.Stream.State(); done(now) && !s.accepted(e.op, l.item.Name).Accepted && s.asking(e.op) == nil {
		return nil // somebody has done it for this item
	}
	alone, err := l.alone(ctx, e.op)
	if err != nil {
		return err
	}
	if alone {
		return l.perform(ctx, e)
	}
	return l.together(ctx, whole{effect: effect{
		op: e.op,
		look: func(ctx context.Context, request string) (string, sight, error) {
			return l.offeredToPlan(ctx, request, e.op, want, done)
		},
		act: func(ctx context.Context, request string) (string, error) {
			if check != nil {
				if err := check(ctx); err != nil {
					return "", err
				}
			}
			return ask(ctx, l.plan().RecoveryPlanID, request)
		},
	}})
}

// offeredToPlan looks for an operation on the recovery plan's items: begun by the
// request, still on offer for some, or done for all that it could be for.
func (l *leg) offeredToPlan(ctx context.Context, request string, op Op, want string, done func(Item) bool) (string, sight, error) {
	if j, ok, err := l.planJobByRequest(ctx, request); err != nil || ok {
		return j.Name, sightUnderway, err
	}
	all := true
	for _, o := range l.r.Stream.State().Legs {
		if !o.live() {
			continue
		}
		it, err := l.r.Ports.Inventory.Item(ctx, o.Item.ID)
		if err != nil {
			return "", sightTodo, err
		}
		if it.Allows(want) {
			return "", sightTodo, nil
		}
		all = all && done(it)
	}
	if all {
		return "", sightDone, nil
	}
	return "", sightTodo, &Failure{Kind: FailureRetryable, What: opWords(op) + " the recovery plan", Where: l.item.Name,
		Why: "Site Recovery offers it for none of its items now", Remedy: "look at the recovery plan's job in the portal"}
}

// azureAllOff refuses to go on while the Azure VM of any leg is not seen off.
func (l *leg) azureAllOff(what, risk string) func(context.Context) error {
	return func(ctx context.Context) error {
		for _, o := range l.r.Stream.State().Legs {
			if !o.reached(PhaseStartOnPremises) {
				continue // not switched, so not committed either
			}
			if err := l.azureOffOf(ctx, o.Item, what, risk); err != nil {
				return err
			}
		}
		return nil
	}
}

// CancelAlone says why the item's leg can't be cancelled without the others, nil where
// it can or none is named: of a recovery plan's own job only the whole can be.
func (s State) CancelAlone(item string) error {
	if item == "" || !s.Plan.Joint() || len(s.Legs) == 1 {
		return nil
	}
	return Refuse("cancel", item, "it is part of recovery plan "+s.Plan.RecoveryPlan+", whose one job brings all its items: it can only be cancelled as a whole",
		"cancel the whole run, without naming an item")
}
