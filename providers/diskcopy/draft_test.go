package diskcopy_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"failback/engine/move"
	"failback/providers/disk/image"
)

// TestS71ACrashWhileTheDiskIsReadAgainLeavesNothingForGood: the draft of the manifest
// that lies there then goes with the next run of the order, or when the copy is taken
// back. What somebody else has put beside the disk stays.
func TestS71ACrashWhileTheDiskIsReadAgainLeavesNothingForGood(t *testing.T) {
	now := content(5)
	for name, end := range map[string]func(o move.Order) error{
		"gone on with": func(o move.Order) error { _, err := disks.Copy(t.Context(), o, nil); return err },
		"taken back":   func(o move.Order) error { _, err := disks.Cancel(o.Target); return err },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			o := move.Order{Source: write(t, filepath.Join(dir, "now.img"), image.Raw, now), Target: filepath.Join(dir, "disk.vhdx")}
			ctx, crash := context.WithCancel(t.Context())
			defer crash()
			_, err := disks.Copy(ctx, o, func(p move.Progress) {
				if p.Stage == move.StageReread {
					crash()
				}
			})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("it was not stopped while the disk was read again: %v", err)
			}
			// A process that ends there drops nothing.
			draft, theirs := o.Target+".failback-manifest", o.Target+".manifest.1234567"
			for _, path := range []string{draft, theirs} {
				if err := os.WriteFile(path, bytes.Repeat([]byte("half"), 1<<20), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := end(o); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(draft); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the draft is there: %v", err)
			}
			if p, err := os.ReadFile(theirs); err != nil || len(p) != 4<<20 {
				t.Errorf("somebody else's file: %d bytes, %v", len(p), err)
			}
			if name == "gone on with" {
				if c, err := disks.Verify(t.Context(), o.Target, "", nil); err != nil || !c.Same() || !bytes.Equal(read(t, o.Target), now) {
					t.Errorf("%+v, %v", c, err)
				}
			}
		})
	}
}

// TestADraftHasTheNameThatIsRemoved, whenever one looks.
func TestADraftHasTheNameThatIsRemoved(t *testing.T) {
	dir := t.TempDir()
	o := move.Order{Source: write(t, filepath.Join(dir, "now.img"), image.Raw, content(6)), Target: filepath.Join(dir, "disk.raw")}
	var seen []string
	_, err := disks.Copy(t.Context(), o, func(move.Progress) {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			seen = append(seen, strings.TrimPrefix(e.Name(), "disk.raw"))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	for _, name := range slices.Compact(seen) {
		if !slices.Contains([]string{"now.img", "", ".manifest", ".failback-manifest", ".failback-new", ".failback-state", ".failback-undo", ".failback-limit"}, name) {
			t.Errorf("%s lies beside the disk", name)
		}
	}
}
