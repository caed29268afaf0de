package diskcopy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/pace"
	"failback/providers/disk"
	"failback/providers/disk/image"
	"failback/providers/diskcopy"
)

const (
	mib  = 1 << 20
	size = 9*mib + 512
)

// content is a disk with runs of data and of zeros.
func content(seed byte) []byte {
	rnd := rand.New(rand.NewChaCha8([32]byte{seed}))
	p := make([]byte, size)
	for off := 0; off < size; {
		n := min(size-off, 4096*(1+rnd.IntN(200)))
		if rnd.IntN(2) == 0 {
			for i := range p[off : off+n] {
				p[off+i] = byte(rnd.Uint32())
			}
		}
		off += n
	}
	return p
}

// changed is a disk with some cells of it changed and some cleared.
func changed(p []byte) []byte {
	p = bytes.Clone(p)
	for off := 100 << 10; off+8192 < len(p); off += 700 << 10 {
		copy(p[off:], "changed")
		clear(p[off+4096 : off+8192])
	}
	return p
}

// write makes an image that holds p.
func write(t *testing.T, path string, format image.Format, p []byte) string {
	t.Helper()
	img, err := disk.Create(path, disk.Options{Format: format, Size: int64(len(p))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.WriteAt(p, 0); err != nil {
		t.Fatal(err)
	}
	if err := img.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	img, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = img.Close() }()
	p := make([]byte, img.Size())
	if _, err := img.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return p
}

// alone fails where anything lies beside a disk but its manifest and, of a whole
// one, its state.
func alone(t *testing.T, target string, state bool) {
	t.Helper()
	found, err := filepath.Glob(target + ".*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !strings.HasSuffix(f, ".manifest") && (!state || !strings.HasSuffix(f, ".failback-state")) {
			t.Errorf("%s is left", f)
		}
	}
}

var disks = diskcopy.New(nil, nil)

func TestS36AFileIsCopiedIntoEveryFormat(t *testing.T) {
	dir, want := t.TempDir(), content(1)
	for from, f := range map[string]image.Format{"a.raw": image.Raw, "a.vhd": image.FixedVHD, "a.vhdx": image.VHDX} {
		src := write(t, filepath.Join(dir, from), f, want)
		for _, to := range []string{"raw", "vhd", "vhdx"} {
			target := filepath.Join(dir, "copy-of-"+from+"."+to)
			got, err := disks.Copy(t.Context(), move.Order{Source: src, Target: target}, nil)
			if err != nil {
				t.Fatalf("%s to %s: %v", from, to, err)
			}
			if !bytes.Equal(read(t, target), want) {
				t.Errorf("%s to %s: another disk", from, to)
			}
			if got.Level != transfer.LevelReread || got.Way != move.WayFull || got.Size != size || got.Resumed {
				t.Errorf("%+v", got)
			}
			alone(t, target, true)
			if c, err := disks.Check(target); err != nil || !c.Clean {
				t.Errorf("%+v, %v", c, err)
			}
			if c, err := disks.Verify(t.Context(), target, "", nil); err != nil || !c.Same() || c.Root != got.Root {
				t.Errorf("%+v, %v", c, err)
			}
		}
	}
}

