package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// board is the one watch of a run over its vault. Between two decisions every leg
// sees from here: one list of jobs and one of hosts a tick serve all of them. A
// job, an item or a power state is read again where the list of jobs says that it
// may have changed, and else in turn, the oldest first, a bounded number a tick:
// a run of 500 items then asks as often as one of 5, and its data is older. Rows
// of the list are thin, and tasks change without their job's row (INFERRED), so
// taking turns is what keeps everything from growing old for good.
//
// What a leg decides on is never taken from here: the first look of a phase, and
// every look of a machine that is down or stopping, are read afresh.
type board struct {
	ports Ports
	tick  time.Duration
	turns int // data read again a tick though nothing says that it changed
	now   func() time.Time

	listed snapshot[rows]
	hosts  snapshot[[]Host]

	mu     sync.Mutex
	latest rows
	jobs   map[string]*kept[Job]
	items  map[string]*kept[Item]
	powers map[AzureVMRef]*kept[Power]
}

// minTurns is how many data take their turn in a tick however small the budget.
const minTurns = 8

func newBoard(p Ports, tick time.Duration, budget int, now func() time.Time) *board {
	// A quarter of what the budget allows in a tick: the rest is for lists, for
	// fresh reads and for what changes.
	turns := max(minTurns, int(float64(budget)*tick.Minutes()/4))
	return &board{
		ports: p, tick: tick, turns: turns, now: now,
		listed: newSnapshot[rows](), hosts: newSnapshot[[]Host](),
		jobs: map[string]*kept[Job]{}, items: map[string]*kept[Item]{}, powers: map[AzureVMRef]*kept[Power]{},
	}
}

// rows is what one list of jobs says: a mark for each job, and one for each thing
// that jobs are about, which differ when a row does.
type rows struct{ job, target map[string]string }

func marks(list []Job) rows {
	r := rows{job: map[string]string{}, target: map[string]string{}}
	for _, j := range list {
		m := fmt.Sprint(j.Name, j.State, j.Detail, j.Ended, j.Allowed, len(j.Errors))
		r.job[strings.ToLower(j.Name)] = m
		if j.TargetID != "" {
			r.target[strings.ToLower(j.TargetID)] += m
		}
	}
	return r
}

// watched is a datum and when it was read.
type watched struct {
	mark  string    // what the list of jobs said then
	at    time.Time // zero before the first reading
	asked time.Time
	due   bool // its turn has come
	// pressing says that a machine is down that this belongs to.
	pressing bool
}

type kept[T any] struct {
	watched
	turn  chan struct{} // held by the one who reads it
	value T
}

// list sees to it that the list of jobs is of this tick. Where it is read, the next
// turns are given.
func (b *board) list(ctx context.Context) error {
	r, read, err := b.listed.get(ctx, b.now, b.tick, func(ctx context.Context) (rows, error) {
		jobs, err := b.ports.Inventory.Jobs(ctx)
		return marks(jobs), err
	})
	if read && err == nil {
		b.mu.Lock()
		b.latest = r
		b.mu.Unlock()
		b.giveTurns()
	}
	return err
}

// giveTurns lets the oldest data be read again; that of a machine that is down
// counts as older than it is. Turns that were given and are not taken yet count,
// or a leg that looks seldom would gather them.
func (b *board) giveTurns() {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, free := b.now(), b.turns
	var wait []*watched
	note := func(w *watched) {
		switch {
		case now.Sub(w.asked) > 8*b.tick: // nobody looks at it any more
			w.due = false
		case w.due:
			free--
		case !w.at.IsZero():
			wait = append(wait, w)
		}
	}
	for _, k := range b.jobs {
		note(&k.watched)
	}
	for _, k := range b.items {
		note(&k.watched)
	}
	for _, k := range b.powers {
		note(&k.watched)
	}
	age := func(w *watched) time.Duration {
		if w.pressing {
			return 4 * now.Sub(w.at)
		}
		return now.Sub(w.at)
	}
	slices.SortFunc(wait, func(a, c *watched) int { return cmp.Compare(age(c), age(a)) })
	for _, w := range wait[:min(max(free, 0), len(wait))] {
		w.due = true
	}
}

// gaze is how a leg looks at something.
type gaze int

const (
	glance   gaze = iota // what is known serves
	pressing             // the machine is down: its turn comes sooner
	afresh               // a decision is made on it
)

// source is where one datum comes from.
type source[T any] struct {
	read func(context.Context) (T, error)
	// mark tells from the list of jobs whether the datum may have changed. What
	// the list says nothing of is read every time.
	mark func(rows) (mark string, listed bool)
}

