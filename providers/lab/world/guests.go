package world

import (
	"context"
	"sync"
	"time"

	"failback/providers/lab/guest"
)

// guests are the running guests, by the key of their VM.
type guests struct {
	mu      sync.Mutex
	running map[string]*running
}

// running is one guest: a goroutine that does a step, waits, and does the next.
type running struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// start lets a guest run until it is stopped. closing lets go of its disks when
// it has stopped. A guest that runs already goes on.
func (g *guests) start(key string, os *guest.Guest, every time.Duration, closing func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.running[key] != nil {
		closing()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, done: make(chan struct{})}
	g.running[key] = r
	go func() {
		defer close(r.done)
		defer closing()
		for pause(ctx, every) == nil {
			// A step that fails is done again: its disk may be busy being
			// deleted, and then the guest is about to be stopped.
			_, _ = os.Step(nil)
		}
	}()
}

// stop ends a guest between two steps and returns when it has ended.
func (g *guests) stop(key string) {
	g.mu.Lock()
	r := g.running[key]
	delete(g.running, key)
	g.mu.Unlock()
	if r != nil {
		r.cancel()
		<-r.done
	}
}

func (g *guests) stopAll() {
	g.mu.Lock()
	keys := make([]string, 0, len(g.running))
	for k := range g.running {
		keys = append(keys, k)
	}
	g.mu.Unlock()
	for _, k := range keys {
		g.stop(k)
	}
}

func azureKey(vm string) string { return "azure/" + vm }

func homeKey(host, id string) string { return "home/" + host + "/" + id }
