package engine

import (
	"fmt"
	"strconv"
	"time"
)

// The limits of DownloadThreadsPerVM (Azure docs, vmm-to-azure-walkthrough-capacity):
// what the agent takes where nothing is set, and the most that it takes.
const (
	DefaultThreads = 4
	MostThreads    = 32
)

// ThreadsKind is the registry's word for the kind of value that the documents name.
const ThreadsKind = "DWord"

// ThreadValue is DownloadThreadsPerVM as the registry has it. Not being set is
// something else than 0, and is put back as such.
type ThreadValue struct {
	Set   bool `json:"set"`
	Value int  `json:"value"`
}

// ThreadsOf is a value that is set.
func ThreadsOf(n int) ThreadValue { return ThreadValue{Set: true, Value: n} }

// Words say the value.
func (v ThreadValue) Words() string {
	if !v.Set {
		return "not set"
	}
	return strconv.Itoa(v.Value)
}

// Effective is how many threads the agent takes a VM.
func (v ThreadValue) Effective() int {
	if !v.Set {
		return DefaultThreads
	}
	return v.Value
}

// DownloadThreads are how many threads a host's agent downloads one VM with.
type DownloadThreads struct {
	Agent    bool        `json:"agent"` // the agent is installed
	Download ThreadValue `json:"download"`
	// Kind is the registry's word for the kind of value, DWord where it is right;
	// empty where nothing is set. Another kind is never changed.
	Kind string `json:"kind,omitempty"`
	// Parent is the same value one key above, where older documents put it and the
	// agent does not look.
	Parent ThreadValue `json:"parent"`
	Cores  int         `json:"cores"` // logical processors
}

// ThreadChange is a change of the download threads.
type ThreadChange struct {
	Expect ThreadValue // what was seen
	Want   ThreadValue
	// Restore allows a value outside the documented range: one that was there before.
	Restore bool
}

// CheckThreads refuses a number that the documents do not allow.
func CheckThreads(n int) error {
	if n >= 1 && n <= MostThreads {
		return nil
	}
	return Usagef(fmt.Sprintf("name one from 1 to %d", MostThreads),
		"%d download threads: Microsoft documents %d as the default and %d as the most", n, DefaultThreads, MostThreads)
}

// threadsACore is how many threads a core is counted on to carry, and threadRate the
// bytes a second that one brings over a line with room. Both are inferred.
const (
	threadsACore = 4
	threadRate   = 1 << 20
)

// ProposeThreads is a number of download threads a VM for a host with so many cores
// that downloads so many machines at once, and why. limit is what the agent may take
// a second, 0 without a throttle. The documents only name the default and the most:
// the proposal is inferred.
func ProposeThreads(cores, machines int, limit int64) (int, string) {
	machines = max(1, machines)
	room, why := DefaultThreads, "the number of processors is not known"
	if cores > 0 {
		room, why = cores*threadsACore/machines, fmt.Sprintf("%d processors, %d at once", cores, machines)
	}
	if line := int(min(limit/threadRate, MostThreads*1024)) / machines; limit > 0 && line < room {
		room, why = line, fmt.Sprintf("the agent's throttle of %s/s has no room for more", SizeWords(limit))
	}
	n := DefaultThreads
	for n*2 <= min(room, MostThreads) {
		n *= 2
	}
	return n, why
}

// LimitAt is what the agent may take a second at that moment, 0 for no limit; t may
// be nil. It goes by the host's own zone.
func (t *Throttle) LimitAt(at time.Time) int64 {
	if t == nil {
		return 0
	}
	local := at.UTC().Add(t.Offset)
	since := local.Sub(local.Truncate(24 * time.Hour))
	for _, d := range t.Days {
		if d == local.Weekday().String() && since >= t.From && since < t.To {
			return t.Work
		}
	}
	return t.NonWork
}
