package engine

import (
	"context"
	"fmt"
)

// upload looks at what a re-protection sends. Only what changed since the Azure VM
// stopped has to go; the service does not say when it sends everything again instead,
// so that has to be told from how much the host's agent reads.
type upload struct {
	l     *leg
	base  *Activity
	holds int64 // of the VM's disk files, 0 where nobody knows
	said  bool
	looks int
	told  int64 // what was last recorded as read
}

// wholeShare is the part of what the disks hold from which an upload looks like one of
// everything. It is ours, not documented anywhere.
const wholeShare = 0.5

// upload begins a picture of what is sent. Where the counters were not read before the
// re-protection, the first look has to serve.
func (l *leg) upload(ctx context.Context) *upload {
	u := &upload{l: l, base: l.counted}
	vm, err := l.glimpseVM(ctx)
	for _, d := range vm.Disks {
		if err != nil || d.Problem != "" || d.PassThrough {
			u.holds = 0
			break
		}
		u.holds += d.File
	}
	return u
}

// uploading is the picture of what is sent, begun anew after a resume.
func (l *leg) uploading(ctx context.Context) *upload {
	if l.sent == nil {
		l.counted = nil
		l.sent = l.upload(ctx)
	}
	return l.sent
}

// tick reads the counters once. Missing ones cost the picture, never the run.
func (u *upload) tick(ctx context.Context) error {
	// A machine may be on its way to be protected for days, with many others.
	if u.looks++; u.looks%4 != 1 {
		return nil
	}
	a, err := u.l.r.Ports.Hosts.Activity(ctx, u.l.host())
	if err != nil {
		return nil //nolint:nilerr // the next look is at the next poll
	}
	if u.base == nil || a.Read < u.base.Read || a.Written < u.base.Written {
		u.base = &a
	}
	read := a.Read - u.base.Read
	if read > u.told+u.told/10 { // recorded as it grows, not as time passes
		u.told = read
		if err := u.l.emit(SyncProgress{Read: read, Written: a.Written - u.base.Written, Estimate: true, Shared: u.shared()}); err != nil {
			return err
		}
	}
	if u.said || u.holds == 0 || u.shared() || float64(read) < wholeShare*float64(u.holds) {
		return nil
	}
	u.said = true
	return u.l.note("error", fmt.Sprintf("it looks as if everything is sent to Azure again: the agent on %s has read %s since the re-protection began, the disks hold %s, and only what changed since the Azure VM stopped should be sent. "+
		"The agent's counters are an estimate and belong to the whole host: look at the item's replication in the portal, and at the line", u.l.host(), SizeWords(read), SizeWords(u.holds)))
}

// shared reports whether other legs of the run send through the same agent.
func (u *upload) shared() bool {
	s := u.l.r.Stream.State()
	for _, o := range s.Legs {
		p := o.Step().Phase
		sends := o.Mode == ModeRunning && (p == PhaseReverseReplicate || p == PhaseProtected || p == PhaseInitialSync || p == PhaseFinalSync)
		if o.Item.Name != u.l.item.Name && sends && (s.Plan.Target.Alternate || o.Item.Host == u.l.item.Host) {
			return true
		}
	}
	return false
}
