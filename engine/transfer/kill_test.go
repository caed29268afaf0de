package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
	"failback/engine/transfer/undo/undotest"
)

// journey is one way of making the old disk the new one, as often as it takes.
type journey struct {
	name     string
	old, now *memory
	fresh    bool
	run      func(ctx context.Context, d *undo.Disk, opt transfer.Options) error
}

// journeys are the ways there are. Cells are small and blocks two and a bit, so
// that an instant of each is likely to be hit.
func journeys(t *testing.T) []journey {
	old, now := scattered(11, 2*mib+9*512), scattered(12, 2*mib+9*512)
	changed := old.clone()
	var ch transfer.Changes
	for off := int64(0); off+60<<10 < now.Size(); off += 150 << 10 {
		e := transfer.Extent{Off: off, Len: 30 << 10}
		copy(changed.bytes[e.Off:e.End()], now.bytes[e.Off:e.End()])
		ch.Updated = append(ch.Updated, e)
		zero := transfer.Extent{Off: off + 64<<10, Len: 20 << 10}
		clear(changed.bytes[zero.Off:zero.End()])
		ch.Cleared = append(ch.Cleared, zero)
	}
	changed.extents = []transfer.Extent{{Len: changed.Size()}}
	before, after := manifestOf(t, old, true), manifestOf(t, changed, true)
	proof := func(d *undo.Disk, base *merkle.Manifest) *transfer.Proof {
		return &transfer.Proof{Base: base, Done: d.Done(), Landed: d.Landed}
	}
	full := func(compare, fresh bool) func(context.Context, *undo.Disk, transfer.Options) error {
		return func(ctx context.Context, d *undo.Disk, opt transfer.Options) error {
			opt.Proof, opt.Compare, opt.Fresh = proof(d, nil), compare, fresh && len(d.Done()) == 0 && !d.Resumed()
			_, err := transfer.Copy(ctx, streaming{memory: now}, d, opt)
			return err
		}
	}
	return []journey{
		{"full", old, now, false, full(false, false)},
		{"compare", old, now, false, full(true, false)},
		{"fresh", &memory{}, now, true, full(false, true)},
		{"changes", old, changed, false, func(ctx context.Context, d *undo.Disk, opt transfer.Options) error {
			opt.Proof = proof(d, before)
			_, err := transfer.Apply(ctx, streaming{memory: changed}, ch, d, opt)
			return err
		}},
		{"follow", old, changed, false, func(ctx context.Context, d *undo.Disk, opt transfer.Options) error {
			opt.Proof = proof(d, nil)
			_, err := transfer.Follow(ctx, streaming{memory: changed}, before, after, d, opt)
			return err
		}},
	}
}

// go goes on with a journey until it ends or the power goes; most says after how
// many reports a person ends it, none where zero.
func (j journey) travel(t *testing.T, m *undotest.Machine, most int) error {
	id := undo.Identity{Source: j.name, Target: "disk", Size: j.now.Size(), Fresh: j.fresh}
	d, err := undo.Begin(m.Files(), id)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	opt := transfer.Options{Streams: 2, Piece: 64 << 10, Request: 256 << 10}
	if most > 0 {
		opt.Report = func(transfer.Progress) {
			if most--; most == 0 {
				stop()
			}
		}
	}
	if err := j.run(ctx, d, opt); err != nil {
		return err
	}
	return d.Finish("s2")
}

// TestS71KilledOrCancelledAnywhereEveryWayEndsWell cuts the power in the middle of
// every way of moving a disk, or has a person end it, then resumes or cancels, with
// more cuts. FAILBACK_KILLS says how often.
func TestS71KilledOrCancelledAnywhereEveryWayEndsWell(t *testing.T) {
	times := 60
	if n, err := strconv.Atoi(os.Getenv("FAILBACK_KILLS")); err == nil {
		times = n
	}
	ways, states := journeys(t), map[undo.State]int{}
	for i := range times {
		j := ways[i%len(ways)]
		m := undotest.New(uint64(i), j.old.bytes)
		rnd := rand.New(rand.NewPCG(uint64(i), 71))
		if i%2 == 0 {
			m.Left = rnd.IntN(90)
		}
		_ = j.travel(t, m, rnd.IntN(40)*(i%2))
		for try := 0; ; try++ {
			m.Reboot()
			now, _, err := undo.Look(m.Sidecar, m.Log)
			if err != nil {
				t.Fatalf("%s, kill %d: %v", j.name, i, err)
			}
			states[now.State]++
			if now.State == undo.Untouched && !bytes.Equal(m.Disk.Seen, j.old.bytes) {
				t.Fatalf("%s, kill %d: unflagged damage", j.name, i)
			}
			if now.State == undo.Consistent && !bytes.Equal(m.Disk.Seen, j.now.bytes) {
				t.Fatalf("%s, kill %d: not what it says it is", j.name, i)
			}
			if now.State == undo.Consistent || now.State == undo.Untouched && try > 0 {
				break
			}
			if try < 2 {
				m.Left = rnd.IntN(60)
			}
			if now.State == undo.Restoring || now.State == undo.Writing && !j.fresh && rnd.IntN(2) == 0 {
				if err = undo.Cancel(m.Files()); err == nil && !bytes.Equal(m.Disk.Seen, j.old.bytes) {
					t.Fatalf("%s, kill %d: cancelled, and another disk than before", j.name, i)
				}
			} else if err = j.travel(t, m, 0); err == nil && !bytes.Equal(m.Disk.Seen, j.now.bytes) {
				t.Fatalf("%s, kill %d: resumed, and another disk than the source", j.name, i)
			}
			if err != nil && !errors.Is(err, undotest.ErrPower) {
				t.Fatalf("%s, kill %d: %v", j.name, i, err)
			}
		}
	}
	for _, s := range []undo.State{undo.Untouched, undo.Writing, undo.Restoring, undo.Consistent} {
		if states[s] == 0 && times >= 60 {
			t.Errorf("no kill found the disk %v: the harness does not reach it", s)
		}
	}
}
