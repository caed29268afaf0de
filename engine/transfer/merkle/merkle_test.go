package merkle_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"failback/engine/transfer/merkle"
)

const size = 5*merkle.Block + 3*merkle.Cell + 512

// content is a disk with data, zeros within blocks and blocks of zeros.
func content() []byte {
	p := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(p)
	clear(p[merkle.Block : 2*merkle.Block])
	clear(p[3*merkle.Block+merkle.Cell : 3*merkle.Block+9*merkle.Cell])
	return p
}

func of(p []byte, keep bool) *merkle.Manifest {
	m := merkle.New(int64(len(p)))
	for i := range m.Blocks() {
		c := merkle.SumBlock(p[i*merkle.Block : min(int64(len(p)), (i+1)*merkle.Block)])
		if keep {
			m.SetCells(i, c)
		} else {
			m.Set(i, c.Sum())
		}
	}
	return m
}

// naiveRoot computes the root as doc.go describes it, over every block.
func naiveRoot(p []byte) merkle.Sum {
	blocks := 1024
	padded := make([]byte, (len(p)+merkle.Block-1)/merkle.Block*merkle.Block)
	copy(padded, p)
	zero := sha256.Sum256(make([]byte, merkle.Cell))
	level := make([][32]byte, blocks)
	for i := range level {
		var in []byte
		for k := range 256 {
			s := zero
			if at := i*merkle.Block + k*merkle.Cell; at < len(padded) {
				s = sha256.Sum256(padded[at : at+merkle.Cell])
			}
			in = append(in, s[:]...)
		}
		level[i] = sha256.Sum256(in)
	}
	for len(level) > 1 {
		next := make([][32]byte, len(level)/2)
		for i := range next {
			next[i] = sha256.Sum256(append(slices.Clone(level[2*i][:]), level[2*i+1][:]...))
		}
		level = next
	}
	n := uint64(len(p))
	in := append([]byte(merkle.Algorithm), byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	return sha256.Sum256(append(in, level[0][:]...))
}

func TestRootIsThatOfTheDescription(t *testing.T) {
	p := content()
	if got, want := of(p, false).Root(), naiveRoot(p); got != want {
		t.Errorf("root %v, want %v", got, want)
	}
	longer := append(slices.Clone(p), 0)
	if of(longer, false).Root() == of(p, false).Root() {
		t.Error("a zero more does not change the root")
	}
	huge := merkle.New(4 << 40)
	if huge.Root() == merkle.New(4<<40-1).Root() {
		t.Error("the size is not in the root")
	}
}

func TestBuilderInAnyOrderFromSeveralGoroutines(t *testing.T) {
	p := content()
	want := of(p, true)
	b := merkle.NewBuilder(merkle.New(size))
	b.Keep = func(int64, merkle.Sum) bool { return true }
	finished := map[int64]merkle.Sum{}
	b.Finished = func(block int64, s merkle.Sum) { finished[block] = s }
	const piece = 3 * merkle.Cell
	offs := make(chan int64, 8)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for off := range offs {
				part := p[off:min(size, off+piece)]
				_ = b.Prepare(off, int64(len(part)))
				b.Add(off, part)
				b.Done(off, int64(len(part)))
			}
		})
	}
	for off := int64(0); off < size; off += piece {
		b.Expect(off, min(size, off+piece)-off)
		b.Seal(off)
		offs <- off
	}
	b.Seal(size)
	close(offs)
	wg.Wait()
	got, err := b.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if got.Root() != want.Root() || len(merkle.Compare(got, want)) > 0 || len(finished) != 6 || finished[5] != want.Leaf(5) {
		t.Error("another manifest")
	}
}

