package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// registry is a host's download threads, with what can go wrong on the way to them.
type registry struct {
	HostAccess
	now    DownloadThreads
	writes int
	// before is asked before a write; an error keeps it from happening.
	before func() error
	// answer replaces the answer of a write that has happened.
	answer error
	// reads are errors of the next looks.
	reads []error
}

func (g *registry) Threads(context.Context, string) (DownloadThreads, error) {
	if len(g.reads) > 0 {
		err := g.reads[0]
		g.reads = g.reads[1:]
		if err != nil {
			return DownloadThreads{}, err
		}
	}
	return g.now, nil
}

func (g *registry) SetThreads(_ context.Context, _ string, c ThreadChange) error {
	if g.before != nil {
		if err := g.before(); err != nil {
			return err
		}
	}
	if g.now.Download != c.Expect {
		return Refuse("set", "hv01", "another value", "look")
	}
	g.now.Download, g.now.Kind = c.Want, ThreadsKind
	g.writes++
	return g.answer
}

// threadRun is a run of two items of one host over a registry, driven by hand.
type threadRun struct {
	t   *testing.T
	rec *memory
	reg *registry
	r   *Runner
}

func newThreadRun(t *testing.T, reg *registry) *threadRun {
	t.Helper()
	p := testPlan(SyncDelta)
	p.Threads = 16
	for i := range p.Items {
		p.Items[i].Host = "hv01"
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	x := &threadRun{t: t, rec: &memory{}, reg: reg}
	x.drive(opening(t, x.rec, p))
	return x
}

// drive is a process that takes the run over.
func (x *threadRun) drive(s *Stream) {
	x.r = &Runner{Ports: Ports{Hosts: x.reg}, Stream: s, Poll: time.Second, ctx: x.t.Context(), active: map[string]context.CancelCauseFunc{}}
	x.r.threads = newThreadKeeper(x.r)
	for _, l := range s.State().Legs {
		x.r.active[l.Item.Name] = func(error) {}
	}
}

// again is the next process, after one that died.
func (x *threadRun) again() {
	x.t.Helper()
	x.rec.failAt = 0
	st, err := Fold(x.rec.events)
	if err != nil {
		x.t.Fatal(err)
	}
	s := NewStream(st.Run, st, x.rec, nobody{}, func() time.Time { return day })
	if err := s.Emit("", PhaseNone, RunResumed{"lee@jump02"}); err != nil {
		x.t.Fatal(err)
	}
	x.drive(s)
}

func (x *threadRun) hold(item string) error {
	return x.r.threads.hold(x.t.Context(), &leg{r: x.r, item: x.r.Stream.State().Leg(item).Item})
}

// land lets a leg go, as the end of its goroutine does.
func (x *threadRun) land(item string) error {
	delete(x.r.active, item)
	return x.r.threads.release(x.t.Context(), "hv01")
}

func (x *threadRun) whole() error {
	for _, item := range []string{"web01", "db01"} {
		if err := x.hold(item); err != nil {
			return err
		}
	}
	for _, item := range []string{"web01", "db01"} {
		if err := x.land(item); err != nil {
			return err
		}
	}
	return x.r.threads.releaseAll(x.t.Context())
}

// factsOf counts the facts of a kind.
func factsOf[B Body](x *threadRun) (n int) {
	for _, e := range x.rec.events {
		if _, ok := e.Body.(B); ok {
			n++
		}
	}
	return n
}

func (x *threadRun) notes() string {
	var all []string
	for _, e := range x.rec.events {
		all = append(all, Sentence(e))
	}
	return strings.Join(all, "\n")
}

func agentWith(v ThreadValue) *registry {
	g := &registry{now: DownloadThreads{Agent: true, Download: v}}
	if v.Set {
		g.now.Kind = ThreadsKind
	}
	return g
}

// S17: the first leg of a host sets the threads, the last one puts them back, and the
// old value is on disk before anything is changed; also where it was not set at all.
func TestS17TheFirstLegSetsAndTheLastPutsBack(t *testing.T) {
	for _, was := range []ThreadValue{{}, ThreadsOf(4), ThreadsOf(64)} {
		reg := agentWith(was)
		x := newThreadRun(t, reg)
		reg.before = func() error {
			h, ok := x.r.Stream.State().ThreadsOn("HV01")
			if last := x.rec.events[len(x.rec.events)-1].Body; !ok || h.Was != was || last.Type() != "threads.intended" && last.Type() != "threads.returning" {
				t.Errorf("%s: changed with %+v on disk, after %T", was.Words(), h, last)
			}
			return nil
		}
		for _, item := range []string{"web01", "db01", "web01"} {
			if err := x.hold(item); err != nil || reg.now.Download != ThreadsOf(16) || reg.writes != 1 {
				t.Fatalf("%s: %v, %+v after %d", item, err, reg.now, reg.writes)
			}
		}
		if err := x.land("web01"); err != nil || reg.now.Download != ThreadsOf(16) {
			t.Errorf("with another leg at work: %v, %+v", err, reg.now)
		}
		if err := x.land("db01"); err != nil || reg.now.Download != was || reg.writes != 2 {
			t.Errorf("at the end: %v, %+v after %d", err, reg.now, reg.writes)
		}
		if h, _ := x.r.Stream.State().ThreadsOn("hv01"); h.Held() || h.Left != "" || h.Set.IsZero() || h.Returned.IsZero() {
			t.Errorf("%+v", h)
		}
	}
}

// S17: a process may die at any line and around any request: the old value comes
// back, nothing is changed that is not in the journal, and nothing twice.
func TestS17ACrashAnywhereLosesNoOldValue(t *testing.T) {
	for _, was := range []ThreadValue{{}, ThreadsOf(8)} {
		for n := 4; ; n++ { // after the opening
			x := newThreadRun(t, agentWith(was))
			x.rec.failAt = n
			if err := x.whole(); err == nil {
				if n < 8 {
					t.Fatalf("only %d lines", n)
				}
				break
			}
			x.again()
			x.check(was, n)
		}
		for n := 1; n <= 2; n++ { // the request itself never goes out
			reg := agentWith(was)
			x := newThreadRun(t, reg)
			left := n
			reg.before = func() error {
				if left--; left == 0 {
					x.rec.failAt = 1
					return &Failure{Kind: FailureUnknown, What: "set", Why: "died"}
				}
				return nil
			}
			if err := x.whole(); err == nil {
				t.Fatal("it did not die")
			}
			reg.before = nil
			x.again()
			x.check(was, -n)
		}
	}
}

func (x *threadRun) check(was ThreadValue, n int) {
	x.t.Helper()
	if err := x.whole(); err != nil {
		x.t.Fatalf("%d: %v", n, err)
	}
	if x.reg.now.Download != was || len(x.r.Stream.State().HeldThreads()) > 0 {
		x.t.Errorf("%d: %+v, held %+v\n%s", n, x.reg.now, x.r.Stream.State().HeldThreads(), x.notes())
	}
	if intents := factsOf[ThreadsIntended](x) + factsOf[ThreadsReturning](x); x.reg.writes > intents || x.reg.writes%2 != 0 {
		x.t.Errorf("%d: %d writes, %d intents", n, x.reg.writes, intents)
	}
}

// S17: what somebody else did meanwhile is left alone, and said.
func TestS17SomebodyElsesChangeIsLeftAlone(t *testing.T) {
	t.Run("before the end", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadValue{}))
		if err := x.hold("web01"); err != nil {
			t.Fatal(err)
		}
		x.reg.now.Download = ThreadsOf(24)
		x.left(t, ThreadsOf(24), 1)
	})
	t.Run("between two processes", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadValue{}))
		if err := x.hold("web01"); err != nil {
			t.Fatal(err)
		}
		x.again()
		x.reg.now.Download = ThreadsOf(24)
		if err := x.hold("web01"); err != nil {
			t.Fatal(err)
		}
		x.left(t, ThreadsOf(24), 1)
	})
	t.Run("at the same moment", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadValue{}))
		x.reg.before = func() error { x.reg.now.Download = ThreadsOf(8); return nil }
		if err := x.hold("web01"); err != nil {
			t.Fatal(err)
		}
		x.left(t, ThreadsOf(8), 0)
	})
	t.Run("of another kind", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadValue{Set: true}))
		x.reg.now.Kind = "String"
		x.untouched(t, "kind String")
	})
	t.Run("it is so already", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadsOf(16)))
		x.untouched(t, "already")
	})
	t.Run("another run holds them", func(t *testing.T) {
		x := newThreadRun(t, agentWith(ThreadsOf(16)))
		x.r.ThreadsHeld = func(host string) (RunID, bool) { return "20261122-220000-other1", host == "hv01" }
		x.untouched(t, "run 20261122-220000-other1 has set them")
	})
	t.Run("no agent", func(t *testing.T) {
		x := newThreadRun(t, &registry{})
		x.untouched(t, "no recovery services agent")
	})
}

