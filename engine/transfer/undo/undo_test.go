package undo_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
)

var errPower = errors.New("the power went")

// power goes after so many writes and flushes, for all files of a machine.
type power struct {
	left int
	rnd  *rand.Rand
}

func (p *power) use() bool { p.left--; return p.left >= 0 }

// flaky is a file that loses what was not flushed when the power goes: each
// unflushed write stays, is torn, or is lost, independently.
type flaky struct {
	power   *power
	durable []byte
	seen    []byte // what a reader sees before the power goes
	pending []func(p []byte, cut float64) []byte
}

func (f *flaky) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.seen)) {
		return 0, io.EOF
	}
	n := copy(p, f.seen[off:])
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

func (f *flaky) change(c func(p []byte, cut float64) []byte) error {
	ok := f.power.use()
	f.pending = append(f.pending, c)
	if !ok {
		return errPower
	}
	f.seen = c(f.seen, 1)
	return nil
}

func (f *flaky) WriteAt(p []byte, off int64) (int, error) {
	own := slices.Clone(p)
	err := f.change(func(to []byte, cut float64) []byte { return put(to, own[:int(float64(len(own))*cut)], off) })
	return len(p), err
}

func (f *flaky) Truncate(n int64) error {
	return f.change(func(p []byte, _ float64) []byte {
		if int64(len(p)) < n {
			return put(p, make([]byte, n-int64(len(p))), int64(len(p)))
		}
		clear(p[n:]) // what grows into it again is zeros
		return p[:n]
	})
}

func (f *flaky) Size() (int64, error) { return int64(len(f.seen)), nil }

// Sync carries over what is pending, which costs what was written, not the file.
func (f *flaky) Sync() error {
	if !f.power.use() {
		return errPower
	}
	for _, c := range f.pending {
		f.durable = c(f.durable, 1)
	}
	f.pending = nil
	return nil
}

// crash is what the next start finds.
func (f *flaky) crash() {
	for _, c := range f.pending {
		switch f.power.rnd.IntN(3) {
		case 0:
			f.durable = c(f.durable, 1)
		case 1:
			f.durable = c(f.durable, f.power.rnd.Float64())
		}
	}
	f.pending = nil
	f.seen = append(f.seen[:0], f.durable...)
}

const size = 2*merkle.Block + 5000

type machine struct {
	power              *power
	disk, sidecar, log *flaky
}

func newMachine(seed uint64, old []byte) *machine {
	p := &power{left: 1 << 30, rnd: rand.New(rand.NewPCG(seed, 1))}
	f := func(b []byte) *flaky { return &flaky{power: p, durable: slices.Clone(b), seen: slices.Clone(b)} }
	return &machine{power: p, disk: f(old), sidecar: f(nil), log: f(nil)}
}

func (m *machine) files() undo.Files {
	return undo.Files{Disk: m.disk, Sidecar: m.sidecar, Log: m.log}
}

func (m *machine) reboot() {
	for _, f := range []*flaky{m.disk, m.sidecar, m.log} {
		f.crash()
	}
	m.power.left = 1 << 30
}

var id = undo.Identity{Source: "blob@s1", Target: "disk", Size: size}

// move makes the disk equal to want as the mover does: blocks, several writes
// in each, a flush now and then.
func (m *machine) move(want []byte) error {
	d, err := undo.Begin(m.files(), id)
	if err != nil {
		return err
	}
	done := map[int64]bool{}
	for _, b := range d.Done() {
		done[b.Off] = true
		if got := merkle.SumBlock(m.disk.seen[b.Off : b.Off+b.Len]).Sum(); got != b.Sum {
			return errors.New("a proven block is another one")
		}
	}
	for off := int64(0); off < size; off += merkle.Block {
		end := min(size, off+merkle.Block)
		if done[off] {
			continue
		}
		for at := off; at < end; {
			n := min(end-at, int64(1+m.power.rnd.IntN(300<<10)))
			if _, err := d.WriteAt(want[at:at+n], at); err != nil {
				return err
			}
			at += n
		}
		d.Landed(undo.Block{Off: off, Len: end - off, Sum: merkle.SumBlock(want[off:end]).Sum()})
		if m.power.rnd.IntN(2) == 0 {
			if err := d.Sync(); err != nil {
				return err
			}
		}
	}
	return d.Finish("s1")
}

