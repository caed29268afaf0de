package runs

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/journal"
)

// oneValue is the download threads of a host.
type oneValue struct {
	engine.HostAccess
	now engine.ThreadValue
}

func (o *oneValue) Threads(context.Context, string) (engine.DownloadThreads, error) {
	return engine.DownloadThreads{Agent: true, Download: o.now}, nil
}

func (o *oneValue) SetThreads(_ context.Context, _ string, c engine.ThreadChange) error {
	if o.now != c.Expect {
		return engine.Refuse("set", "hv01", "another value", "look")
	}
	o.now = c.Want
	return nil
}

// S17: a process that died after its last leg had ended, with a host's threads still
// set, leaves a run that can be resumed; the resume puts them back and does no more.
// Until then another run leaves that host alone.
func TestS17ARunThatOnlyHoldsThreadsIsResumed(t *testing.T) {
	s, m := manager(t, blocking)
	id := newRunID(time.Now())
	dir, err := s.create(id)
	if err != nil {
		t.Fatal(err)
	}
	w, err := journal.Create(filepath.Join(dir, journal.FileName))
	if err != nil {
		t.Fatal(err)
	}
	st := engine.NewStream(id, engine.State{}, w, silent{}, nil)
	for _, e := range []struct {
		item string
		body engine.Body
	}{
		{"", engine.StreamOpened{Schema: 1}},
		{"", engine.RunPlanned{Plan: plan()}},
		{"", engine.RunStarted{}},
		{"", engine.ThreadsIntended{Host: "hv01", Was: engine.ThreadsOf(2), Want: engine.ThreadsOf(16)}},
		{"", engine.ThreadsSet{Host: "hv01", Threads: engine.ThreadsOf(16)}},
		{"web01", engine.CancelRequested{By: "anna"}},
		{"web01", engine.LegFinished{Outcome: engine.OutcomeCancelled}},
	} {
		if err := st.Emit(e.item, engine.PhaseNone, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if by, held := s.threadsHeldBy("HV01", "another"); !held || by != id {
		t.Errorf("held by %q, %v", by, held)
	}
	if _, held := s.threadsHeldBy("hv01", id); held {
		t.Error("a run is kept out by itself")
	}
	if list, err := s.List(); err != nil || !list[0].Resumable {
		t.Errorf("%+v, %v", list, err)
	}
	host := &oneValue{now: engine.ThreadsOf(16)}
	m.conn.Ports.Hosts = host
	h, err := m.Resume(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	<-h.Done()
	if got := h.State(); host.now != engine.ThreadsOf(2) || got.Outcome != engine.OutcomeCancelled || got.Resumable() {
		t.Errorf("%+v, outcome %s, resumable %v", host.now, got.Outcome, got.Resumable())
	}
	if holders, err := s.ThreadsHolders("hv01"); err != nil || len(holders) != 0 {
		t.Errorf("%+v, %v", holders, err)
	}
	if _, err := m.Resume(t.Context(), id); err == nil {
		t.Error("it is resumed once more")
	}
}