func (x *threadRun) left(t *testing.T, now ThreadValue, writes int) {
	t.Helper()
	if err := x.whole(); err != nil {
		t.Fatal(err)
	}
	h, _ := x.r.Stream.State().ThreadsOn("hv01")
	if x.reg.now.Download != now || x.reg.writes != writes || h.Held() || !strings.Contains(h.Left, "somebody") || !strings.Contains(x.notes(), "left alone") {
		t.Errorf("%+v after %d writes; %+v\n%s", x.reg.now, x.reg.writes, h, x.notes())
	}
}

func (x *threadRun) untouched(t *testing.T, word string) {
	t.Helper()
	if err := x.whole(); err != nil {
		t.Fatal(err)
	}
	if x.reg.writes != 0 || len(x.r.Stream.State().Threads) != 0 || !strings.Contains(x.notes(), word) {
		t.Errorf("%d writes\n%s", x.reg.writes, x.notes())
	}
}

// S17: threads are no reason to stop: what could not be set or read is said, and what
// could not be put back keeps the run resumable until it is.
func TestS17WhatGoesWrongWithThreadsStopsNothing(t *testing.T) {
	down := &Failure{Kind: FailureRetryable, What: "read", Where: "hv01", Why: "no answer", Remedy: "wait"}
	denied := &Failure{Kind: FailurePermission, What: "set", Where: "hv01", Why: "access denied", Remedy: "ask"}
	for name, c := range map[string]struct {
		spoil func(*registry)
		word  string
		set   bool
	}{
		"not to be looked at":     {func(g *registry) { g.reads = []error{down} }, "could not be looked at", false},
		"no right":                {func(g *registry) { g.before = func() error { return denied } }, "access denied", false},
		"an answer that was lost": {func(g *registry) { g.answer = &Failure{Kind: FailureUnknown, What: "set", Why: "lost"} }, "found set to 16", true},
		"lost, then silence": {func(g *registry) {
			g.answer, g.reads = &Failure{Kind: FailureUnknown, What: "set", Why: "lost"}, []error{nil, denied}
		}, "is not known", true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := newThreadRun(t, agentWith(ThreadValue{}))
				c.spoil(x.reg)
				if err := x.hold("web01"); err != nil || !strings.Contains(x.notes(), c.word) || x.reg.now.Download.Set != c.set {
					t.Fatalf("%v, %+v\n%s", err, x.reg.now, x.notes())
				}
				x.reg.before, x.reg.answer = nil, nil
				if err := x.land("db01"); err != nil {
					t.Fatal(err)
				}
				if err := x.land("web01"); err != nil || x.reg.now.Download.Set || len(x.r.Stream.State().HeldThreads()) > 0 {
					t.Errorf("%v, %+v\n%s", err, x.reg.now, x.notes())
				}
			})
		})
	}
	t.Run("not to be put back", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			x := newThreadRun(t, agentWith(ThreadsOf(2)))
			if err := x.hold("web01"); err != nil {
				t.Fatal(err)
			}
			x.reg.reads = []error{down, down, down, down, down, down}
			if err := errors.Join(x.land("web01"), x.land("db01"), x.r.threads.releaseAll(t.Context())); err != nil {
				t.Fatal(err)
			}
			if held := x.r.Stream.State().HeldThreads(); len(held) != 1 || !x.r.Stream.State().Resumable() || !strings.Contains(x.notes(), "failback resume") {
				t.Fatalf("%+v\n%s", held, x.notes())
			}
			x.reg.reads = nil
			x.again()
			if err := x.r.threads.releaseAll(t.Context()); err != nil || x.reg.now.Download != ThreadsOf(2) {
				t.Errorf("%v, %+v", err, x.reg.now)
			}
		})
	})
}

