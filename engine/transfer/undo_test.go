package transfer_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"failback/engine/transfer"
	"failback/engine/transfer/undo"
)

func guarded(t *testing.T, old []byte) undo.Files {
	t.Helper()
	open := func(name string, p []byte) undo.File {
		f, err := os.Create(filepath.Join(t.TempDir(), name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		if _, err := f.Write(p); err != nil {
			t.Fatal(err)
		}
		return undo.OSFile{File: f}
	}
	return undo.Files{Disk: open("disk", old), Sidecar: open("state", nil), Log: open("undo", nil)}
}

func read(t *testing.T, f undo.File) []byte {
	t.Helper()
	n, err := f.Size()
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, n)
	if _, err := f.ReadAt(p, 0); err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return p
}

// TestS71AnInterruptedTransferGoesOnOrIsTakenBack stops full copies and changes
// in the middle, and then resumes one and cancels the other.
func TestS71AnInterruptedTransferGoesOnOrIsTakenBack(t *testing.T) {
	old := scattered(8, 9*mib+512)
	now := scattered(9, 9*mib+512)
	all := transfer.Changes{}
	for off := int64(0); off < now.Size(); off += 300 << 10 {
		all.Updated = append(all.Updated, transfer.Extent{Off: off, Len: min(90<<10, now.Size()-off)})
	}
	changed := old.clone()
	for _, e := range all.Updated {
		copy(changed.bytes[e.Off:e.End()], now.bytes[e.Off:e.End()])
	}
	for _, c := range []struct {
		name string
		src  *memory
		ch   *transfer.Changes
	}{{"full", now, nil}, {"changes", changed, &all}} {
		t.Run(c.name, func(t *testing.T) {
			base := manifestOf(t, old, false)
			files := guarded(t, old.bytes)
			id := undo.Identity{Source: c.name, Target: "disk", Size: c.src.Size()}
			move := func(src transfer.Source) (p transfer.Progress, proof *transfer.Proof, d *undo.Disk, err error) {
				if d, err = undo.Begin(files, id); err != nil {
					t.Fatal(err)
				}
				proof = &transfer.Proof{Base: base, Done: d.Done(), Landed: func(b undo.Block) { d.Landed(b) }}
				opt := transfer.Options{Proof: proof, Request: 256 << 10, Streams: 3}
				if c.ch == nil {
					p, err = transfer.Copy(t.Context(), src, d, opt)
				} else {
					p, err = transfer.Apply(t.Context(), src, *c.ch, d, opt)
				}
				return p, proof, d, err
			}
			var n atomic.Int64
			gone := errors.New("gone")
			failing := streaming{memory: c.src, answer: func(transfer.Extent) (io.Reader, error) {
				if n.Add(1) > 30 {
					return nil, gone
				}
				return nil, nil
			}}
			if _, _, d, err := move(failing); !errors.Is(err, gone) || d.Sync() != nil {
				t.Fatalf("error %v", err)
			}
			if s, err := undo.ReadStatus(files.Sidecar); err != nil || s.State != undo.Writing {
				t.Fatalf("%+v, %v", s, err)
			}
			c.src.reads = nil
			p, proof, d, err := move(streaming{memory: c.src})
			if err != nil {
				t.Fatal(err)
			}
			if len(proof.Done) == 0 || p.Read >= length(c.src.extents) && c.ch == nil {
				t.Errorf("nothing was proven: %+v", p)
			}
			if !bytes.Equal(read(t, files.Disk), c.src.bytes) || proof.Manifest.Root() != manifestOf(t, c.src, false).Root() {
				t.Error("another disk, or another manifest")
			}
			_ = d
			if err := undo.Cancel(files); err != nil || !bytes.Equal(read(t, files.Disk), old.bytes) {
				t.Errorf("taken back: %v, or another disk than before", err)
			}
			if _, _, d, err = move(streaming{memory: c.src}); err != nil || d.Finish("s2") != nil {
				t.Fatal(err)
			}
			if s, err := undo.ReadStatus(files.Sidecar); err != nil || s.State != undo.Consistent || s.Snapshot != "s2" {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

var _ transfer.Ranger = streaming{}
