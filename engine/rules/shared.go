package rules

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"failback/engine"
)

// shared are the reads that the items of one check have in common. Each is made once;
// who comes later waits for it. It is safe for concurrent use.
type shared struct {
	ports engine.Ports
	all   memo[[]engine.Host]
	of    memo[hostWords]
	vms   memo[[]engine.VM]
	ways  memo[engine.HostWay]
}

// hostWords is what a host said of itself, and our clock then.
type hostWords struct {
	facts engine.HostFacts
	at    time.Time
}

func newShared(p engine.Ports) *shared { return &shared{ports: p} }

func (s *shared) hosts(ctx context.Context) ([]engine.Host, error) {
	return s.all.get(ctx, "", func() ([]engine.Host, error) { return s.ports.Inventory.Hosts(ctx) })
}

// facts takes our own time in the middle of the call, so that a slow answer does not
// look like a wrong clock.
func (s *shared) facts(ctx context.Context, host string) (hostWords, error) {
	return s.of.get(ctx, host, func() (hostWords, error) {
		before := time.Now()
		facts, err := s.ports.Hosts.Facts(ctx, host)
		return hostWords{facts, before.Add(time.Since(before) / 2)}, err
	})
}

func (s *shared) names(ctx context.Context, host string) ([]engine.VM, error) {
	return s.vms.get(ctx, host, func() ([]engine.VM, error) { return s.ports.Hosts.VMs(ctx, host) })
}

// reach is asked once for a host and the same names.
func (s *shared) reach(ctx context.Context, host string, names []string) (engine.HostWay, error) {
	return s.ways.get(ctx, host+"\n"+strings.Join(names, "\n"), func() (engine.HostWay, error) { return s.ports.Hosts.Reach(ctx, host, names) })
}

// memo remembers the first result for each key, names compared without case.
type memo[T any] struct {
	mu    sync.Mutex
	known map[string]*result[T]
}

type result[T any] struct {
	done  chan struct{} // closed when value and err are there
	value T
	err   error
}

// get reads what nobody has read yet, or waits for who does. A panic of a read is its
// reader's, and an error for who waits.
func (m *memo[T]) get(ctx context.Context, key string, read func() (T, error)) (T, error) {
	key = strings.ToLower(key)
	m.mu.Lock()
	r, begun := m.known[key]
	if !begun {
		r = &result[T]{done: make(chan struct{}), err: errors.New("reading broke off")}
		if m.known == nil {
			m.known = map[string]*result[T]{}
		}
		m.known[key] = r
	}
	m.mu.Unlock()
	if !begun {
		defer close(r.done)
		r.value, r.err = read()
		return r.value, r.err
	}
	select {
	case <-r.done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
