package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// guardMark is what a start guard of this program says in a VM's notes, by which
// a later run knows it.
const guardMark = "damaged, do not start"

// GuardChanged says that the start guard of the on-premises VM was set or lifted, and
// what became of its automatic start: the journal knows the old value, beside the VM's
// own notes.
type GuardChanged struct {
	Host   string `json:"host"`
	Set    bool   `json:"set"`
	Before string `json:"auto_start_before"`
	After  string `json:"auto_start_after"`
	// Clustered says that the VM is a role of a cluster, which was told the same.
	Clustered bool `json:"clustered,omitempty"`
}

// Type names the event.
func (GuardChanged) Type() EventType { return "guard.changed" }

func (g GuardChanged) sentence() string {
	what, cluster := "lifted", ", and its cluster may start it again"
	if g.Set {
		what, cluster = "set", ", and its cluster does not start it by itself"
	}
	if !g.Clustered {
		cluster = ""
	}
	return fmt.Sprintf("start guard %s on %s: automatic start is %s, was %s%s", what, g.Host, firstOf(g.After, "unknown"), firstOf(g.Before, "unknown"), cluster)
}

// liftGuard takes the start guard away, whichever run set it. It is called only
// once the VM's disks are whole.
func (l *leg) liftGuard(ctx context.Context, vm VM) error {
	if !strings.Contains(vm.Notes, guardMark) {
		return nil
	}
	if err := l.r.Ports.Hosts.Guard(ctx, l.host(), vm.ID, ""); err != nil {
		return l.note("warn", "the start guard could not be lifted on "+l.host()+", automatic start stays off: "+err.Error())
	}
	after, err := l.guardChanged(ctx, vm, false)
	if err != nil {
		return err
	}
	if was := l.state().Guard; was != nil && was.Set && after != "" && after != was.Before {
		return l.note("warn", fmt.Sprintf("the VM's automatic start on %s is %s; before the guard it was %s: set it by hand", l.host(), after, was.Before))
	}
	return nil
}

// guardChanged records what the guard has changed, as the host tells it now.
func (l *leg) guardChanged(ctx context.Context, before VM, set bool) (after string, err error) {
	change := GuardChanged{Host: l.host(), Set: set, Before: before.AutoStart, Clustered: before.Clustered}
	if now, err := l.r.Ports.Hosts.VM(ctx, l.host(), before.ID); err == nil {
		change.After = now.AutoStart
	}
	return change.After, l.emit(change)
}

// markDamaged records the damage and sees that the start guard is set on the host,
// also where a process died between the two. A guard that can't be set is said; the
// mark in the journal holds all the same.
func (l *leg) markDamaged(ctx context.Context, why string) error {
	if l.state().Damage == nil {
		if err := l.emit(DamageMarked{Reason: why}); err != nil {
			return err
		}
	}
	vm, err := l.findVM(ctx)
	if err == nil && strings.Contains(vm.Notes, guardMark) {
		return nil
	}
	if err == nil {
		mark := fmt.Sprintf("failback %s: %s; run the failback again", l.r.Stream.State().Run, guardMark)
		err = l.r.Ports.Hosts.Guard(ctx, l.host(), vm.ID, mark)
	}
	if err != nil {
		return l.note("warn", "the start guard could not be set on "+l.host()+", see that nobody starts the VM: "+err.Error())
	}
	_, err = l.guardChanged(ctx, vm, true)
	return err
}

// StartedByOthers reports whether the on-premises VM was seen running although it must
// not be: its disks are being written, or were left half-written.
func (l *Leg) StartedByOthers() bool {
	if l.Direction != ToOnPremises || l.OnPremPower != PowerRunning {
		return false
	}
	_, started := l.Ops[OpStart]
	return started && !l.reached(PhaseStartOnPremises)
}

// warden looks at the on-premises VMs that nobody else looks at while the run goes on
// and that must not be started: at every poll at those that were left damaged, and at
// every fourth at those of legs that wait before the switch, which may be for days. One
// list a host serves them all.
func (r *Runner) warden(ctx context.Context) {
	for looks := 1; ; looks++ {
		if err := sleep(ctx, max(r.Poll, time.Millisecond)); err != nil {
			return
		}
		lists := map[string][]VM{}
		for _, l := range r.Stream.State().Legs {
			if !l.guarded() || l.Damage == nil && looks%4 != 0 {
				continue
			}
			w := &leg{r: r, item: l.Item}
			list, known := lists[w.host()]
			if !known {
				// A host that does not answer is looked at again at the next poll.
				list, _ = r.Ports.Hosts.VMs(ctx, w.host())
				lists[w.host()] = list
			}
			if err := w.ward(ctx, list); err != nil {
				return // the journal can't be kept, which ends the run itself
			}
		}
	}
}

// guarded reports whether the leg's VM must not be started, and no phase looks at it.
func (l *Leg) guarded() bool {
	if l.Direction != ToOnPremises || l.reached(PhaseStartOnPremises) && l.Damage == nil {
		return false
	}
	if l.Mode == ModeWaiting {
		_, started := l.Ops[OpStart]
		return started && l.Gate != nil && l.Gate.Gate == GateComplete
	}
	return l.Damage != nil && (l.Mode == ModeEnded || l.Mode == ModeFailed)
}

// ward looks for the leg's VM among those of its host.
func (l *leg) ward(ctx context.Context, list []VM) error {
	it, err := l.r.board.item(ctx, l.item, glance)
	if err != nil {
		return nil //nolint:nilerr // the next poll looks again
	}
	for _, vm := range list {
		if strings.EqualFold(vm.ID, it.HyperVID) {
			return l.sawHome(ctx, vm)
		}
	}
	return nil
}

// sawHome records the on-premises VM's state before its switch. Somebody who starts it
// then is told of at once: it can't boot properly, and what it writes is overwritten.
func (l *leg) sawHome(ctx context.Context, vm VM) error {
	s := l.state()
	was := s.OnPremPower
	now := PowerStopped
	if vm.Running() {
		now = PowerRunning
	}
	if now == PowerRunning && was != now {
		// The job was read before the host was: Site Recovery may have come to its
		// own start meanwhile, and nobody may be told to shut that VM down.
		j, err := l.readJob(ctx, s.Job)
		if err != nil || taskBegun(j, TaskStartOnPrimary, TaskStartFailback) || j.State.Ended() && s.Damage == nil {
			return nil //nolint:nilerr // the next look, or the next phase, knows more
		}
	}
	if err := l.sawOnPremises(now); err != nil || now == was || now != PowerRunning {
		return err
	}
	why := "while its disks are being written"
	if l.direct() && s.Damage == nil {
		return l.note("error", "somebody has started the on-premises VM on "+l.host()+", which holds what it held before the failover: shut it down, what it writes is not kept")
	}
	if s.Damage != nil {
		why = "although it is damaged since " + s.DamagedAt.UTC().Format(time.DateTime+" MST")
	}
	return l.note("error", "somebody has started the on-premises VM on "+l.host()+" "+why+": shut it down at once, it is not whole and must not run")
}
