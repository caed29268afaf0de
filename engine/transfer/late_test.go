package transfer_test

import (
	"bytes"
	"errors"
	"sync"
	"testing"

	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
)

// saver is a target that notes what it was told before each write.
type saver struct {
	*memory
	mu       sync.Mutex
	prepared map[int64]int64
	times    int
	unsafe   int // writes that were not prepared
	refuse   error
}

func (s *saver) Prepare(writes []merkle.Range) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times++
	for _, r := range writes {
		s.prepared[r.Off] = r.Len
	}
	return s.refuse
}

func (s *saver) WriteAt(p []byte, off int64) (int, error) {
	s.mu.Lock()
	if s.prepared[off] < int64(len(p)) {
		s.unsafe++
	}
	s.mu.Unlock()
	return s.memory.WriteAt(p, off)
}

// TestS68WhatDiffersIsSavedTogetherBeforeItIsWritten compares disks of which every
// tenth cell differs.
func TestS68WhatDiffersIsSavedTogetherBeforeItIsWritten(t *testing.T) {
	now := scattered(3, 6*mib+512)
	now.extents = []transfer.Extent{{Len: now.Size()}}
	old := now.clone()
	differ := int64(0)
	for off := 0; off < len(old.bytes); off += 10 * merkle.Cell {
		old.bytes[off] ^= 0xff
		differ += min(merkle.Cell, int64(len(old.bytes)-off))
	}
	target := &saver{memory: old, prepared: map[int64]int64{}}
	proof := &transfer.Proof{}
	p, err := transfer.Copy(t.Context(), source{now}, target, transfer.Options{Compare: true, Proof: proof, Piece: 64 << 10, Streams: 4})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case !bytes.Equal(old.bytes, now.bytes):
		t.Error("the target is not the source")
	case target.unsafe > 0:
		t.Errorf("%d writes came before what they replace was safe", target.unsafe)
	case target.times > 8:
		t.Errorf("%d times something was made safe for %d cells", target.times, differ/merkle.Cell)
	case p.Written != differ || p.Equal != now.Size()-differ || p.Left() != 0:
		t.Errorf("%d bytes differ; counted: %+v", differ, p)
	case proof.Manifest.Root() != manifestOf(t, now, false).Root():
		t.Error("the manifest is not the source's")
	}
}

// TestS68NothingIsWrittenWhereSavingFails compares onto a target that can't save.
func TestS68NothingIsWrittenWhereSavingFails(t *testing.T) {
	now := scattered(4, 2*mib)
	old := &memory{bytes: make([]byte, now.Size())}
	target := &saver{memory: old, prepared: map[int64]int64{}, refuse: errors.New("the log's disk is gone")}
	proof := &transfer.Proof{}
	p, err := transfer.Copy(t.Context(), source{now}, target, transfer.Options{Compare: true, Proof: proof})
	if !errors.Is(err, target.refuse) || p.Written != 0 || !bytes.Equal(old.bytes, make([]byte, len(old.bytes))) {
		t.Errorf("%v, %d bytes written", err, p.Written)
	}
}
