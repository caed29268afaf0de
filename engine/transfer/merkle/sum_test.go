package merkle

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// plainly is what sumCells has to give, by the standard library alone.
func plainly(p []byte) (out []Sum) {
	for len(p) > 0 {
		var cell [Cell]byte
		p = p[copy(cell[:], p):]
		out = append(out, sha256.Sum256(cell[:]))
	}
	return out
}

func checkSums(t *testing.T, p []byte) {
	t.Helper()
	want := plainly(p)
	have := make([]Sum, len(want)+1)
	sumCells(have, p)
	for i := range want {
		if have[i] != want[i] {
			t.Fatalf("cell %d of %d bytes has %v, and %v is right", i, len(p), have[i], want[i])
		}
	}
	if have[len(want)] != (Sum{}) {
		t.Fatalf("%d bytes were summed beyond their end", len(p))
	}
}

func TestCellsSideBySideHaveTheSumsOfTheStandardLibrary(t *testing.T) {
	random := rand.NewChaCha8([32]byte{16})
	p := make([]byte, 70*Cell)
	for _, n := range []int{0, 1, Cell - 1, Cell, 15 * Cell, 16 * Cell, 16*Cell + 1, 17 * Cell, 32*Cell - 512, 48 * Cell, 70 * Cell} {
		_, _ = random.Read(p[:n])
		checkSums(t, p[:n])
	}
}

func TestCellsOfZerosAmongOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 16))
	p, random := make([]byte, 64*Cell), rand.NewChaCha8([32]byte{2})
	for _, zeros := range []int{1, 7, 8, 9, 40, 63, 64} {
		_, _ = random.Read(p)
		for _, i := range r.Perm(64)[:zeros] {
			clear(p[i*Cell:][:Cell])
		}
		checkSums(t, p)
	}
}

func FuzzSumCells(f *testing.F) {
	f.Add([]byte{1}, 16*Cell)
	f.Add([]byte{0, 0xff}, 33*Cell+5)
	f.Fuzz(func(t *testing.T, seed []byte, n int) {
		if len(seed) == 0 || n < 0 || n > 64*Cell {
			t.Skip()
		}
		checkSums(t, bytes.Repeat(seed, n/len(seed)+1)[:n])
	})
}

// BenchmarkSumCells is a block of data; the peer is the standard library, cell by cell.
func BenchmarkSumCells(b *testing.B) {
	p := make([]byte, Block)
	_, _ = rand.NewChaCha8([32]byte{3}).Read(p)
	var c Cells
	for _, way := range []struct {
		name string
		sum  func()
	}{
		{"here", func() { sumCells(c[:], p) }},
		{"one-by-one", func() {
			for i := range c {
				c[i] = sha256.Sum256(p[i*Cell:][:Cell])
			}
		}},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.SetBytes(Block)
			for b.Loop() {
				way.sum()
			}
		})
	}
}
