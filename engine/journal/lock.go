package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"failback/engine"
)

// lockName is the lock's name in a run's folder.
const lockName = "lock"

// How often, and how far apart, a lock that is held is tried for again.
const (
	lockTries = 5
	lockPause = 20 * time.Millisecond
)

// Owner is who holds a run's lock.
type Owner struct {
	Driver string    `json:"driver"` // user@host
	PID    int       `json:"pid"`
	Since  time.Time `json:"since"`
}

// String names the owner in one phrase.
func (o Owner) String() string {
	if o.Driver == "" {
		return "another process"
	}
	return fmt.Sprintf("%s (process %d, since %s)", o.Driver, o.PID, o.Since.Format("2006-01-02 15:04:05"))
}

// Held is the error of [Acquire] when another process drives the run.
type Held struct{ Owner Owner }

// Error names the process that holds the lock.
func (h *Held) Error() string { return "the run is driven by " + h.Owner.String() }

// Lock is the right to drive a run. The operating system gives it back when the
// process ends, however it ends: a lock is never stale.
type Lock struct{ f *flock.Flock }

// Acquire takes the lock of the run in dir, or fails with [*Held].
func Acquire(dir, driver string, now time.Time) (*Lock, error) {
	f := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	got, err := f.TryLock()
	// A process that only looks whether the run is driven ([Live]) has the lock for
	// an instant: that is no driver.
	for tries := 0; err == nil && !got && tries < lockTries; tries++ {
		time.Sleep(lockPause)
		got, err = f.TryLock()
	}
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !got {
		return nil, &Held{Owner: readOwner(dir)}
	}
	l := &Lock{f: f}
	if err := writeOwner(dir, Owner{driver, os.Getpid(), now.UTC()}); err != nil {
		return nil, errors.Join(err, l.Release())
	}
	return l, nil
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.f.Unlock() }

// Live reports whether a process drives the run in dir now, and which. It takes
// the lock for an instant where nobody has it.
func Live(dir string) (Owner, bool) {
	path := filepath.Join(dir, lockName)
	if _, err := os.Stat(path); err != nil {
		return Owner{}, false
	}
	f := flock.New(path)
	got, err := f.TryRLock()
	if err != nil {
		return Owner{}, false
	}
	if !got {
		return readOwner(dir), true
	}
	// Nobody has it; giving back a lock that was just taken can't fail in a way
	// that matters to a reader.
	_ = f.Unlock()
	return Owner{}, false
}

// The owner stands in a file of its own, since a locked file can't be read by
// others on Windows.
func ownerPath(dir string) string { return filepath.Join(dir, "driver.json") }

func writeOwner(dir string, o Owner) error {
	raw, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(ownerPath(dir), raw, 0o600)
}

func readOwner(dir string) Owner {
	var o Owner
	if raw, err := os.ReadFile(ownerPath(dir)); err == nil {
		// An unreadable owner file only costs the name in a message.
		_ = json.Unmarshal(raw, &o)
	}
	return o
}

// state folds events, with the path in the error.
func state(path string, events []engine.Event) (engine.State, error) {
	s, err := engine.Fold(events)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// State reads and folds the journal of the run in dir without changing it.
func State(dir string) (engine.State, []engine.Event, error) {
	path := filepath.Join(dir, FileName)
	events, err := Read(path)
	if err != nil {
		return engine.State{}, nil, err
	}
	s, err := state(path, events)
	return s, events, err
}
