package connect_test

import (
	"testing"

	"failback/engine"
)

// pair has two small machines on one host.
const pair = `
name: pair
speed: 1
guest_every: 2s
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - {name: one01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: two01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
`

// threads are the download threads of the host now.
func (b *bed) threads() engine.ThreadValue {
	b.t.Helper()
	now, err := b.conn.Ports.Hosts.Threads(b.t.Context(), "hv01")
	if err != nil {
		b.t.Fatal(err)
	}
	return now.Download
}

// S17: two legs of one host download with the plan's threads, also over a detach and
// a resume, and leave the host as it was.
func TestS17TwoLegsShareTheThreadsOfTheirHost(t *testing.T) {
	t.Parallel()
	inBubble(t, pair, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "one01", "two01")
		p.Threads, p.Approve = 16, []engine.Gate{engine.GateCommit, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the gates", func(s engine.State) bool { return len(s.Waiting()) == 2 })
		if got := b.threads(); got != engine.ThreadsOf(16) {
			t.Errorf("while it synchronises: %s", got.Words())
		}
		h.Detach()
		b.finish(h)
		if got := b.threads(); got != engine.ThreadsOf(16) {
			t.Errorf("let go of, the jobs going on: %s", got.Words())
		}
		h = b.resume(h.ID())
		b.until(h, "at the gates again", func(s engine.State) bool { return len(s.Waiting()) == 2 })
		for _, item := range []string{"one01", "two01"} {
			if err := h.Decide(item, engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
				t.Fatal(err)
			}
		}
		s := b.finish(h)
		b.succeeded(s)
		if got := b.threads(); got.Set || s.Resumable() {
			t.Errorf("afterwards: %s, resumable %v", got.Words(), s.Resumable())
		}
		for what, n := range map[string]int{
			"intended":  len(eventsOf[engine.ThreadsIntended](t, b, h.ID())),
			"set":       len(eventsOf[engine.ThreadsSet](t, b, h.ID())),
			"returning": len(eventsOf[engine.ThreadsReturning](t, b, h.ID())),
			"returned":  len(eventsOf[engine.ThreadsReturned](t, b, h.ID())),
		} {
			if n != 1 {
				t.Errorf("%d times %s", n, what)
			}
		}
	})
}

// S17: a run that is cancelled puts the old value back.
func TestS17ACancelPutsTheThreadsBack(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		if err := b.conn.Ports.Hosts.SetThreads(t.Context(), "hv01", engine.ThreadChange{Want: engine.ThreadsOf(6)}); err != nil {
			t.Fatal(err)
		}
		p := b.plan(engine.SyncDelta, "app01")
		p.Threads, p.Approve = 16, nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		if got := b.threads(); got != engine.ThreadsOf(16) {
			t.Fatalf("while it synchronises: %s", got.Words())
		}
		if err := h.Cancel("app01", "anna", "wrong machine"); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		if got := b.threads(); s.Outcome != engine.OutcomeCancelled || got != engine.ThreadsOf(6) || s.Resumable() {
			b.dump(s)
			t.Errorf("outcome %s, %s", s.Outcome, got.Words())
		}
	})
}
