package transfer_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer"
	"failback/engine/transfer/pace"
)

// slow is a side of a transfer that takes its time for every call.
type slowTarget struct {
	*memory
	each time.Duration
}

func (s slowTarget) WriteAt(p []byte, off int64) (int, error) {
	time.Sleep(s.each)
	return s.memory.WriteAt(p, off)
}

func TestWhatHoldsATransferBackIsNamed(t *testing.T) {
	src := scattered(4, 4*mib)
	answers := func(d time.Duration) streaming {
		return streaming{memory: src, answer: func(transfer.Extent) (io.Reader, error) {
			time.Sleep(d)
			return nil, nil
		}}
	}
	throttled := 0
	for want, c := range map[pace.Brake]struct {
		src   transfer.Source
		write time.Duration
		limit bool
	}{
		pace.BrakeSource: {answers(time.Second), time.Millisecond, false},
		pace.BrakeTarget: {answers(time.Millisecond), time.Second, false},
		pace.BrakeLimit:  {answers(time.Millisecond), time.Millisecond, true},
		pace.BrakeThrottle: {streaming{memory: src, answer: func(transfer.Extent) (io.Reader, error) {
			if throttled++; throttled%4 == 0 {
				return nil, &transfer.Throttled{RetryAfter: 20 * time.Second}
			}
			return nil, nil
		}}, time.Millisecond, false},
	} {
		t.Run(want.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var brakes pace.Brakes
				opt := transfer.Options{Brakes: &brakes, Streams: 2}
				if c.limit {
					opt.Share = pace.NewLimiter(pace.Schedule{Otherwise: pace.Rate{Bytes: 100 << 10}}).Join()
				}
				if c.src.(streaming).answer != nil && want == pace.BrakeThrottle {
					opt.Streams = 1
				}
				if _, err := transfer.Copy(t.Context(), c.src, slowTarget{&memory{}, c.write}, opt); err != nil {
					t.Fatal(err)
				}
				if got, share := brakes.Most(); got != want || share < 0.5 {
					t.Errorf("%v with %.0f %%, want %v", got, share*100, want)
				}
				if got, _ := brakes.Most(); got != pace.BrakeNone {
					t.Errorf("%v since then", got)
				}
			})
		})
	}
}

// hanging stops in the middle of some answers until they are left.
type hanging struct {
	streaming
	asked *int
}

func (h hanging) ReadRange(ctx context.Context, off, n int64) (io.ReadCloser, error) {
	*h.asked++
	if *h.asked%5 != 3 {
		return h.streaming.ReadRange(ctx, off, n)
	}
	half := n / 2
	body := io.MultiReader(io.NewSectionReader(truth{h.memory}, off, half), waiting{ctx})
	return io.NopCloser(body), nil
}

type truth struct{ *memory }

func (m truth) ReadAt(p []byte, off int64) (int, error) { return copy(p, m.bytes[off:]), nil }

type waiting struct{ ctx context.Context }

func (w waiting) Read([]byte) (int, error) {
	<-w.ctx.Done()
	return 0, w.ctx.Err()
}

func TestAnAnswerThatHangsIsAskedForAgain(t *testing.T) {
	src := scattered(5, 6*mib)
	synctest.Test(t, func(t *testing.T) {
		asked, dst, begun := 0, &memory{}, time.Now()
		s := hanging{streaming{memory: src}, &asked}
		if _, err := transfer.Copy(t.Context(), s, dst, transfer.Options{Streams: 1}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.bytes, src.bytes) {
			t.Error("another disk")
		}
		if took := time.Since(begun); took > 30*time.Minute || took < 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// TestASampleFindsWhatADiffLeavesOut changes one block that the list of changes
// does not name; a sample of everything finds it, and one of a part sooner or
// later.
func TestASampleFindsWhatADiffLeavesOut(t *testing.T) {
	src := scattered(6, 8*mib+512)
	dst := src.clone()
	for off := int64(2 * mib); off < 3*mib; off++ {
		dst.bytes[off] ^= 1
	}
	ch := transfer.Changes{Updated: []transfer.Extent{{Off: 5 * mib, Len: mib}}}
	copy(dst.bytes[5*mib:], make([]byte, mib)) // what the list names is not looked at
	all, err := transfer.Sample(t.Context(), streaming{memory: src}, ch, dst, 1, rand.New(rand.NewPCG(1, 1)))
	if err != nil || len(all.Differs) != 1 || all.Differs[0] != (transfer.Extent{Off: 2 * mib, Len: mib}) {
		t.Fatalf("%+v, %v", all, err)
	}
	found, most := 0, int64(0)
	for seed := range uint64(60) {
		some, err := transfer.Sample(t.Context(), streaming{memory: src}, ch, dst, 0.25, rand.New(rand.NewPCG(seed, 2)))
		if err != nil || some.Blocks == 0 {
			t.Fatalf("%+v, %v", some, err)
		}
		if most = max(most, some.Blocks); len(some.Differs) > 0 {
			found++
		}
	}
	if found < 5 || found > 40 || most > 5 {
		t.Errorf("found by %d samples of 60, at most %d blocks in one", found, most)
	}
}
