package undo_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
	"failback/engine/transfer/undo/undotest"
)

const size = 2*merkle.Block + 5000

var id = undo.Identity{Source: "blob@s1", Target: "disk", Size: size}

// move makes the disk equal to want as the mover does: blocks, several writes
// in each, a flush now and then.
func move(m *undotest.Machine, want []byte) error {
	d, err := undo.Begin(m.Files(), id)
	if err != nil {
		return err
	}
	done := map[int64]bool{}
	for _, b := range d.Done() {
		done[b.Off] = true
		if got := merkle.SumBlock(m.Disk.Seen[b.Off : b.Off+b.Len]).Sum(); got != b.Sum {
			return errors.New("a proven block is another one")
		}
	}
	for off := int64(0); off < size; off += merkle.Block {
		end := min(size, off+merkle.Block)
		if done[off] {
			continue
		}
		for at := off; at < end; {
			n := min(end-at, int64(1+m.Rand.IntN(300<<10)))
			if _, err := d.WriteAt(want[at:at+n], at); err != nil {
				return err
			}
			at += n
		}
		d.Landed(undo.Block{Off: off, Len: end - off, Sum: merkle.SumBlock(want[off:end]).Sum()})
		if m.Rand.IntN(2) == 0 {
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
		m := undotest.New(uint64(i), old)
		m.Left = m.Rand.IntN(70)
		_ = move(m, want)
		for try := 0; ; try++ {
			m.Reboot()
			now, err := undo.ReadStatus(m.Sidecar)
			if err != nil {
				t.Fatalf("kill %d: %v", i, err)
			}
			states[now.State]++
			switch now.State {
			case undo.Untouched:
				if !bytes.Equal(m.Disk.Seen, old) {
					t.Fatalf("kill %d: unflagged damage", i)
				}
			case undo.Consistent:
				if !bytes.Equal(m.Disk.Seen, want) || now.Snapshot != "s1" {
					t.Fatalf("kill %d: not what it says it is", i)
				}
			}
			if now.State == undo.Consistent || now.State == undo.Untouched && try > 0 {
				break
			}
			if try < 3 {
				m.Left = m.Rand.IntN(40)
			}
			if now.State == undo.Restoring || now.State == undo.Writing && m.Rand.IntN(2) == 0 {
				err = undo.Cancel(m.Files())
				if err == nil && !bytes.Equal(m.Disk.Seen, old) {
					t.Fatalf("kill %d: cancelled, and another disk than before", i)
				}
			} else if err = move(m, want); err == nil && !bytes.Equal(m.Disk.Seen, want) {
				t.Fatalf("kill %d: resumed, and another disk than the source", i)
			}
			if err != nil && !errors.Is(err, undotest.ErrPower) {
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
	m := undotest.New(1, old)
	d, err := undo.Begin(m.Files(), id)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = d.WriteAt(want[:merkle.Block], 0)
	d.Landed(undo.Block{Len: merkle.Block, Sum: merkle.SumBlock(want[:merkle.Block]).Sum()})
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	_, _ = d.WriteAt(want[merkle.Block:2*merkle.Block], merkle.Block)
	m.Reboot()
	again, err := undo.Begin(m.Files(), id)
	if err != nil || len(again.Done()) != 1 || again.Done()[0].Off != 0 {
		t.Fatalf("error %v", err)
	}
	other := id
	other.Source = "blob@s2"
	if _, err := undo.Begin(m.Files(), other); !errors.Is(err, undo.ErrIdentity) {
		t.Errorf("another source: %v", err)
	}
	m.Log.Seen[8192+3] ^= 1
	if _, err := undo.Begin(m.Files(), id); !errors.Is(err, undo.ErrLog) {
		t.Errorf("a damaged log: %v", err)
	}
	if err := undo.Cancel(m.Files()); !errors.Is(err, undo.ErrLog) {
		t.Errorf("a damaged log: %v", err)
	}
}

// TestRotInTheUndoLogIsNoCutTail changes one byte of every record in turn, and
// cuts the log at every one: what was safe once and is not whole is refused,
// and a tail that no flush had promised is not missed.
func TestRotInTheUndoLogIsNoCutTail(t *testing.T) {
	old, want := contents(5)
	m := undotest.New(1, old)
	d, err := undo.Begin(m.Files(), id)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int64
	for off := int64(0); off < 6*merkle.Cell; off += 2 * merkle.Cell {
		if _, err := d.WriteAt(want[off:off+100], off); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, int64(len(m.Log.Seen)))
	}
	safe, written := slices.Clone(m.Log.Seen), slices.Clone(m.Disk.Seen)
	for _, end := range ends {
		for name, harm := range map[string]func([]byte) []byte{
			"a changed byte": func(p []byte) []byte { p[end-1] ^= 4; return p },
			"a lost end":     func(p []byte) []byte { return p[:end-1] },
		} {
			m.Log.Seen = harm(slices.Clone(safe))
			if err := undo.Cancel(m.Files()); !errors.Is(err, undo.ErrLog) || !bytes.Equal(m.Disk.Seen, written) {
				t.Errorf("%s at %d: cancel: %v", name, end, err)
			}
			if _, err := undo.Begin(m.Files(), id); !errors.Is(err, undo.ErrLog) {
				t.Errorf("%s at %d: resume: %v", name, end, err)
			}
		}
	}
	// A record that was on its way when the power went promises nothing.
	m.Log.Seen = append(slices.Clone(safe), bytes.Repeat([]byte{7}, 5000)...)
	if err := undo.Cancel(m.Files()); err != nil || !bytes.Equal(m.Disk.Seen, old) {
		t.Errorf("a cut tail: %v, or another disk than before", err)
	}
}

// TestAFreshDiskIsNotRestored goes on with a disk that held nothing, and saves
// nothing of it.
func TestAFreshDiskIsNotRestored(t *testing.T) {
	_, want := contents(6)
	m := undotest.New(1, nil)
	fresh := id
	fresh.Fresh = true
	d, err := undo.Begin(m.Files(), fresh)
	if err != nil {
		t.Fatal(err)
	}
	before := len(m.Log.Seen)
	if _, err := d.WriteAt(want[:merkle.Block], 0); err != nil || len(m.Log.Seen) != before {
		t.Fatalf("%v, or something was saved", err)
	}
	d.Landed(undo.Block{Len: merkle.Block})
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := undo.Cancel(m.Files()); !errors.Is(err, undo.ErrFresh) {
		t.Errorf("cancelled: %v", err)
	}
	now, was, err := undo.Look(m.Sidecar, m.Log)
	if err != nil || now.State != undo.Writing || was != fresh {
		t.Errorf("%+v, %+v, %v", now, was, err)
	}
	if d, err = undo.Begin(m.Files(), fresh); err != nil || len(d.Done()) != 1 {
		t.Fatalf("resumed: %v", err)
	}
	if err := d.Finish("s1"); err != nil {
		t.Fatal(err)
	}
}

func FuzzSidecar(f *testing.F) {
	old, want := contents(3)
	m := undotest.New(1, old)
	_ = move(m, want)
	f.Add(m.Sidecar.Seen)
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
	m := undotest.New(1, old)
	m.Left = 20
	_ = move(m, want)
	f.Add(m.Log.Seen[:min(len(m.Log.Seen), 8192+4096)])
	sidecar := m.Sidecar.Seen
	f.Fuzz(func(t *testing.T, p []byte) {
		m := undotest.New(1, old)
		m.Sidecar.Seen, m.Log.Seen = slices.Clone(sidecar), slices.Clone(p)
		if err := undo.Cancel(m.Files()); err != nil && !bytes.Equal(m.Disk.Seen, old) {
			t.Errorf("%v, and written all the same", err)
		}
	})
}
