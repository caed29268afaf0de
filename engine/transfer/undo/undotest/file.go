// Package undotest is a machine whose power goes: files in memory that lose what
// was not flushed.
package undotest

import (
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"sync"

	"failback/engine/transfer/undo"
)

// ErrPower is what everything fails with once the power is gone.
var ErrPower = errors.New("the power went")

// Machine has a disk and the two files beside it. Its power goes after Left more
// writes and flushes; which of several writers is the last is not decided by the
// seed. It is safe for concurrent use until it is rebooted.
type Machine struct {
	Disk, Sidecar, Log *File
	Rand               *rand.Rand

	mu   sync.Mutex
	Left int
}

// plenty is power that does not go.
const plenty = 1 << 30

// New is a machine with a disk that holds old.
func New(seed uint64, old []byte) *Machine {
	m := &Machine{Rand: rand.New(rand.NewPCG(seed, 1)), Left: plenty}
	for _, f := range []**File{&m.Disk, &m.Sidecar, &m.Log} {
		*f = &File{machine: m}
	}
	m.Disk.durable, m.Disk.Seen = slices.Clone(old), slices.Clone(old)
	return m
}

// Files are the machine's.
func (m *Machine) Files() undo.Files { return undo.Files{Disk: m.Disk, Sidecar: m.Sidecar, Log: m.Log} }

// Reboot is what the next start finds; the power stays on until Left is set.
func (m *Machine) Reboot() {
	for _, f := range []*File{m.Disk, m.Sidecar, m.Log} {
		f.crash()
	}
	m.Left = plenty
}

// File loses what was not flushed when the power goes: each unflushed write
// stays, is torn, or is lost, independently.
type File struct {
	machine *Machine
	durable []byte
	Seen    []byte // what a reader sees before the power goes
	pending []func(p []byte, cut float64) []byte
}

// use takes one write or flush of power.
func (m *Machine) use() bool { m.Left--; return m.Left >= 0 }

// ReadAt reads what was written, flushed or not.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	f.machine.mu.Lock()
	defer f.machine.mu.Unlock()
	if off >= int64(len(f.Seen)) {
		return 0, io.EOF
	}
	n := copy(p, f.Seen[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func put(to, p []byte, off int64) []byte {
	if grow := off + int64(len(p)) - int64(len(to)); grow > 0 {
		to = append(to, make([]byte, grow)...)
	}
	copy(to[off:], p)
	return to
}

func (f *File) change(c func(p []byte, cut float64) []byte) error {
	f.machine.mu.Lock()
	defer f.machine.mu.Unlock()
	ok := f.machine.use()
	f.pending = append(f.pending, c)
	if !ok {
		return ErrPower
	}
	f.Seen = c(f.Seen, 1)
	return nil
}

// WriteAt writes; the write that the power goes in may be lost or torn.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	own := slices.Clone(p)
	err := f.change(func(to []byte, cut float64) []byte { return put(to, own[:int(float64(len(own))*cut)], off) })
	return len(p), err
}

// Truncate makes the file n bytes long.
func (f *File) Truncate(n int64) error {
	return f.change(func(p []byte, _ float64) []byte {
		if int64(len(p)) < n {
			return put(p, make([]byte, n-int64(len(p))), int64(len(p)))
		}
		clear(p[n:]) // what grows into it again is zeros
		return p[:n]
	})
}

// Size is the length of the file.
func (f *File) Size() (int64, error) {
	f.machine.mu.Lock()
	defer f.machine.mu.Unlock()
	return int64(len(f.Seen)), nil
}

// Sync carries over what is pending, which costs what was written, not the file.
func (f *File) Sync() error {
	f.machine.mu.Lock()
	defer f.machine.mu.Unlock()
	if !f.machine.use() {
		return ErrPower
	}
	for _, c := range f.pending {
		f.durable = c(f.durable, 1)
	}
	f.pending = nil
	return nil
}

func (f *File) crash() {
	for _, c := range f.pending {
		switch f.machine.Rand.IntN(3) {
		case 0:
			f.durable = c(f.durable, 1)
		case 1:
			f.durable = c(f.durable, f.machine.Rand.Float64())
		}
	}
	f.pending = nil
	f.Seen = append(f.Seen[:0], f.durable...)
}
