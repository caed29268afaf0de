package diskcopy

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer/pace"
	"failback/providers/disk"
)

// noLimit is the word for none.
const noLimit = engine.NoLimit

// lookEvery is how often a copy looks whether its limit was changed.
const lookEvery = 500 * time.Millisecond

// mostLimit is how long a limit may be as text.
const mostLimit = 4 << 10

// parseLimit reads a limit as a person writes it, or the word for none.
func parseLimit(text string) (pace.Schedule, error) {
	if strings.EqualFold(strings.TrimSpace(text), noLimit) {
		return pace.Schedule{}, nil
	}
	return pace.ParseSchedule(text)
}

// Limit changes what a copy onto the target reads with: one that runs takes it up
// within a second, one that was broken off when it goes on.
func (d *Disks) Limit(name, text string) (move.Limited, error) {
	out := move.Limited{Target: name, Limit: strings.TrimSpace(text)}
	if _, err := parseLimit(text); err != nil || len(text) > mostLimit {
		return out, engine.Usagef("write a rate such as 20MiB/s, hours before it: 08:00-18:00=5MB/s,50MB/s, or "+noLimit, "the limit: %v", err)
	}
	b, err := stand(name)
	if err != nil {
		return out, failed(err, "read the state", name)
	}
	if !b.writing() {
		return out, engine.Usagef("start one with failback disk copy --limit", "no copy onto %s has begun and is not done", name)
	}
	out.Running = b.busy()
	return out, failed(replace(b.names.limit(), out.Limit), "note the limit", name)
}

// busy reports whether somebody is writing the disk right now.
func (b begun) busy() bool {
	path := b.names.target
	if b.half {
		path = b.names.fresh()
	}
	img, err := disk.OpenAs(path, rawFormat, false)
	if err == nil {
		_ = img.Close() // it was only read
	}
	return isInUse(err)
}

// replace gives a small file a new content, whole or not at all. It is a wish for as
// long as a copy runs: after a crash the old one may be back.
func replace(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text + "\n")
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// limits are what one copy reads with, by its order or by what was said since.
type limits struct {
	*pace.Limiter
	path string // that a change is written to; empty where others have the limiter, too
	seen string
}

// newLimits begin with the order's, which is the newest word; without one, with what
// was said last of the copy that goes on.
func newLimits(order move.Order, names beside) (*limits, error) {
	if order.Shared != nil {
		return &limits{Limiter: order.Shared}, gone(os.Remove(names.limit()))
	}
	o := order.Limit
	l := &limits{Limiter: pace.NewLimiter(o), path: names.limit()}
	if len(o.Windows) > 0 || o.Otherwise != (pace.Rate{}) {
		return l, gone(os.Remove(l.path))
	}
	err := l.look()
	return l, err
}

// look takes up what stands in the file, where that is new and a limit.
func (l *limits) look() error {
	text, err := os.ReadFile(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || string(text) == l.seen || len(text) > mostLimit {
		return err
	}
	l.seen = string(text)
	s, err := parseLimit(l.seen)
	if err != nil {
		return nil // nobody who writes it through Limit writes that
	}
	l.Set(s)
	return nil
}

// follow looks until ctx ends. What can't be read changes nothing.
func (l *limits) follow(ctx context.Context) {
	if l.path == "" {
		return
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = l.look()
		case <-ctx.Done():
			return
		}
	}
}