// TestS29ADeltaWritesOnlyWhatDiffers brings an old copy up to date in three ways.
func TestS29ADeltaWritesOnlyWhatDiffers(t *testing.T) {
	old := content(2)
	now := changed(old)
	for _, ext := range []string{"raw", "vhdx"} {
		for name, ask := range map[string]func(src, target string) move.Order{
			"compare": func(src, target string) move.Order {
				return move.Order{Source: src, Target: target, Mode: move.Delta}
			},
			"manifest": func(src, target string) move.Order {
				if _, err := disks.Hash(t.Context(), move.HashOrder{Source: src, Cells: true}, nil); err != nil {
					t.Fatal(err)
				}
				return move.Order{Source: src, Target: target, Mode: move.Delta, Manifest: src + ".manifest"}
			},
			"manifests": func(src, target string) move.Order {
				base := target + ".manifest"
				if _, err := disks.Hash(t.Context(), move.HashOrder{Source: target, Cells: true}, nil); err != nil {
					t.Fatal(err)
				}
				if _, err := disks.Hash(t.Context(), move.HashOrder{Source: src, Against: base}, nil); err != nil {
					t.Fatal(err)
				}
				return move.Order{Source: src, Target: target, Mode: move.Delta, Manifest: src + ".manifest", Base: base}
			},
		} {
			t.Run(ext+"/"+name, func(t *testing.T) {
				dir := t.TempDir()
				src := write(t, filepath.Join(dir, "now.img"), image.Raw, now)
				target := write(t, filepath.Join(dir, "old."+ext), map[string]image.Format{"raw": image.Raw, "vhdx": image.VHDX}[ext], old)
				got, err := disks.Copy(t.Context(), ask(src, target), nil)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(read(t, target), now) {
					t.Error("another disk")
				}
				alone(t, target, true)
				wrote := got.Written + got.Zeroed
				if wrote == 0 || wrote > 30*4096 {
					t.Errorf("%d bytes were written", wrote)
				}
				wants := map[string]struct {
					way   move.Way
					level transfer.Level
					most  int64
				}{
					"compare":   {move.WayCompare, transfer.LevelReread, size},
					"manifest":  {move.WayManifest, transfer.LevelSource, 30 * 4096},
					"manifests": {move.WayManifest, transfer.LevelReread, 30 * 4096},
				}[name]
				if got.Way != wants.way || got.Level != wants.level || got.Read > wants.most {
					t.Errorf("%+v", got)
				}
			})
		}
	}
}

// halt stops a copy when it has written something.
func halt(t *testing.T, o move.Order) error {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o.Limit = pace.Schedule{Otherwise: pace.Rate{Bytes: 20 * mib}} // so that there is a middle
	_, err := disks.Copy(ctx, o, func(p move.Progress) {
		if p.Bytes.Written > mib {
			stop()
		}
	})
	return err
}

// TestS71ABrokenOffCopyGoesOnOrIsTakenBack stops copies onto old and new disks in
// their middle, and then finishes one and takes one back.
func TestS71ABrokenOffCopyGoesOnOrIsTakenBack(t *testing.T) {
	old, now := content(3), content(4)
	for _, ext := range []string{"raw", "vhd", "vhdx"} {
		for _, mode := range []move.Mode{"", move.Full, move.Delta} {
			t.Run(ext+"/"+string(mode), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				o := move.Order{Source: write(t, filepath.Join(dir, "now.img"), image.Raw, now), Target: filepath.Join(dir, "disk."+ext), Mode: mode}
				var before []byte
				if mode != "" {
					write(t, o.Target, map[string]image.Format{"raw": image.Raw, "vhd": image.FixedVHD, "vhdx": image.VHDX}[ext], old)
					before, _ = os.ReadFile(o.Target)
				}
				if err := halt(t, o); !errors.Is(err, context.Canceled) {
					t.Fatalf("stopped: %v", err)
				}
				if s, err := disks.Standing(o.Target); err != nil || s.State != "being written" {
					t.Fatalf("%+v, %v", s, err)
				}
				if _, err := disks.Copy(t.Context(), move.Order{Source: o.Target, Target: filepath.Join(dir, "other.raw")}, nil); err == nil {
					t.Error("half a disk was copied")
				}
				back, err := disks.Cancel(o.Target)
				if err != nil || back.Removed != (mode == "") || back.Nothing {
					t.Fatalf("taken back: %+v, %v", back, err)
				}
				alone(t, o.Target, false)
				if mode == "" {
					if _, err := os.Stat(o.Target); !errors.Is(err, os.ErrNotExist) {
						t.Error("something is left of a new disk")
					}
				} else if after, _ := os.ReadFile(o.Target); ext != "vhdx" && !bytes.Equal(after, before) || !bytes.Equal(read(t, o.Target), old) {
					t.Error("another disk than before")
				}
				if back, err = disks.Cancel(o.Target); err != nil || !back.Nothing {
					t.Errorf("taken back again: %+v, %v", back, err)
				}
				if err := halt(t, o); !errors.Is(err, context.Canceled) {
					t.Fatalf("stopped: %v", err)
				}
				got, err := disks.Copy(t.Context(), o, nil)
				if err != nil || !got.Resumed || !bytes.Equal(read(t, o.Target), now) {
					t.Fatalf("gone on with: %+v, %v, or another disk", got, err)
				}
				if c, err := disks.Verify(t.Context(), o.Target, "", nil); err != nil || !c.Same() {
					t.Errorf("%+v, %v", c, err)
				}
				alone(t, o.Target, true)
			})
		}
	}
}

