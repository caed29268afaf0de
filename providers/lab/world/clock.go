package world

import (
	"context"
	"time"
)

// sleep waits a modelled duration: the world's speed shortens it.
func (w *World) sleep(ctx context.Context, modelled time.Duration) error {
	return pause(ctx, w.wall(modelled))
}

// wall is how long a modelled duration takes on the wall's clock.
func (w *World) wall(modelled time.Duration) time.Duration {
	return time.Duration(float64(modelled) / w.speed)
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// await blocks until the state is as wanted.
func (w *World) await(ctx context.Context, wanted func(s *State) bool) error {
	for {
		w.mu.Lock()
		ok, changed := wanted(w.state), w.changed
		w.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// pacer holds a transfer back to a modelled number of bytes a second.
type pacer struct {
	world *World
	rate  int64 // modelled; zero: unlimited
	begun time.Time
}

func (w *World) paced(rate int64) *pacer { return &pacer{world: w, rate: rate, begun: time.Now()} }

// upTo waits until so many bytes may have passed since the pacer was made.
func (p *pacer) upTo(ctx context.Context, bytes int64) error {
	if p.rate <= 0 {
		return context.Cause(ctx)
	}
	due := p.world.wall(time.Duration(float64(bytes) / float64(p.rate) * float64(time.Second)))
	return pause(ctx, due-time.Since(p.begun))
}

// stalled moves the pacer's start: time that stood still is not made up for.
func (p *pacer) stalled(d time.Duration) { p.begun = p.begun.Add(d) }
