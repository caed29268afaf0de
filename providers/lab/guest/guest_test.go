package guest_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"failback/providers/lab/guest"
)

// ram is a disk in memory.
type ram struct {
	bytes []byte
	log   *[]write // every write of all disks, in order
	index int
}

type write struct {
	disk int
	off  int64
	p    []byte
}

func (d *ram) Size() int64 { return int64(len(d.bytes)) }

func (d *ram) ReadAt(p []byte, off int64) (int, error) {
	if n := copy(p, d.bytes[min(off, d.Size()):]); n < len(p) {
		return n, io.EOF
	}
	return len(p), nil
}

func (d *ram) WriteAt(p []byte, off int64) (int, error) {
	if d.log != nil {
		*d.log = append(*d.log, write{disk: d.index, off: off, p: slices.Clone(p)})
	}
	return copy(d.bytes[off:], p), nil
}

func rams(sizes ...int64) []*ram {
	out := make([]*ram, len(sizes))
	for i, n := range sizes {
		out[i] = &ram{bytes: make([]byte, n), index: i}
	}
	return out
}

func disksOf(rams []*ram) []guest.Disk {
	out := make([]guest.Disk, len(rams))
	for i, d := range rams {
		out[i] = d
	}
	return out
}

func clones(rams []*ram) []*ram {
	out := make([]*ram, len(rams))
	for i, d := range rams {
		out[i] = &ram{bytes: slices.Clone(d.bytes), index: d.index}
	}
	return out
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

var spec = guest.Spec{ID: "4f1c0c8e", Seed: 7, OS: "Windows Server 2022", StaticMiB: 1}

// formatted is a guest of two disks that has not run yet.
func formatted(tb testing.TB) []*ram {
	tb.Helper()
	d := rams(guest.MinDisk+2<<20, guest.MinDisk)
	must(tb, guest.Format(tb.Context(), spec, disksOf(d)))
	return d
}

func run(tb testing.TB, d []*ram, steps int) *guest.Guest {
	tb.Helper()
	g, err := guest.Open(disksOf(d))
	must(tb, err)
	for range steps {
		_, err := g.Step(nil)
		must(tb, err)
	}
	return g
}

func TestBootFindsWhatTheGuestWrote(t *testing.T) {
	d := formatted(t)
	for _, steps := range []int{0, 1, 254, 1, 1, 700} {
		g := run(t, d, steps)
		report, err := guest.Check(t.Context(), disksOf(d))
		must(t, err)
		want := guest.Report{ID: spec.ID, OS: spec.OS, Last: g.Last(), Records: int(min(g.Last(), 256)), Blocks: 256}
		if report != want {
			t.Errorf("report %+v, want %+v", report, want)
		}
		if g.Spec() != spec {
			t.Errorf("spec %+v", g.Spec())
		}
	}
}

func TestAnyInstantBoots(t *testing.T) {
	d := formatted(t)
	var log []write
	for _, r := range d {
		r.log = &log
	}
	image := clones(d)
	run(t, d, 300)
	for i, w := range log {
		copy(image[w.disk].bytes[w.off:], w.p)
		if i%37 > 1 {
			continue // both kinds of instants: before and after a record
		}
		report, err := guest.Check(t.Context(), disksOf(image))
		if err != nil {
			t.Fatalf("after write %d: %v", i, err)
		}
		if want := uint64(i+1) / 2; report.Last != want {
			t.Fatalf("after write %d: record %d, want %d", i, report.Last, want)
		}
	}
}

// damage replays a run with one write gone wrong, and says what it did.
func damage(rnd *rand.Rand, image []*ram, log []write) string {
	apply := func(w write) { copy(image[w.disk].bytes[w.off:], w.p) }
	final := map[[2]int64]int{}
	for i, w := range log {
		final[[2]int64{int64(w.disk), w.off}] = i
	}
	// A write that no later one covers. The last record is left out: without
	// it the disks are those of an instant before.
	victim := rnd.IntN(len(log) - 1)
	victim = final[[2]int64{int64(log[victim].disk), log[victim].off}]
	victim = min(victim, len(log)-2)
	switch rnd.IntN(3) {
	case 0:
		for i, w := range log {
			if i != victim {
				apply(w)
			}
		}
		return "lost"
	case 1:
		for i, w := range log {
			if i == victim {
				w.p = w.p[:512*(1+rnd.IntN(7))]
			}
			apply(w)
		}
		return "torn"
	default:
		// What came from some write on is missing, a later one is there.
		from := rnd.IntN(len(log) - 1)
		for _, w := range log[:from] {
			apply(w)
		}
		apply(log[from+1+rnd.IntN(len(log)-1-from)])
		return "out of order"
	}
}

func TestWritesThatWentWrongAreFound(t *testing.T) {
	runs := 150
	if os.Getenv("FAILBACK_LONG") != "" {
		runs = 1000
	}
	start := formatted(t)
	reasons := map[guest.Reason]int{}
	for seed := range runs {
		rnd := rand.New(rand.NewPCG(uint64(seed), 1))
		d, image := clones(start), clones(start)
		var log []write
		for _, r := range d {
			r.log = &log
		}
		run(t, d, 2+rnd.IntN(600))
		what := damage(rnd, image, log)
		_, err := guest.Check(t.Context(), disksOf(image))
		var bad *guest.Corrupt
		if !errors.As(err, &bad) {
			t.Fatalf("run %d: a %s write was not found: %v", seed, what, err)
		}
		reasons[bad.Why]++
	}
	for _, why := range []guest.Reason{guest.Lost, guest.Torn, guest.Reordered} {
		if reasons[why] == 0 {
			t.Errorf("never found: %s", why)
		}
	}
}

func TestDisksThatDoNotBelongTogether(t *testing.T) {
	ours := formatted(t)
	theirs := rams(guest.MinDisk+2<<20, guest.MinDisk)
	other := spec
	other.ID = "another"
	must(t, guest.Format(t.Context(), other, disksOf(theirs)))
	old := clones(ours)
	run(t, ours, 40)
	for name, c := range map[string]struct {
		disks []*ram
		why   guest.Reason
	}{
		"of two guests":      {[]*ram{ours[0], theirs[1]}, guest.Foreign},
		"in another order":   {[]*ram{ours[1], ours[0]}, guest.Foreign},
		"one missing":        {ours[:1], guest.Foreign},
		"never formatted":    {rams(guest.MinDisk), guest.Lost},
		"second disk is old": {[]*ram{ours[0], old[1]}, guest.Lost},
		"first disk is old":  {[]*ram{old[0], ours[1]}, guest.Reordered},
	} {
		_, err := guest.Check(t.Context(), disksOf(c.disks))
		var bad *guest.Corrupt
		if !errors.As(err, &bad) || bad.Why != c.why {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := guest.Check(t.Context(), nil); err == nil {
		t.Error("no disk boots")
	}
}

func TestDamageOutsideTheRecordsIsFound(t *testing.T) {
	for name, off := range map[string]int64{
		"superblock": 100, "static content 0": guest.MinDisk + 700_000, "record slot 200": 64<<10 + 200*4096 + 9, "block 5": 64<<10 + 256*4096 + 5*4096 + 77,
	} {
		d := formatted(t)
		run(t, d, 3)
		d[0].bytes[off] ^= 1
		_, err := guest.Check(t.Context(), disksOf(d))
		var bad *guest.Corrupt
		if !errors.As(err, &bad) || bad.Block != name || bad.Disk != 0 || bad.Why != guest.Torn {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "disk 0, "+name+": expected ") {
			t.Errorf("%s: the error reads %q", name, err)
		}
	}
}

func TestFormatRefusesWhatDoesNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		spec guest.Spec
		size int64
	}{
		"no room":        {guest.Spec{ID: "a", StaticMiB: 4}, guest.MinDisk + 1<<20},
		"a small disk":   {guest.Spec{ID: "a"}, 1 << 20},
		"a long id":      {guest.Spec{ID: strings.Repeat("a", 129)}, guest.MinDisk},
		"negative share": {guest.Spec{ID: "a", StaticMiB: -1}, guest.MinDisk},
	} {
		if err := guest.Format(t.Context(), c.spec, disksOf(rams(c.size))); err == nil {
			t.Errorf("%s: formatted", name)
		}
	}
}

func TestFailedStepIsRepeatedAsItWas(t *testing.T) {
	d := formatted(t)
	g := run(t, d, 5)
	cut := errors.New("power cut")
	if _, err := g.Step(func(f func() error) error { return errors.Join(f(), cut) }); !errors.Is(err, cut) {
		t.Fatalf("error %v", err)
	}
	seq, err := g.Step(nil)
	if err != nil || seq != 6 {
		t.Errorf("step %d, %v", seq, err)
	}
	if _, err := guest.Check(t.Context(), disksOf(d)); err != nil {
		t.Error(err)
	}
}

// FuzzCheck boots from disks with foreign bytes in all places that are parsed.
func FuzzCheck(f *testing.F) {
	start := formatted(f)
	run(f, start, 10)
	f.Add([]byte("FBGUEST1"), uint32(0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff}, uint32(28))
	f.Fuzz(func(t *testing.T, p []byte, at uint32) {
		d := clones(start)
		off := int64(at) % d[0].Size()
		copy(d[0].bytes[off:], p)
		changed := !slices.Equal(d[0].bytes, start[0].bytes)
		report, err := guest.Check(context.Background(), disksOf(d))
		if err == nil && report.Last != 10 && changed {
			t.Errorf("booted with %+v", report)
		}
	})
}

func BenchmarkFormat(b *testing.B) {
	d := rams(40 << 20)
	b.SetBytes(25 << 20)
	for b.Loop() {
		must(b, guest.Format(context.Background(), guest.Spec{ID: "bench", StaticMiB: 25}, disksOf(d)))
	}
}

func BenchmarkCheck(b *testing.B) {
	d := rams(40 << 20)
	must(b, guest.Format(context.Background(), guest.Spec{ID: "bench", StaticMiB: 25}, disksOf(d)))
	run(b, d, 1000)
	b.SetBytes(25 << 20)
	for b.Loop() {
		_, err := guest.Check(context.Background(), disksOf(d))
		must(b, err)
	}
}

func BenchmarkStep(b *testing.B) {
	g := run(b, formatted(b), 0)
	for b.Loop() {
		_, err := g.Step(nil)
		must(b, err)
	}
}