func TestWrongOrdersAreRefusedAndNothingIsMade(t *testing.T) {
	dir := t.TempDir()
	src := write(t, filepath.Join(dir, "src.img"), image.Raw, content(5))
	there := write(t, filepath.Join(dir, "there.img"), image.Raw, content(6))
	small := write(t, filepath.Join(dir, "small.img"), image.Raw, content(6)[:mib])
	fresh := filepath.Join(dir, "fresh.vhdx")
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("no manifest"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadDir(dir)
	for why, o := range map[string]move.Order{
		"is there already":       {Source: src, Target: there},
		"for a target that is":   {Source: src, Target: fresh, Mode: move.Delta},
		"does not say what":      {Source: src, Target: filepath.Join(dir, "fresh.xyz")},
		"is not known":           {Source: src, Target: fresh, Format: "qcow2"},
		"neither grows":          {Source: src, Target: small, Mode: move.Full},
		"the source and":         {Source: src, Target: src, Mode: move.Full},
		"no such file":           {Source: filepath.Join(dir, "absent"), Target: fresh},
		"carries a signature":    {Source: "https://a.blob.core.windows.net/c/b?sv=1&sig=geheim", Target: fresh},
		"no address that is":     {Source: "http://a.blob.core.windows.net/c/b", Target: fresh},
		"mode is full":           {Source: src, Target: there, Mode: move.Full, Base: "x"},
		"no list of changes":     {Source: src, Target: there, Mode: move.Delta, Base: "2026-01-01T00:00:00Z"},
		"not a valid manifest":   {Source: src, Target: there, Mode: move.Delta, Manifest: text},
		"there is none of the":   {Source: src, Target: there, Mode: move.Delta, Base: text},
		"which has no snapshots": {Source: src, Target: fresh, Snapshot: "x"},
	} {
		_, err := disks.Copy(t.Context(), o, nil)
		if engine.KindOf(err) != engine.FailureUsage || !strings.Contains(err.Error(), why) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v", why, err)
		}
		if after, _ := os.ReadDir(dir); len(after) != len(before) {
			t.Fatalf("%s: something was made: %v", why, after)
		}
	}
}

// TestTheUndoLogIsPartOfTheRoom refuses a copy onto an old disk whose content would
// not fit beside it, before anything is written.
func TestTheUndoLogIsPartOfTheRoom(t *testing.T) {
	dir := t.TempDir()
	old := content(10)
	o := move.Order{Source: write(t, filepath.Join(dir, "now.img"), image.Raw, content(9)), Target: write(t, filepath.Join(dir, "old.vhd"), image.FixedVHD, old), Mode: move.Full}
	var room *transfer.NoSpace
	if _, err := diskcopy.Cramped(mib).Copy(t.Context(), o, nil); !errors.As(err, &room) || engine.KindOf(err) != engine.FailureRefused {
		t.Fatalf("%v", err)
	}
	if s, err := disks.Standing(o.Target); err != nil || s.State != "untouched" || !bytes.Equal(read(t, o.Target), old) {
		t.Errorf("%+v, %v, or another disk", s, err)
	}
	alone(t, o.Target, false)
	if _, err := diskcopy.Cramped(2*size).Copy(t.Context(), o, nil); err != nil {
		t.Errorf("with room: %v", err)
	}
}

func TestAnotherSourceDoesNotGoOn(t *testing.T) {
	dir := t.TempDir()
	o := move.Order{Source: write(t, filepath.Join(dir, "now.img"), image.Raw, content(7)), Target: filepath.Join(dir, "disk.vhdx")}
	if err := halt(t, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	other := o
	other.Source = write(t, filepath.Join(dir, "other.img"), image.Raw, content(8))
	if _, err := disks.Copy(t.Context(), other, nil); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "failback disk cancel") {
		t.Errorf("another source: %v", err)
	}
	f, err := os.OpenFile(o.Source, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteAt([]byte("x"), 0)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := disks.Copy(t.Context(), o, nil); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("the same name, another disk: %v", err)
	}
}