// Who lets go of a run while its jobs go on leaves the threads as they are.
func TestS17ADetachLeavesTheThreads(t *testing.T) {
	x := newThreadRun(t, agentWith(ThreadValue{}))
	if err := x.hold("web01"); err != nil {
		t.Fatal(err)
	}
	gone, detach := context.WithCancel(t.Context())
	detach()
	clear(x.r.active)
	if err := errors.Join(x.r.threads.release(gone, "hv01"), x.r.threads.releaseAll(gone)); err != nil || x.reg.writes != 1 {
		t.Errorf("%v, %d writes", err, x.reg.writes)
	}
}

// S17: 40 is refused, with what the documents say; so are threads towards Azure.
func TestS17ThreadsOutsideTheDocumentsAreRefused(t *testing.T) {
	for n, good := range map[int]bool{-1: false, 1: true, 4: true, 32: true, 33: false, 40: false} {
		p := testPlan(SyncDelta)
		p.Threads = n
		if err := p.Validate(); (err == nil) != good || !good && !strings.Contains(err.Error(), "1 to 32") {
			t.Errorf("%d: %v", n, err)
		}
		if err := CheckThreads(n); (err == nil) != good {
			t.Errorf("%d: %v", n, err)
		}
	}
	p := testPlan(SyncUnknown)
	p.Direction, p.Threads = ToAzure, 16
	if p.Validate() == nil {
		t.Error("towards Azure nothing is downloaded")
	}
}

// S17: the proposal goes up with processors, down with machines and with a throttle,
// and never leaves the documented range.
func TestS17TheProposal(t *testing.T) {
	for _, c := range []struct {
		cores, machines int
		limit           int64
		want            int
	}{
		{0, 1, 0, 4}, {4, 1, 0, 16}, {16, 1, 0, 32}, {16, 4, 0, 16}, {16, 8, 0, 8}, {2, 40, 0, 4}, {64, 0, 0, 32},
		{16, 1, 10 << 20, 8}, {16, 1, 64 << 10, 4}, {16, 2, 1 << 40, 32},
	} {
		if n, why := ProposeThreads(c.cores, c.machines, c.limit); n != c.want || why == "" {
			t.Errorf("%+v: %d, %s", c, n, why)
		}
	}
}
