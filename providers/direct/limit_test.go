package direct_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/providers/direct"
)

// counting notes how fast the disks are read.
type counting struct {
	direct.Mover

	mu    sync.Mutex
	first time.Time // when a copy began
	one   time.Time // when one disk was through
	last  time.Time // and both
	done  int
	read  map[string]int64 // by file
}

func (c *counting) Copy(ctx context.Context, o move.Order, report func(move.Progress)) (move.Copied, error) {
	c.mu.Lock()
	if c.first.IsZero() {
		c.first = time.Now()
	}
	c.mu.Unlock()
	got, err := c.Mover.Copy(ctx, o, report)
	c.mu.Lock()
	defer c.mu.Unlock()
	if o.Mode == move.Delta {
		return got, err // a pass
	}
	c.last = time.Now()
	c.done++
	c.read[o.Target] = got.Read
	if c.done == 1 {
		c.one = c.last
	}
	return got, err
}

// TestALimitHoldsOverAllDisksOfARun brings two disks with 32 KiB a second for both: no
// faster in sum, and neither waits for the other. A limit that is taken away in the
// middle is taken away, and stays so for who takes the job up.
func TestALimitHoldsOverAllDisksOfARun(t *testing.T) {
	for _, away := range []bool{false, true} {
		inLab(t, estate, func(r *rig) {
			const run = engine.RunID("20300101-000000-aaaa")
			r.plan.Direct.Limit = "32KiB/s"
			const rate = 32 << 10
			c := &counting{Mover: r.realMover(), read: map[string]int64{}}
			r.mover = c
			r.reopen()
			if err := r.ports.Direct.Limit(run, "quick"); engine.KindOf(err) != engine.FailureUsage {
				r.Errorf("a limit that is none: %v", err)
			}
			job, err := r.ports.Failover.Start(r.Context(), engine.StartRequest{
				Item: r.item(), Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "request-1", Run: run})
			must(r, err)
			if away { // the lab's clock is the bubble's
				r.until(job, func(engine.Job) bool {
					c.mu.Lock()
					defer c.mu.Unlock()
					return !c.first.IsZero()
				})
				time.Sleep(20 * time.Second)
				must(r, r.ports.Direct.Limit(run, "off"))
			}
			r.until(job, func(engine.Job) bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				return c.done == 2
			})
			c.mu.Lock()
			took, sum := c.last.Sub(c.first), int64(0)
			for _, n := range c.read {
				sum += n
			}
			c.mu.Unlock()
			if both := c.one.Sub(c.first); !away && both < took*6/10 {
				r.Errorf("one disk was through after %v of %v: the other has waited for it", both, took)
			}
			least, most := time.Duration(float64(sum)/rate*0.9*1e9), time.Duration(float64(sum)/rate*1.1*1e9)
			if away {
				least, most = 20*time.Second, 25*time.Second
			}
			if took < least || took > most {
				r.Errorf("away=%v: %d bytes of two disks took %v, not %v to %v", away, sum, took, least, most)
			}
			raw, err := os.ReadFile(filepath.Join(r.dir, job+".json"))
			must(r, err)
			if has := strings.Contains(string(raw), `"limit": "off"`); has != away {
				r.Errorf("the job's file after the change (%v): %s", away, raw)
			}
		})
	}
}
