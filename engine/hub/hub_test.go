package hub

import (
	"context"
	"errors"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"

	"failback/engine"
)

// moved is a kept event: a transition of an item.
func moved(seq uint64, item string) engine.Event {
	return engine.Event{V: 1, Seq: seq, Item: item, Phase: engine.PhaseInitialSync, Body: engine.PhaseStarted{}}
}

// passing is progress that the journal does not keep.
func passing(item string, read int64) engine.Event {
	return engine.Event{V: 1, Item: item, Phase: engine.PhaseInitialSync, Body: engine.SyncProgress{Read: read}}
}

// drain reads a mailbox of a closed hub to its end.
func drain(t *testing.T, b *Mailbox) []engine.Event {
	t.Helper()
	var all []engine.Event
	for {
		batch, err := b.Next(t.Context())
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Error(err)
			}
			return all
		}
		if len(batch) == 0 {
			t.Error("an empty batch and no error")
		}
		all = append(all, batch...)
	}
}

// seqs are the sequence numbers of the kept events, in the order of arrival.
func seqs(events []engine.Event) []uint64 {
	var out []uint64
	for _, e := range events {
		if e.Seq != 0 {
			out = append(out, e.Seq)
		}
	}
	return out
}

func wantSeqs(t *testing.T, events []engine.Event, n uint64) {
	t.Helper()
	got := seqs(events)
	if uint64(len(got)) != n {
		t.Fatalf("%d transitions arrived, %d were published", len(got), n)
	}
	for i, s := range got {
		if s != uint64(i)+1 {
			t.Fatalf("transition %d arrived at place %d", s, i+1)
		}
	}
}

func TestTransitionsAreNeverLost(t *testing.T) {
	const transitions = 200
	h := New()
	b := h.Subscribe()
	for seq := uint64(1); seq <= transitions; seq++ {
		h.Publish(moved(seq, "web"))
		for i := range int64(50) {
			h.Publish(passing("web", i))
		}
	}
	h.Close()
	all := drain(t, b)
	wantSeqs(t, all, transitions)
	if len(all) > 2*transitions {
		t.Errorf("%d events wait; progress between two transitions should be one", len(all))
	}
}

func TestNewerProgressReplacesOlderOfTheSameLegAndPhase(t *testing.T) {
	h := New()
	b := h.Subscribe()
	h.Publish(moved(1, "web"))
	for i := range int64(10) {
		h.Publish(passing("web", i))
		h.Publish(passing("db", 100+i))
	}
	h.Close()
	all := drain(t, b)
	if len(all) != 3 {
		t.Fatalf("%d events, want one transition and one progress for each leg", len(all))
	}
	for i, want := range map[int]engine.Event{1: passing("web", 9), 2: passing("db", 109)} {
		if got := all[i]; got.Item != want.Item || !reflect.DeepEqual(got.Body, want.Body) {
			t.Errorf("place %d holds %+v, want %+v", i, got, want)
		}
	}
}

func TestProgressNeverMovesAcrossATransition(t *testing.T) {
	h := New()
	b := h.Subscribe()
	h.Publish(passing("web", 1))
	h.Publish(moved(1, "web"))
	h.Publish(passing("web", 2))
	h.Close()
	all := drain(t, b)
	if len(all) != 3 || !reflect.DeepEqual(all[0].Body, engine.SyncProgress{Read: 1}) || all[1].Seq != 1 || !reflect.DeepEqual(all[2].Body, engine.SyncProgress{Read: 2}) {
		t.Errorf("order was not kept: %+v", all)
	}
}

func TestAReaderThatNeverReadsStallsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		dead := h.Subscribe()
		live := h.Subscribe()
		var got []engine.Event
		go func() { got = drain(t, live) }()
		for seq := uint64(1); seq <= 1000; seq++ {
			h.Publish(moved(seq, "web"))
			h.Publish(passing("web", int64(seq)))
		}
		h.Close()
		synctest.Wait()
		wantSeqs(t, got, 1000)
		wantSeqs(t, drain(t, dead), 1000)
	})
}

func TestALateSubscriberSeesEverything(t *testing.T) {
	h := New(moved(1, "web"), moved(2, "web"))
	h.Publish(moved(3, "web"))
	h.Publish(passing("web", 7)) // nobody listens: passing progress is gone
	late := h.Subscribe()
	h.Publish(moved(4, "web"))
	h.Close()
	afterwards := h.Subscribe()
	all := drain(t, late)
	wantSeqs(t, all, 4)
	if len(all) != 4 {
		t.Errorf("progress from before was kept: %+v", all)
	}
	wantSeqs(t, drain(t, afterwards), 4)
}

