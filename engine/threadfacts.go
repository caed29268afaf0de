package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ThreadsIntended is written, and on disk, before the download threads of a host are
// changed for a run: it holds what has to come back.
type ThreadsIntended struct {
	Host string      `json:"host"`
	Was  ThreadValue `json:"was"`
	Want ThreadValue `json:"want"`
}

// ThreadsSet says that the host was seen to have the run's download threads, or that
// looking found it had (Found).
type ThreadsSet struct {
	Host    string      `json:"host"`
	Threads ThreadValue `json:"threads"`
	Found   bool        `json:"found,omitempty"`
}

// ThreadsReturning is written before the old value is put back.
type ThreadsReturning struct {
	Host string      `json:"host"`
	To   ThreadValue `json:"to"`
}

// ThreadsReturned says that nothing of the run is left in the host's download
// threads. Left says why they are something else than before the run; empty where
// they are as they were.
type ThreadsReturned struct {
	Host    string      `json:"host"`
	Threads ThreadValue `json:"threads"`
	Found   bool        `json:"found,omitempty"` // they were so already
	Left    string      `json:"left,omitempty"`
}

// Type is "threads.intended".
func (ThreadsIntended) Type() EventType { return "threads.intended" }

// Type is "threads.set".
func (ThreadsSet) Type() EventType { return "threads.set" }

// Type is "threads.returning".
func (ThreadsReturning) Type() EventType { return "threads.returning" }

// Type is "threads.returned".
func (ThreadsReturned) Type() EventType { return "threads.returned" }

// ThreadStage is how far the change of a host's download threads has come.
type ThreadStage string

// The stages. A run holds something of its host in all but the last.
const (
	ThreadStageIntended  ThreadStage = "intended"
	ThreadStageSet       ThreadStage = "set"
	ThreadStageReturning ThreadStage = "returning"
	ThreadStageReturned  ThreadStage = "returned"
)

// HostThreads is what a run did to the download threads of a host, the last time.
type HostThreads struct {
	Host  string      `json:"host"`
	Was   ThreadValue `json:"was"`
	Want  ThreadValue `json:"want"`
	Stage ThreadStage `json:"stage"`
	// Set and Returned are when the host was seen so; zero where it was not.
	Set      time.Time `json:"set_at,omitzero"`
	Returned time.Time `json:"returned_at,omitzero"`
	Left     string    `json:"left,omitempty"`
}

// Held reports whether the old value has still to come back.
func (h HostThreads) Held() bool { return h.Stage != ThreadStageReturned }

// Words say how it stands, without the host.
func (h HostThreads) Words() string {
	switch {
	case h.Stage == ThreadStageIntended:
		return fmt.Sprintf("%s wanted, %s before; whether it was set is not known", h.Want.Words(), h.Was.Words())
	case h.Held():
		return fmt.Sprintf("%s for this run, %s before; to be put back", h.Want.Words(), h.Was.Words())
	case h.Left != "":
		return fmt.Sprintf("%s wanted, %s before; left alone: %s", h.Want.Words(), h.Was.Words(), h.Left)
	}
	return fmt.Sprintf("%s during this run, put back to %s", h.Want.Words(), h.Was.Words())
}

// ThreadsOn is what the run did to the download threads of a host.
func (s State) ThreadsOn(host string) (HostThreads, bool) {
	i := slices.IndexFunc(s.Threads, func(h HostThreads) bool { return strings.EqualFold(h.Host, host) })
	if i < 0 {
		return HostThreads{}, false
	}
	return s.Threads[i], true
}

// HeldThreads are the hosts whose old download threads have still to come back.
func (s State) HeldThreads() []HostThreads {
	var out []HostThreads
	for _, h := range s.Threads {
		if h.Held() {
			out = append(out, h)
		}
	}
	return out
}

// applyThreads folds the facts about a host's download threads. While something is
// held, no other old value may take its place.
func (s *State) applyThreads(e Event) error {
	host := threadHost(e.Body)
	h, known := s.ThreadsOn(host)
	held := known && h.Held()
	if _, begins := e.Body.(ThreadsIntended); begins == held {
		return &Illegal{Item: host, Step: "download threads", Mode: Mode(h.Stage), Trigger: Trigger(e.Type()), Why: "what has to come back would be lost, or there is nothing"}
	}
	switch b := e.Body.(type) {
	case ThreadsIntended:
		h = HostThreads{Host: b.Host, Was: b.Was, Want: b.Want, Stage: ThreadStageIntended}
	case ThreadsSet:
		h.Stage, h.Set = ThreadStageSet, e.Time
	case ThreadsReturning:
		h.Stage = ThreadStageReturning
	case ThreadsReturned:
		h.Stage, h.Returned, h.Left = ThreadStageReturned, e.Time, b.Left
	}
	s.Threads = slices.DeleteFunc(slices.Clone(s.Threads), func(o HostThreads) bool { return strings.EqualFold(o.Host, host) })
	s.Threads = append(s.Threads, h)
	return nil
}

func threadHost(b Body) string {
	switch b := b.(type) {
	case ThreadsIntended:
		return b.Host
	case ThreadsSet:
		return b.Host
	case ThreadsReturning:
		return b.Host
	case ThreadsReturned:
		return b.Host
	}
	return ""
}

// threadSentence says a fact about download threads.
func threadSentence(b Body) string {
	what := "download threads on " + threadHost(b)
	switch b := b.(type) {
	case ThreadsIntended:
		return fmt.Sprintf("about to set the %s to %s (%s before)", what, b.Want.Words(), b.Was.Words())
	case ThreadsSet:
		if b.Found {
			return fmt.Sprintf("%s: found set to %s", what, b.Threads.Words())
		}
		return fmt.Sprintf("%s: set to %s", what, b.Threads.Words())
	case ThreadsReturning:
		return fmt.Sprintf("about to put the %s back to %s", what, b.To.Words())
	case ThreadsReturned:
		switch {
		case b.Left != "":
			return fmt.Sprintf("%s: left alone (%s): %s", what, b.Threads.Words(), b.Left)
		case b.Found:
			return fmt.Sprintf("%s: found as before the run (%s)", what, b.Threads.Words())
		}
		return fmt.Sprintf("%s: put back (%s)", what, b.Threads.Words())
	}
	return ""
}
