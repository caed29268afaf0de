package connect_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// What somebody does in the portal, or Azure by itself, while a run goes on.

// retold is an inventory whose jobs are told otherwise: as a real service tells
// what the lab does in no time.
type retold struct {
	engine.Inventory
	job atomic.Pointer[func(engine.Job) engine.Job]
}

func (r *retold) Job(ctx context.Context, name string) (engine.Job, error) {
	j, err := r.Inventory.Job(ctx, name)
	if tell := r.job.Load(); err == nil && tell != nil {
		j = (*tell)(j)
	}
	return j, err
}

func (r *retold) tell(f func(engine.Job) engine.Job) { r.job.Store(&f) }

// A job that is being cancelled in the portal has not been completed there: no
// Azure VM is stopped for it, neither by what is seen nor by a decision just then.
func TestAJobThatIsBeingCancelledIsNotResumed(t *testing.T) {
	t.Parallel()
	for name, decide := range map[string]bool{"nobody decides": false, "somebody decides": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
				jobs := &retold{Inventory: b.conn.Ports.Inventory}
				b.conn.Ports.Inventory = jobs
				p := b.plan(engine.SyncDelta, "app01")
				p.Approve = nil
				h := b.start(p)
				b.until(h, "at the gate", atGate("app01", engine.GateComplete))
				jobs.tell(func(j engine.Job) engine.Job {
					if !j.State.Ended() {
						j.State, j.Detail = "Cancelling", "Cancelling"
					}
					return j
				})
				if decide {
					if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(2 * time.Minute)
				if _, err := b.lab.World().Cancel(h.State().Leg("app01").Job); err != nil {
					t.Fatal(err)
				}
				s := b.finish(h)
				l := s.Leg("app01")
				if b.azureVM("app01").Power != "running" || b.posts()["deallocate"]+b.posts()["resume"] != 0 || l.InDowntime() {
					b.dump(s)
					t.Errorf("the Azure VM is %s, sent %v", b.azureVM("app01").Power, b.posts())
				}
				if l.Damage == nil || l.Mode != engine.ModeEnded || !decide && l.Outcome != engine.OutcomeCancelled {
					t.Errorf("damage %v, %s, outcome %s", l.Damage, l.Mode, l.Outcome)
				}
				if n := len(eventsOf[engine.DecisionMade](t, b, h.ID())); decide != (n == 1) {
					t.Errorf("%d decisions", n)
				}
			})
		})
	}
}

// Tasks that a job closes as cancelled without having begun them did not happen: a
// final sync that broke off is not said to be home.
func TestClosedTasksAreNotTakenForDone(t *testing.T) {
	unraced(t)
	t.Parallel()
	for name, closed := range map[string]string{"cancelled": engine.TaskStateCancelled, "failed": engine.TaskStateFailed, "aborted": "Aborted"} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, estateWith("", "{when: final-sync, what: job-fails}"), func(t *testing.T, b *bed) {
				jobs := &retold{Inventory: b.conn.Ports.Inventory}
				jobs.tell(func(j engine.Job) engine.Job {
					if j.State == engine.JobFailed {
						j.Tasks = closeRest(j.Tasks, closed)
					}
					return j
				})
				b.conn.Ports.Inventory = jobs
				s := b.run(b.plan(engine.SyncDelta, "app01"))
				f := b.failure(s, "app01", engine.FailureJob, "run the failback again")
				if strings.Contains(f.Remedy, "data is home") || s.Leg("app01").Passed(engine.PhaseFinalSync) || s.Leg("app01").Damage == nil {
					t.Errorf("final sync passed %v, damage %v: %v", s.Leg("app01").Passed(engine.PhaseFinalSync), s.Leg("app01").Damage, f)
				}
			})
		})
	}
}

// closeRest gives every task that never began the state.
func closeRest(ts []engine.Task, state string) []engine.Task {
	ts = slices.Clone(ts)
	for i := range ts {
		if ts[i].State == engine.TaskStateNotStarted {
			ts[i].State = state
		}
		ts[i].Children = closeRest(ts[i].Children, state)
	}
	return ts
}

// powerIs tells another power state of the Azure VM, once it is set.
type powerIs struct {
	engine.AzureAccess
	power atomic.Pointer[engine.Power]
}

func (p *powerIs) Power(ctx context.Context, vm engine.AzureVMRef) (engine.Power, error) {
	if told := p.power.Load(); told != nil {
		return *told, nil
	}
	return p.AzureAccess.Power(ctx, vm)
}

func (p *powerIs) tell(power engine.Power) { p.power.Store(&power) }

// S5: an Azure VM that can't be found under its name is not confirmed stopped: it
// may have been moved, and run on.
func TestS5AVMThatIsNotThereIsNotConfirmedStopped(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		azure := &powerIs{AzureAccess: b.conn.Ports.Azure}
		b.conn.Ports.Azure = azure
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		azure.tell(engine.PowerDeleted)
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.failed(b.finish(h), "app01", engine.FailureUnsafe, "moved", "resume")
		if b.posts()["resume"] != 0 {
			t.Errorf("sent %v", b.posts())
		}
	})
}

// The forward direction: a failover whose Azure VM was not seen running is accepted
// by a person alone, since that deletes its recovery points.
func TestToAzurePolicyAcceptsNoVMThatWasNotSeenRunning(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		azure := &powerIs{AzureAccess: b.conn.Ports.Azure}
		azure.tell(engine.PowerStarting)
		b.conn.Ports.Azure = azure
		p := b.plan("", "home01")
		p.Direction = engine.ToAzure
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("home01", engine.GateCommit))
		time.Sleep(time.Hour)
		g := h.State().Leg("home01").Gate
		if g == nil || !g.NeedsReason || !strings.Contains(strings.Join(g.Consequences, " "), "not seen running") || b.posts()["failoverCommit"] != 0 {
			t.Errorf("gate %+v, sent %v", g, b.posts())
		}
	})
}