func TestPastEventsAreNotShared(t *testing.T) {
	past := []engine.Event{moved(1, "web")}
	h := New(past...)
	past[0] = moved(99, "other")
	h.Close()
	wantSeqs(t, drain(t, h.Subscribe()), 1)
}

func TestNextWaitsForSomethingOrTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		b := h.Subscribe()
		why := errors.New("the screen closed")
		ctx, cancel := context.WithCancelCause(t.Context())
		var batch []engine.Event
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			batch, err = b.Next(ctx)
		}()
		synctest.Wait()
		select {
		case <-done:
			t.Fatal("Next came back with nothing")
		default:
		}
		h.Publish(moved(1, "web"))
		<-done
		if err != nil || len(batch) != 1 {
			t.Fatalf("%v, %v", batch, err)
		}
		cancel(why)
		if _, err := b.Next(ctx); !errors.Is(err, why) {
			t.Errorf("after the context ended: %v", err)
		}
	})
}

func TestCloseDeliversWhatWaitsAndEndsOnce(t *testing.T) {
	h := New()
	b := h.Subscribe()
	h.Publish(moved(1, "web"))
	h.Close()
	h.Close()
	if batch, err := b.Next(t.Context()); err != nil || len(batch) != 1 {
		t.Errorf("what waited was lost: %v, %v", batch, err)
	}
	for range 2 {
		if _, err := b.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestAClosedMailboxGetsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		gone, stays := h.Subscribe(), h.Subscribe()
		var err error
		go func() { _, err = gone.Next(t.Context()) }()
		synctest.Wait()
		gone.Close()
		gone.Close()
		synctest.Wait()
		if !errors.Is(err, io.EOF) {
			t.Errorf("a reader that waited was not let go: %v", err)
		}
		h.Publish(moved(1, "web"))
		if batch, err := gone.Next(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("a closed mailbox was filled: %v, %v", batch, err)
		}
		h.Close()
		wantSeqs(t, drain(t, stays), 1)
	})
}

// Many publishers, readers that come and go, and a close, all at once: the race
// detector and the sequence numbers judge.
func TestManyAtOnce(t *testing.T) {
	const transitions = 2000
	h := New()
	var mu sync.Mutex // the stream stamps and publishes under one lock
	var seq uint64
	var publishers, readers sync.WaitGroup
	for range 8 {
		b := h.Subscribe()
		readers.Go(func() { wantAll(t, b, transitions) })
	}
	for range 4 {
		publishers.Go(func() {
			for range transitions / 4 {
				mu.Lock()
				seq++
				h.Publish(moved(seq, "web"))
				mu.Unlock()
				h.Publish(passing("web", 1))
			}
		})
		publishers.Go(func() {
			for range 50 {
				b := h.Subscribe()
				_, _ = b.Next(t.Context())
				b.Close()
			}
		})
	}
	publishers.Wait()
	h.Close()
	readers.Wait()
}

// wantAll reads to the end and reports, from its own goroutine, what is missing.
func wantAll(t *testing.T, b *Mailbox, n uint64) {
	t.Helper()
	var last uint64
	for {
		batch, err := b.Next(t.Context())
		if err != nil {
			if !errors.Is(err, io.EOF) || last != n {
				t.Errorf("ended with %v after transition %d of %d", err, last, n)
			}
			return
		}
		for _, s := range seqs(batch) {
			if s != last+1 {
				t.Errorf("transition %d follows %d", s, last)
			}
			last = s
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	for name, readers := range map[string]int{"nobody reads": 0, "one dead reader": 1, "eight dead readers": 8} {
		b.Run("progress, "+name, func(b *testing.B) {
			h := New()
			for range readers {
				h.Subscribe()
			}
			e := passing("web", 1)
			b.ReportAllocs()
			for b.Loop() {
				h.Publish(e)
			}
		})
	}
	b.Run("transitions, one live reader", func(b *testing.B) {
		h := New()
		box := h.Subscribe()
		var reader sync.WaitGroup
		reader.Go(func() {
			for {
				if _, err := box.Next(b.Context()); err != nil {
					return
				}
			}
		})
		e := moved(1, "web")
		b.ReportAllocs()
		for b.Loop() {
			h.Publish(e)
		}
		h.Close()
		reader.Wait()
	})
}
