package engine

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// manual sees whether the recovery plan's job waits for a person to do something
// that no program can, and asks for it at a gate of its own. One leg asks, the one
// that sees it first. A job that waits for a test failover to be cleaned up is never
// resumed: it is said what to do.
func (l *leg) manual(ctx context.Context) error {
	if l.state().Mode != ModeRunning {
		return nil
	}
	if l.raw.WaitsForTestFailover() {
		return l.sayOnce("warn", "the recovery plan's job waits for a test failover: this run does not resume it. Clean up the test failover in the portal, then it goes on")
	}
	t, waits := l.raw.ManualAction()
	if !waits {
		return nil
	}
	if t.ID == "" || t.Action == nil {
		return l.sayOnce("warn", "the recovery plan's job waits for a manual action and does not say which: look at it in the portal and finish it there")
	}
	key := l.raw.Name + "/" + t.ID
	op := Op(string(OpManual) + ":" + key)
	s := l.r.Stream.State()
	me := s.Leg(l.item.Name)
	if got, asked := me.Ops[op]; asked && !got.Accepted || !asked && me.Manual == key {
		return l.finishManual(ctx, op, t)
	}
	if s.manualGate() != nil || s.manualTaken(key) {
		return nil // another leg sees to it, or the job shows the answer soon
	}
	answered, err := l.askManual(ctx, key, t)
	if err != nil || !answered {
		return err
	}
	return l.finishManual(ctx, op, t)
}

// askManual opens the gate and waits. It reports false where another leg was
// quicker, or where the job went on by itself.
func (l *leg) askManual(ctx context.Context, key string, t Task) (bool, error) {
	verb, portal := GateManual.Action(l.plan().Direction)
	a := *t.Action
	err := l.emit(GateOpened{Gate: GateManual, Verb: verb, Portal: portal, Action: &a, Task: key, Consequences: []string{
		fmt.Sprintf("Recovery plan %s waits until this is done: %s", l.plan().RecoveryPlan, a.Name),
		firstOf(a.Text, "No instructions are given."),
		"Then its job goes on with the next step, for all its machines.",
	}})
	var moved *Illegal
	if errors.As(err, &moved) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	look := time.NewTicker(max(4*l.r.Poll, time.Millisecond))
	defer look.Stop()
	for {
		s, changed := l.r.Stream.Changed()
		if s.Leg(l.item.Name).Mode != ModeWaiting {
			return true, nil
		}
		if s.Plan.MayAnswer(GateManual) {
			if err := l.policy(s.Plan, GateManual); err == nil {
				continue
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-look.C:
			j, err := l.r.Ports.Inventory.Job(ctx, l.state().Job)
			if now, waits := j.ManualAction(); err == nil && (!waits || now.ID != t.ID) {
				who := Decision{Gate: GateManual, By: "somebody outside this run", Reason: "the job was found resumed"}
				if err := l.r.Stream.Emit(l.item.Name, PhaseNone, DecisionMade{who}); err != nil {
					return false, err
				}
			}
		}
	}
}

// finishManual lets the job go on, with what the operator said.
func (l *leg) finishManual(ctx context.Context, op Op, t Task) error {
	job := l.state().Job
	return l.perform(ctx, effect{
		op: op,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			j, err := l.r.Ports.Inventory.Job(ctx, job)
			if err != nil {
				return "", sightTodo, err
			}
			if now, waits := j.ManualAction(); waits && now.ID == t.ID {
				return "", sightTodo, nil
			}
			return job, sightUnderway, nil
		},
		act: func(ctx context.Context, request string) (string, error) {
			return job, l.r.Ports.Plans.FinishManual(ctx, job, t.ID, l.comment(GateManual), request)
		},
	})
}

// sayOnce notes a sentence the first time this driver has cause to.
func (l *leg) sayOnce(level, text string) error {
	if l.said[text] {
		return nil
	}
	if l.said == nil {
		l.said = map[string]bool{}
	}
	l.said[text] = true
	return l.note(level, text)
}

// takenBack refuses to start a machine whose turn never came before the recovery
// plan's job ended, where Site Recovery still offers its failback: for the service
// the item is in Azure then, although its data is home.
func (l *leg) takenBack(ctx context.Context) error {
	if !l.joint() || l.raw.TargetType != TargetRecoveryPlan || !l.raw.State.Ended() || l.raw.StageBegun(GroupBoot, l.item.VMID) {
		return nil
	}
	it, err := l.fresh(ctx)
	if err != nil || !it.Allows(AllowFailback) {
		return err
	}
	f := *jobFailure(l.item.Name, l.raw)
	f.Kind = FailureJob
	f.Remedy = also(f.Remedy, "this VM was not started and its failback does not count: leave it off, start the Azure VM in the portal if its users need it, and run the failback of this item again")
	return &f
}

// awaitPlanEnd holds a verified leg until the recovery plan's job is over: before
// that nothing can be committed, and it may still ask for a manual action.
func (l *leg) awaitPlanEnd(ctx context.Context) error {
	l.release()
	job := l.state().Job
	for {
		j, err := patient(ctx, l, "read job "+job, func(ctx context.Context) (Job, error) { return l.lookAtJob(ctx, job, false) })
		if err != nil {
			return err
		}
		if j.TargetType != TargetRecoveryPlan {
			return nil
		}
		if err := l.recordTasks(j); err != nil {
			return err
		}
		if l.raw.State.Ended() {
			return l.sayPlanEnd()
		}
		if err := l.manual(ctx); err != nil {
			return err
		}
		if err := l.sayOnce("info", "well; the recovery plan's job goes on with other machines"); err != nil {
			return err
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
}

// sayPlanEnd says that the recovery plan's job did not end well, although this
// machine is home.
func (l *leg) sayPlanEnd() error {
	if l.raw.State.Good() || !l.r.Stream.State().leads(l.state()) {
		return nil
	}
	return l.sayOnce("warn", jobFailure("recovery plan "+l.plan().RecoveryPlan, l.raw).Error())
}
