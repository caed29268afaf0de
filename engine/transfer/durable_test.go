package transfer_test

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"failback/engine/transfer"
)

// BenchmarkDurable moves half-full disks onto new files and flushes them: the
// same bytes read and thrown away and then written, the mover, the mover with a
// manifest, and rsync where it is there.
func BenchmarkDurable(b *testing.B) {
	src := benchFile(b, true)
	source := transfer.FileSource(src, benchSize)
	each := func(name string, move func(b *testing.B, dst *os.File) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(benchSize / 2)
			for b.Loop() {
				b.StopTimer()
				dst := benchFile(b, false)
				b.StartTimer()
				if err := move(b, dst); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				_ = os.Remove(dst.Name())
				b.StartTimer()
			}
		})
	}
	each("floor", func(_ *testing.B, dst *os.File) error {
		p := make([]byte, 1<<20)
		for off := int64(0); off < benchSize; off += 8 << 20 {
			for at := off; at < off+4<<20; at += int64(len(p)) {
				if _, err := src.ReadAt(p, at); err != nil {
					return err
				}
			}
		}
		for off := int64(0); off < benchSize; off += 8 << 20 {
			for at := off; at < off+4<<20; at += int64(len(p)) {
				if _, err := dst.WriteAt(p, at); err != nil {
					return err
				}
			}
		}
		return dst.Sync()
	})
	each("mover", func(_ *testing.B, dst *os.File) error {
		_, err := transfer.Copy(context.Background(), source, dst, transfer.Options{Fresh: true})
		return err
	})
	each("proven", func(_ *testing.B, dst *os.File) error {
		_, err := transfer.Copy(context.Background(), source, dst, transfer.Options{Fresh: true, Proof: &transfer.Proof{}})
		return err
	})
	rsync, err := exec.LookPath("rsync")
	if err != nil {
		b.Log("no rsync on the PATH: no peer")
		return
	}
	each("rsync", func(b *testing.B, dst *os.File) error {
		return exec.CommandContext(b.Context(), rsync, "--inplace", "--whole-file", "--fsync", src.Name(), dst.Name()).Run()
	})
}