func contents(seed uint64) (old, want []byte) {
	rnd := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	old, want = make([]byte, size-4500), make([]byte, size)
	_, _ = rnd.Read(old)
	_, _ = rnd.Read(want)
	clear(old[100_000:500_000])
	return old, want
}

// TestS68KilledAnywhereTheDiskIsOldNewOrFlagged cuts the power at random
// instants, of resumes and cancels too. FAILBACK_KILLS says how often.
func TestS68KilledAnywhereTheDiskIsOldNewOrFlagged(t *testing.T) {
	times := 50
	if n, err := strconv.Atoi(os.Getenv("FAILBACK_KILLS")); err == nil {
		times = n
	}
	old, want := contents(1)
	states := map[undo.State]int{}
	for i := range times {
		m := newMachine(uint64(i), old)
		m.power.left = m.power.rnd.IntN(70)
		_ = m.move(want)
		for try := 0; ; try++ {
			m.reboot()
			now, err := undo.ReadStatus(m.sidecar)
			if err != nil {
				t.Fatalf("kill %d: %v", i, err)
			}
			states[now.State]++
			switch now.State {
			case undo.Untouched:
				if !bytes.Equal(m.disk.seen, old) {
					t.Fatalf("kill %d: unflagged damage", i)
				}
			case undo.Consistent:
				if !bytes.Equal(m.disk.seen, want) || now.Snapshot != "s1" {
					t.Fatalf("kill %d: not what it says it is", i)
				}
			}
			if now.State == undo.Consistent || now.State == undo.Untouched && try > 0 {
				break
			}
			if try < 3 {
				m.power.left = m.power.rnd.IntN(40)
			}
			if now.State == undo.Restoring || now.State == undo.Writing && m.power.rnd.IntN(2) == 0 {
				err = undo.Cancel(m.files())
				if err == nil && !bytes.Equal(m.disk.seen, old) {
					t.Fatalf("kill %d: cancelled, and another disk than before", i)
				}
			} else if err = m.move(want); err == nil && !bytes.Equal(m.disk.seen, want) {
				t.Fatalf("kill %d: resumed, and another disk than the source", i)
			}
			if err != nil && !errors.Is(err, errPower) {
				t.Fatalf("kill %d: %v", i, err)
			}
		}
	}
	for _, s := range []undo.State{undo.Untouched, undo.Writing, undo.Restoring, undo.Consistent} {
		if states[s] == 0 {
			t.Errorf("no kill found the disk %v: the harness does not reach it", s)
		}
	}
}