func TestBuilderChangesCellsOfABase(t *testing.T) {
	p := content()
	base := of(p, true)
	changed := slices.Clone(p)
	copy(changed[2*merkle.Block+merkle.Cell:], "changed")
	clear(changed[4*merkle.Block : 4*merkle.Block+merkle.Cell])
	b := merkle.NewBuilder(base.Clone())
	b.Fill = func(block int64) (*merkle.Cells, error) { return base.Cells(block), nil }
	b.Expect(2*merkle.Block+merkle.Cell, merkle.Cell)
	b.Expect(4*merkle.Block, merkle.Cell)
	b.Seal(size)
	for _, off := range []int64{4 * merkle.Block, 2*merkle.Block + merkle.Cell} {
		if _, err := b.Manifest(); err == nil {
			t.Error("an unfinished manifest is given away")
		}
		if err := b.Prepare(off, merkle.Cell); err != nil {
			t.Fatal(err)
		}
		if off == 4*merkle.Block {
			b.AddZeros(off, merkle.Cell)
		} else {
			b.Add(off, changed[off:off+merkle.Cell])
		}
		b.Done(off, merkle.Cell)
	}
	m, err := b.Manifest()
	if err != nil || m.Root() != of(changed, false).Root() {
		t.Errorf("error %v or another root", err)
	}
	if base.Root() != of(p, false).Root() {
		t.Error("the base was changed")
	}
	want := []merkle.Range{{2*merkle.Block + merkle.Cell, merkle.Cell}, {4 * merkle.Block, merkle.Cell}}
	if got := merkle.Compare(base, of(changed, true)); !slices.Equal(got, want) {
		t.Errorf("differ in %v, want %v", got, want)
	}
	want = []merkle.Range{{2 * merkle.Block, merkle.Block}, {4 * merkle.Block, merkle.Block}}
	if got := merkle.Compare(of(p, false), m); !slices.Equal(got, want) {
		t.Errorf("without cells they differ in %v, want %v", got, want)
	}
}

func TestBuilderFailsWhereFillDoes(t *testing.T) {
	broken := errors.New("broken")
	b := merkle.NewBuilder(merkle.New(size))
	b.Fill = func(int64) (*merkle.Cells, error) { return nil, broken }
	b.Expect(0, merkle.Cell)
	for range 2 {
		if err := b.Prepare(0, merkle.Cell); !errors.Is(err, broken) {
			t.Errorf("error %v", err)
		}
	}
}

func TestCompareSeesTheTailOfTheLargerDisk(t *testing.T) {
	a, b := merkle.New(3*merkle.Block), merkle.New(5*merkle.Block)
	if got := merkle.Compare(a, b); !slices.Equal(got, []merkle.Range{{3 * merkle.Block, 2 * merkle.Block}}) {
		t.Errorf("%v", got)
	}
	if got := merkle.Compare(b, b.Clone()); got != nil {
		t.Errorf("%v", got)
	}
}

func encoded(t testing.TB, m *merkle.Manifest) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := m.Encode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestManifestSurvivesItsFileAndNothingElse(t *testing.T) {
	m := of(content(), true)
	file := encoded(t, m)
	got, err := merkle.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if got.Root() != m.Root() || got.Cells(0) == nil || !bytes.Equal(encoded(t, got), file) {
		t.Error("another manifest")
	}
	for at := 0; at < len(file); at += 97 {
		bad := slices.Clone(file)
		bad[at] ^= 4
		if _, err := merkle.Decode(bytes.NewReader(bad)); !errors.Is(err, merkle.ErrManifest) {
			t.Fatalf("a flipped bit at %d: %v", at, err)
		}
		if _, err := merkle.Decode(bytes.NewReader(file[:at])); !errors.Is(err, merkle.ErrManifest) {
			t.Fatalf("cut at %d: %v", at, err)
		}
	}
	if _, err := merkle.Decode(bytes.NewReader(append(file, 0))); err == nil {
		t.Error("something follows")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encoded(f, of(content()[:2*merkle.Block], true)))
	f.Add(encoded(f, merkle.New(4<<40)))
	f.Add([]byte("failback manifest 1\n{}\n"))
	f.Fuzz(func(t *testing.T, p []byte) {
		m, err := merkle.Decode(bytes.NewReader(p))
		if err != nil {
			return
		}
		again, err := merkle.Decode(bytes.NewReader(encoded(t, m)))
		if err != nil || again.Root() != m.Root() {
			t.Fatalf("%v", err)
		}
	})
}