// look returns the datum under key, read afresh where it has to be, and when it
// was read.
func look[K comparable, T any](ctx context.Context, b *board, all map[K]*kept[T], key K, g gaze, from source[T]) (T, time.Time, error) {
	if g != afresh {
		if err := b.list(ctx); err != nil {
			var none T
			return none, time.Time{}, err
		}
	}
	asked := b.now()
	k := keep(b, all, key, g)
	select {
	case k.turn <- struct{}{}: // several legs may share a job: one of them reads
	case <-ctx.Done():
		var none T
		return none, time.Time{}, context.Cause(ctx)
	}
	defer func() { <-k.turn }()

	b.mu.Lock()
	m, listed := from.mark(b.latest)
	known := g != afresh && listed && !k.due && !k.at.IsZero() && k.mark == m
	if known || k.at.After(asked) {
		defer b.mu.Unlock()
		return k.value, k.at, nil
	}
	k.due = false
	b.mu.Unlock()

	at := b.now()
	v, err := from.read(ctx)
	if err == nil {
		b.mu.Lock()
		k.value, k.at, k.mark = v, at, m
		b.mu.Unlock()
	}
	return v, at, err
}

// keep is the place of a datum; asking for it keeps its turns coming.
func keep[K comparable, T any](b *board, all map[K]*kept[T], key K, g gaze) *kept[T] {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := all[key]
	if k == nil {
		k = &kept[T]{turn: make(chan struct{}, 1)}
		all[key] = k
	}
	k.asked, k.pressing = b.now(), g == pressing
	return k
}

// job is a job as it was last read whole.
func (b *board) job(ctx context.Context, name string, g gaze) (Job, time.Time, error) {
	key := strings.ToLower(name)
	return look(ctx, b, b.jobs, key, g, source[Job]{
		read: func(ctx context.Context) (Job, error) { return b.ports.Inventory.Job(ctx, name) },
		mark: func(r rows) (string, bool) { m, ok := r.job[key]; return m, ok },
	})
}

// item is an item as it was last read.
func (b *board) item(ctx context.Context, it PlanItem, g gaze) (Item, error) {
	v, _, err := look(ctx, b, b.items, strings.ToLower(it.ID), g, source[Item]{
		read: func(ctx context.Context) (Item, error) { return b.ports.Inventory.Item(ctx, it.ID) },
		mark: func(r rows) (string, bool) { return r.target[strings.ToLower(it.VMID)], true },
	})
	return v, err
}

// power is a power state as it was last read. No list tells of it.
func (b *board) power(ctx context.Context, vm AzureVMRef, g gaze) (Power, error) {
	v, _, err := look(ctx, b, b.powers, vm, g, source[Power]{
		read: func(ctx context.Context) (Power, error) { return b.ports.Azure.Power(ctx, vm) },
		mark: func(rows) (string, bool) { return "", true },
	})
	return v, err
}

// contacts are the hosts of this tick.
func (b *board) contacts(ctx context.Context, g gaze) ([]Host, error) {
	age := b.tick
	if g == afresh {
		age = 0
	}
	h, _, err := b.hosts.get(ctx, b.now, age, b.ports.Inventory.Hosts)
	return h, err
}

// snapshot is a reading that many wait for: one of them reads, all get it.
type snapshot[T any] struct {
	turn  chan struct{} // held by the one who reads: waiting for it ends with the context
	state *reading[T]
}

type reading[T any] struct {
	value T
	err   error
	at    time.Time
}

func newSnapshot[T any]() snapshot[T] {
	return snapshot[T]{turn: make(chan struct{}, 1), state: &reading[T]{}}
}

// get returns the last reading where it is younger than age, which a failed one
// can be too: who shares a tick shares its failure. Else it reads, and says so.
func (s snapshot[T]) get(ctx context.Context, now func() time.Time, age time.Duration, read func(context.Context) (T, error)) (v T, fresh bool, err error) {
	asked := now()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return v, false, context.Cause(ctx)
	}
	defer func() { <-s.turn }()
	last := s.state
	// Legs wake a little early or late; a tenth of a tick either way is the same
	// tick. A reading that began after this call is as new as it asks for.
	if !last.at.IsZero() && (asked.Sub(last.at) < age*9/10 || last.at.After(asked)) {
		return last.value, false, last.err
	}
	at := now()
	v, err = read(ctx)
	if err != nil && ctx.Err() != nil {
		return v, true, err // cut short: says nothing to the others
	}
	*s.state = reading[T]{value: v, err: err, at: at}
	return v, true, err
}
