package transfer_test

import (
	"context"
	"io"
	"slices"
	"sync"

	"failback/engine/transfer"
)

// memory is a disk in memory that notes what is read and written.
type memory struct {
	mu      sync.Mutex
	bytes   []byte
	extents []transfer.Extent
	reads   []transfer.Extent
	writes  []transfer.Extent
	synced  int
}

func (m *memory) Size() int64 { return int64(len(m.bytes)) }

func (m *memory) Extents(context.Context) ([]transfer.Extent, error) { return m.extents, nil }

// source is the reading side of a memory: the two sides have different ReadAt.
type source struct{ *memory }

func (s source) ReadAt(_ context.Context, p []byte, off int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if off+int64(len(p)) > s.Size() {
		return io.ErrUnexpectedEOF
	}
	s.reads = append(s.reads, transfer.Extent{Off: off, Len: int64(len(p))})
	copy(p, s.bytes[off:])
	return nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads = append(m.reads, transfer.Extent{Off: off, Len: int64(len(p))})
	if off >= m.Size() {
		return 0, io.EOF
	}
	n := copy(p, m.bytes[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes = append(m.writes, transfer.Extent{Off: off, Len: int64(len(p))})
	if grow := off + int64(len(p)) - m.Size(); grow > 0 {
		m.bytes = append(m.bytes, make([]byte, grow)...)
	}
	return copy(m.bytes[off:], p), nil
}

func (m *memory) Sync() error {
	m.synced++
	return nil
}

func (m *memory) clone() *memory {
	return &memory{bytes: slices.Clone(m.bytes), extents: slices.Clone(m.extents)}
}
