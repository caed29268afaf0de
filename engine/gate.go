package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// gate waits for a decision. Policy answers at once where the plan lets it; else
// the leg waits as long as it takes, looking now and then whether somebody
// outside this run has decided already.
func (l *leg) gate(ctx context.Context, g Gate) error {
	shared := l.plan().Shared(g)
	switch {
	case shared:
		if err := l.awaitOthers(ctx); err != nil {
			return err
		}
		if err := l.cantStart(g); err != nil {
			return err
		}
	case g == GateComplete:
		if err := l.awaitGroups(ctx); err != nil {
			return err
		}
	}
	if l.state().Mode != ModeWaiting {
		opened, err := l.opening(ctx, g)
		if err != nil {
			return err
		}
		if err := l.emit(opened); err != nil {
			return err
		}
	}
	if d, ok := l.given(g); shared && ok {
		return l.r.Stream.Emit(l.item.Name, PhaseNone, DecisionMade{d})
	}
	// One ticker for the whole wait: what other legs do must not put off the looks.
	look := time.NewTicker(max(4*l.r.Poll, time.Millisecond))
	defer look.Stop()
	for {
		s, changed := l.r.Stream.Changed()
		me := s.Leg(l.item.Name)
		if me.Mode != ModeWaiting {
			return nil
		}
		var err error
		if s.Plan.MayAnswer(g) && !me.Gate.NeedsReason && l.contact.IsZero() {
			err = l.policy(s.Plan, g)
		}
		if err == nil || KindOf(err) == FailureRefused {
			err = l.waitAtGate(ctx, g, changed, look.C)
		}
		// Somebody may have answered between the look and the answer given here.
		if err != nil && l.state().Mode == ModeWaiting {
			return err
		}
	}
}

// policy answers the gate in the plan's name. Outside the window it is refused
// and asked again later.
func (l *leg) policy(p Plan, g Gate) error {
	why := "the plan approves this gate"
	if p.Rehearsal {
		why += "; nothing real is at stake"
	}
	return l.r.Decide(l.item.Name, Decision{Gate: g, By: p.Owner, Policy: true, Reason: why})
}

// waitAtGate waits for the next change or look.
func (l *leg) waitAtGate(ctx context.Context, g Gate, changed <-chan struct{}, look <-chan time.Time) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-look:
	}
	if err := l.r.Stream.Broken(); err != nil {
		return err
	}
	if err := l.hostContact(ctx, glance); err != nil {
		return err
	}
	return l.outside(ctx, g)
}

// outside sees whether somebody else has answered at the service itself. What
// was decided there is recorded as such; a job cancelled there ends the leg.
func (l *leg) outside(ctx context.Context, g Gate) error {
	who := Decision{Gate: g, By: "somebody outside this run", Override: true}
	switch g {
	case GateComplete:
		if l.state().Job == "" {
			return nil
		}
		j, err := l.lookAtJob(ctx, l.state().Job, false)
		if err == nil && j.State != JobSuspended {
			j, err = l.readJob(ctx, l.state().Job)
		}
		if err == nil && l.direct() { // passes are brought while it waits
			if err := l.recordTasks(j); err != nil {
				return err
			}
		}
		switch {
		case err != nil:
			return nil //nolint:nilerr // a gate waits whether or not the service answers
		case j.State == JobCancelled:
			return l.r.cancelLeg(l.state(), CancelRequested{By: who.By, Reason: "the job was found " + strings.ToLower(string(j.State))})
		case j.State.Ended() && !j.State.Good():
			return l.damaging(ctx, jobFailure(l.item.Name, j))
		case !j.WentOn() && !(l.joint() && l.raw.pastWait()):
			if l.plan().Direction != ToOnPremises {
				return nil
			}
			return l.watchPower(ctx) // the other side is the warden's
		}
		who.Reason = "the job was found resumed"
	case GateCommit, GateReprotect:
		it, ok := l.foundAnswered(ctx, func(it Item) bool {
			return g == GateCommit && l.committed(it) || g == GateReprotect && (it.State == ItemReverseReplicating || it.State == ItemProtected)
		})
		if !ok {
			return nil
		}
		who.Reason = "the item was found in state " + it.stateText()
	case GateCommitFailover:
		_, ok := l.foundAnswered(ctx, func(it Item) bool { return it.Allows(AllowFailback) })
		if !ok {
			return nil
		}
		who.Reason = "the failover was found committed"
	case GateManual, GateNone:
		return nil
	}
	who.Verb, _ = g.Action(l.plan().Direction)
	return l.r.Stream.Emit(l.item.Name, PhaseNone, DecisionMade{who})
}

