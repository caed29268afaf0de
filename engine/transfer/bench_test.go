package transfer_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"failback/engine/transfer"
)

const benchSize = 256 << 20

// benchFile is half data, half holes, in runs of 4 MiB.
func benchFile(b *testing.B, fill bool) *os.File {
	b.Helper()
	f, err := os.Create(filepath.Join(b.TempDir(), "disk"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	if err := f.Truncate(benchSize); err != nil {
		b.Fatal(err)
	}
	if fill {
		p, rnd := make([]byte, 4<<20), rand.NewChaCha8([32]byte{1})
		for off := int64(0); off < benchSize; off += 2 * int64(len(p)) {
			_, _ = rnd.Read(p)
			if _, err := f.WriteAt(p, off); err != nil {
				b.Fatal(err)
			}
		}
	}
	return f
}

// BenchmarkFloor reads and writes the same bytes and does nothing else.
func BenchmarkFloor(b *testing.B) {
	src, dst := benchFile(b, true), benchFile(b, false)
	b.SetBytes(benchSize / 2)
	p := make([]byte, 1<<20)
	for b.Loop() {
		for off := int64(0); off < benchSize; off += 8 << 20 {
			for at := off; at < off+4<<20; at += int64(len(p)) {
				if _, err := src.ReadAt(p, at); err != nil {
					b.Fatal(err)
				}
				if _, err := dst.WriteAt(p, at); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}

func benchCopy(b *testing.B, opt transfer.Options) {
	b.Helper()
	src, dst := benchFile(b, true), benchFile(b, false)
	source := transfer.FileSource(src, benchSize)
	b.SetBytes(benchSize / 2)
	for b.Loop() {
		if _, err := transfer.Copy(context.Background(), source, unsynced{dst}, opt); err != nil {
			b.Fatal(err)
		}
	}
}

// unsynced measures the mover, not the disk.
type unsynced struct{ *os.File }

func (unsynced) Sync() error { return nil }

// BenchmarkCopy is to be held against BenchmarkFloor.
func BenchmarkCopy(b *testing.B) { benchCopy(b, transfer.Options{}) }

// BenchmarkCompare reads both sides; after its first round all is equal.
func BenchmarkCompare(b *testing.B) { benchCopy(b, transfer.Options{Compare: true}) }

// BenchmarkSum hashes data and holes.
func BenchmarkSum(b *testing.B) {
	source := transfer.FileSource(benchFile(b, true), benchSize)
	b.SetBytes(benchSize)
	for b.Loop() {
		if _, err := transfer.Sum(context.Background(), source, nil); err != nil {
			b.Fatal(err)
		}
	}
}
