package diskcopy_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/pace"
	"failback/providers/diskcopy"
)

// slow is a limit that 8 MiB take two minutes and more with.
var slow = pace.Schedule{Otherwise: pace.Rate{Bytes: 64 << 10}}

// TestALimitIsChangedWhileTheCopyRuns begins with a rate that would take minutes, and
// takes it away in the middle, as another process would.
func TestALimitIsChangedWhileTheCopyRuns(t *testing.T) {
	dir := t.TempDir()
	source, target := filepath.Join(dir, "source.img"), filepath.Join(dir, "target.raw")
	content := bytes.Repeat([]byte("a disk of eight mebibytes, byte "), 8*mib/32)
	if err := os.WriteFile(source, content, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		disks := diskcopy.New(nil, nil)
		if _, err := disks.Limit(target, "off"); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("a limit of a copy that has not begun: %v", err)
		}
		var said time.Time
		var at int64
		_, err := disks.Copy(t.Context(), move.Order{Source: source, Target: target, Limit: slow}, func(p move.Progress) {
			if p.Stage != move.StageCopy || !said.IsZero() {
				return
			}
			if _, err := disks.Limit(target, "quick"); engine.KindOf(err) != engine.FailureUsage {
				t.Errorf("a limit that is none: %v", err)
			}
			l, err := disks.Limit(target, "off")
			if err != nil || !l.Running {
				t.Errorf("%+v, %v", l, err)
			}
			said, at = time.Now(), p.Bytes.Scanned
		})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(said); said.IsZero() || at > 1*mib || took > time.Second {
			t.Errorf("the limit was taken away after %d bytes, and the rest took %v", at, took)
		}
		if got := read(t, target); !bytes.Equal(got, content) {
			t.Error("the copy is another disk")
		}
		if left, _ := filepath.Glob(target + ".failback-limit*"); len(left) > 0 {
			t.Errorf("%v stay", left)
		}
	})
}

// TestALimitHoldsForACopyThatGoesOn breaks a copy off, sets a limit, and goes on
// without naming one, then with one of its own.
func TestALimitHoldsForACopyThatGoesOn(t *testing.T) {
	dir := t.TempDir()
	source, target := filepath.Join(dir, "source.img"), filepath.Join(dir, "target.raw")
	if err := os.WriteFile(source, bytes.Repeat([]byte{7}, 8*mib), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		disks := diskcopy.New(nil, nil)
		breakOff := func(o move.Order, after time.Duration) (copied int64) {
			ctx, stop := context.WithTimeout(t.Context(), after)
			defer stop()
			_, err := disks.Copy(ctx, o, func(p move.Progress) { copied = p.Bytes.Scanned })
			if err == nil {
				t.Error("the copy was not held back")
			}
			return copied
		}
		o := move.Order{Source: source, Target: target, Limit: slow}
		breakOff(o, time.Second)
		l, err := disks.Limit(target, "00:00-12:00=64KiB/s, 64KiB/s")
		if err != nil || l.Running {
			t.Errorf("%+v, %v", l, err)
		}
		o.Limit = pace.Schedule{}
		breakOff(o, 20*time.Second)
		if back, err := disks.Cancel(target); err != nil || !back.Removed {
			t.Errorf("%+v, %v", back, err)
		}
		if left, _ := filepath.Glob(target + "*"); len(left) > 0 {
			t.Errorf("%s stay", strings.Join(left, ", "))
		}
	})
}