// foundAnswered looks whether the item shows that somebody has answered, and believes
// only a fresh read. A gate waits whether or not the service answers.
func (l *leg) foundAnswered(ctx context.Context, answered func(Item) bool) (Item, bool) {
	it, err := l.r.board.item(ctx, l.item, glance)
	if err == nil && answered(it) {
		it, err = l.r.board.item(ctx, l.item, afresh)
	}
	return it, err == nil && answered(it)
}

// awaitGroups holds a leg of a recovery plan until every leg of a lower boot
// group is verified or has stopped.
func (l *leg) awaitGroups(ctx context.Context) error {
	if l.item.Group <= 1 {
		return nil
	}
	said := false
	for {
		s, changed := l.r.Stream.Changed()
		if err := l.r.Stream.Broken(); err != nil {
			return err
		}
		open := ""
		for _, o := range s.Legs {
			if o.Item.Group < l.item.Group && !o.switched() && o.Outcome == OutcomeNone {
				open = o.Item.Name
			}
		}
		if open == "" {
			return nil
		}
		if !said {
			said = true
			if err := l.r.Stream.Emit(l.item.Name, PhaseNone, Noted{"info", fmt.Sprintf("group %d waits for the groups before it (%s)", l.item.Group, open)}); err != nil {
				return err
			}
			continue
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// opening is what the gate's dialog says: what an approval does, with names.
func (l *leg) opening(ctx context.Context, g Gate) (GateOpened, error) {
	o, err := l.openingOf(ctx, g)
	if err == nil && l.plan().Shared(g) {
		err = l.openJointly(ctx, &o)
	}
	return o, err
}

func (l *leg) openingOf(ctx context.Context, g Gate) (GateOpened, error) {
	dir := l.plan().Direction
	verb, portal := g.Action(dir)
	if l.direct() {
		portal = "" // nothing of it is to be seen there
	}
	o := GateOpened{Gate: g, Verb: verb, Portal: portal}
	s := l.state()
	if s.Mode == ModeInterrupted || s.Mode == ModeFailed {
		o.Again = "another process drove the run before"
	}
	it, err := l.fresh(ctx)
	if err != nil {
		return o, err
	}
	if err := l.hostContact(ctx, afresh); err != nil {
		return o, err
	}
	if !l.contact.IsZero() {
		o.Consequences = append(o.Consequences, "Mind: "+l.host()+" is out of contact with the vault since "+clockText(l.contact)+".")
	}
	l.askPerson(&o)
	if err := l.recheck(ctx, &o); err != nil {
		return o, err
	}
	if dir == ToAzure {
		o.Consequences = append(o.Consequences, consequencesToAzure(g, it)...)
		if g == GateCommit && s.AzurePower != PowerRunning {
			o.NeedsReason = true
			o.Consequences = append(o.Consequences, "Mind: Azure VM "+it.AzureVM.Name+" was not seen running. Look at it and say what you saw.")
		}
		return o, nil
	}
	switch g {
	case GateComplete:
		o.Consequences = append(o.Consequences, l.consequencesOfComplete(it)...)
	case GateCommit:
		if l.direct() {
			err := l.openDirectCommit(ctx, it, &o)
			return o, err
		}
		o.Consequences = append(o.Consequences, consequencesOfCommit(it, s)...)
		o.NeedsReason = o.NeedsReason || s.Boot == nil || s.Boot.Result != BootProven || s.Damage != nil
	case GateCommitFailover:
		o.Consequences = append(o.Consequences, consequencesOfCommitFailover(it)...)
	case GateReprotect:
		if l.direct() {
			o.Consequences = append(o.Consequences, consequencesOfDirectReprotect(l.item)...)
			return o, nil
		}
		o.Consequences = append(o.Consequences,
			it.Name+" replicates to Azure again: only what changed since the Azure VM stopped is sent.",
			"Until that is healthy the machine is unprotected.")
	case GateManual, GateNone:
	}
	return o, nil
}
