package transfer_test

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer"
)

// TestConvergeEndsHonestly has a disk whose writer changes a part of it in every
// pass: less each time, or always as much.
func TestConvergeEndsHonestly(t *testing.T) {
	for _, c := range []struct {
		shrink int
		most   int
		want   transfer.Convergence
	}{{4, 20, transfer.Fits}, {1, 20, transfer.DoesNotShrink}, {2, 2, transfer.TooManyPasses}} {
		synctest.Test(t, func(t *testing.T) {
			dst := &memory{bytes: make([]byte, 4*mib)}
			now, n, pass := dst.clone(), int64(4*mib), byte(0)
			next := func(context.Context) (transfer.Source, transfer.Changes, error) {
				pass++
				e := transfer.Extent{Len: n}
				for i := range now.bytes[:n] {
					now.bytes[i] = pass
				}
				n = max(1, n/int64(c.shrink))
				return source{now.clone()}, transfer.Changes{Updated: []transfer.Extent{e}}, nil
			}
			slow := func(ctx context.Context, n int) error {
				time.Sleep(time.Duration(n) * time.Second / (256 << 10)) // 256 KiB/s
				return ctx.Err()
			}
			end, rest, err := transfer.Converge(t.Context(), next, dst, 300*time.Millisecond, c.most, transfer.Options{Limit: slow, Streams: 1})
			if err != nil || end != c.want {
				t.Fatalf("ended with %v after %v, %v; want %v", end, pass, err, c.want)
			}
			if fits := rest <= 300*time.Millisecond; fits != (end == transfer.Fits) {
				t.Errorf("%v with %v left", end, rest)
			}
			if end == transfer.Fits && bytes.Equal(dst.bytes, now.bytes) {
				t.Error("the last changes are the caller's")
			}
		})
	}
}