func TestResumeGoesOnFromTheLastProvenBlock(t *testing.T) {
	old, want := contents(2)
	m := newMachine(1, old)
	d, err := undo.Begin(m.files(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = d.WriteAt(want[:merkle.Block], 0)
	d.Landed(undo.Block{Len: merkle.Block, Sum: merkle.SumBlock(want[:merkle.Block]).Sum()})
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	_, _ = d.WriteAt(want[merkle.Block:2*merkle.Block], merkle.Block)
	m.reboot()
	again, err := undo.Begin(m.files(), id)
	if err != nil || len(again.Done()) != 1 || again.Done()[0].Off != 0 {
		t.Fatalf("error %v", err)
	}
	other := id
	other.Source = "blob@s2"
	if _, err := undo.Begin(m.files(), other); !errors.Is(err, undo.ErrIdentity) {
		t.Errorf("another source: %v", err)
	}
	m.log.seen[8192+3] ^= 1
	if _, err := undo.Begin(m.files(), id); !errors.Is(err, undo.ErrLog) {
		t.Errorf("a damaged log: %v", err)
	}
	if err := undo.Cancel(m.files()); !errors.Is(err, undo.ErrLog) {
		t.Errorf("a damaged log: %v", err)
	}
}

// TestRotInTheUndoLogIsNoCutTail changes one byte of every record in turn, and
// cuts the log at every one: what was safe once and is not whole is refused,
// and a tail that no flush had promised is not missed.
func TestRotInTheUndoLogIsNoCutTail(t *testing.T) {
	old, want := contents(5)
	m := newMachine(1, old)
	d, err := undo.Begin(m.files(), id)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int64
	for off := int64(0); off < 6*merkle.Cell; off += 2 * merkle.Cell {
		if _, err := d.WriteAt(want[off:off+100], off); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int64(len(m.log.seen)))
	}
	safe, written := slices.Clone(m.log.seen), slices.Clone(m.disk.seen)
	for _, end := range ends {
		for name, harm := range map[string]func([]byte) []byte{
			"a changed byte": func(p []byte) []byte { p[end-1] ^= 4; return p },
			"a lost end":     func(p []byte) []byte { return p[:end-1] },
		} {
			m.log.seen = harm(slices.Clone(safe))
			if err := undo.Cancel(m.files()); !errors.Is(err, undo.ErrLog) || !bytes.Equal(m.disk.seen, written) {
				t.Errorf("%s at %d: cancel: %v", name, end, err)
			}
			if _, err := undo.Begin(m.files(), id); !errors.Is(err, undo.ErrLog) {
				t.Errorf("%s at %d: resume: %v", name, end, err)
			}
		}
	}
	// A record that was on its way when the power went promises nothing.
	m.log.seen = append(slices.Clone(safe), bytes.Repeat([]byte{7}, 5000)...)
	if err := undo.Cancel(m.files()); err != nil || !bytes.Equal(m.disk.seen, old) {
		t.Errorf("a cut tail: %v, or another disk than before", err)
	}
}

// TestAFreshDiskIsNotRestored goes on with a disk that held nothing, and saves
// nothing of it.
func TestAFreshDiskIsNotRestored(t *testing.T) {
	_, want := contents(6)
	m := newMachine(1, nil)
	fresh := id
	fresh.Fresh = true
	d, err := undo.Begin(m.files(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	before := len(m.log.seen)
	if _, err := d.WriteAt(want[:merkle.Block], 0); err != nil || len(m.log.seen) != before {
		t.Fatalf("%v, or something was saved", err)
	}
	d.Landed(undo.Block{Len: merkle.Block})
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := undo.Cancel(m.files()); !errors.Is(err, undo.ErrFresh) {
		t.Errorf("cancelled: %v", err)
	}
	now, was, err := undo.Look(m.sidecar, m.log)
	if err != nil || now.State != undo.Writing || was != fresh {
		t.Errorf("%+v, %+v, %v", now, was, err)
	}
	if d, err = undo.Begin(m.files(), fresh); err != nil || len(d.Done()) != 1 {
		t.Fatalf("resumed: %v", err)
	}
	if err := d.Finish("s1"); err != nil {
		t.Fatal(err)
	}
}

func FuzzSidecar(f *testing.F) {
	old, want := contents(3)
	m := newMachine(1, old)
	_ = m.move(want)
	f.Add(m.sidecar.seen)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, p []byte) {
		s, err := undo.ReadStatus(bytes.NewReader(p))
		if err == nil && (s.State <= undo.Unknown || s.State > undo.Consistent) {
			t.Errorf("state %d", s.State)
		}
	})
}

func FuzzLog(f *testing.F) {
	old, want := contents(4)
	m := newMachine(1, old)
	m.power.left = 20
	_ = m.move(want)
	f.Add(m.log.seen[:min(len(m.log.seen), 8192+4096)])
	sidecar := m.sidecar.seen
	f.Fuzz(func(t *testing.T, p []byte) {
		m := newMachine(1, old)
		m.sidecar.seen, m.log.seen = slices.Clone(sidecar), slices.Clone(p)
		if err := undo.Cancel(m.files()); err != nil && !bytes.Equal(m.disk.seen, old) {
			t.Errorf("%v, and written all the same", err)
		}
	})
}
