package disk

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// benchDisk is a raw disk of 2 GiB, half of it data, in runs of 64 KiB to 8 MiB
// between holes of the same kind.
func benchDisk(b *testing.B) (path string, data int64) {
	b.Helper()
	const size = 2 << 30
	path = filepath.Join(b.TempDir(), "source.img")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	rnd, bytes := rand.New(rand.NewPCG(2, 30)), rand.NewChaCha8([32]byte{30})
	run := func() int64 { return 64 << 10 << rnd.IntN(8) }
	p := make([]byte, 8<<20)
	for at := run(); at < size; at += run() {
		n := min(run(), size-at)
		_, _ = bytes.Read(p[:n])
		if _, err := f.WriteAt(p[:n], at); err != nil {
			b.Fatal(err)
		}
		at, data = at+n, data+n
	}
	if err := f.Truncate(size); err != nil {
		b.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return path, data
}

// BenchmarkInto copies the disk into a new image of each kind until it is safe
// on the disk: to be held against the raw file of the same run, of which
// the rounds take turns so that a busy machine is busy for all.
func BenchmarkInto(b *testing.B) {
	path, data := benchDisk(b)
	source, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	for round := range 5 {
		for _, c := range []struct {
			name string
			opt  Options
		}{
			{"raw", Options{Format: image.Raw, Sparse: true}},
			{"raw-reserved", Options{Format: image.Raw}},
			{"vhd-fixed", Options{Format: image.FixedVHD}},
			{"vhdx-2MiB", Options{Format: image.VHDX}},
			{"vhdx-1MiB", Options{Format: image.VHDX, BlockSize: 1 << 20}},
			{"vhdx-32MiB", Options{Format: image.VHDX, BlockSize: 32 << 20}},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, round), func(b *testing.B) {
				c.opt.Size = source.Size()
				b.SetBytes(data)
				for b.Loop() {
					target := filepath.Join(b.TempDir(), "target")
					img, err := Create(target, c.opt)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := transfer.Copy(b.Context(), Source(source), img, transfer.Options{Fresh: true}); err != nil {
						b.Fatal(err)
					}
					if err := img.Close(); err != nil {
						b.Fatal(err)
					}
					b.StopTimer()
					if err := os.Remove(target); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
			})
		}
	}
}
