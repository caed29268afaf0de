package journal

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"failback/engine"
)

// A fact that could never be read again is refused, and the journal stays whole.
func TestAFactTooLongToReadIsNotWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	note := func(text string) error {
		return w.Append(engine.Event{V: 1, Seq: 1, Body: engine.Noted{Level: "info", Text: text}})
	}
	if err := note(strings.Repeat("x", maxLine)); err == nil {
		t.Error("it was written")
	}
	if err := note("short"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if events, err := Read(path); err != nil || len(events) != 1 {
		t.Errorf("%v, %v", events, err)
	}
}

// A glance at the lock by another process is not taken for a driver.
func TestAGlanceAtTheLockIsNoDriver(t *testing.T) {
	dir := t.TempDir()
	glance := flock.New(filepath.Join(dir, lockName))
	if ok, err := glance.TryRLock(); !ok || err != nil {
		t.Fatal(ok, err)
	}
	gone := time.AfterFunc(lockPause, func() { _ = glance.Unlock() })
	defer gone.Stop()
	l, err := Acquire(dir, "anna@jump01", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Release(); err != nil {
		t.Fatal(err)
	}
}
