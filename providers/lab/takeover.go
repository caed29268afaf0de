package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"failback/providers/lab/estate"
)

// addressFile keeps where a lab listened last. It stays when the lab is closed:
// whoever serves it next listens there again, so that clients find it.
const addressFile = "addresses.json"

// addresses are the loopback addresses of a lab's servers, in the order in which
// they are opened.
type addresses struct {
	last []string // of the server before this one
	now  []string
}

func lastAddresses(dir string) addresses {
	var a addresses
	// Without a file that can be read, new addresses are as good.
	if raw, err := os.ReadFile(filepath.Join(dir, addressFile)); err == nil && json.Unmarshal(raw, &a.last) != nil {
		a.last = nil
	}
	return a
}

// listen opens the next server's port: the one it had, where it is free.
func (a *addresses) listen(ctx context.Context) (net.Listener, error) {
	var config net.ListenConfig
	if i := len(a.now); i < len(a.last) {
		if host, _, err := net.SplitHostPort(a.last[i]); err == nil && host == "127.0.0.1" {
			if l, err := config.Listen(ctx, "tcp", a.last[i]); err == nil {
				a.now = append(a.now, l.Addr().String())
				return l, nil
			}
		}
	}
	l, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err == nil {
		a.now = append(a.now, l.Addr().String())
	}
	return l, err
}

func (a *addresses) write(dir string) error {
	raw, err := json.Marshal(a.now)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, addressFile), raw, 0o600)
}

// heirEvery is how often an attached process looks whether the lab is left.
const heirEvery = 100 * time.Millisecond

// heir waits, while this process is attached to a lab that another one serves,
// until that one lets go; then it serves the lab itself at the same addresses.
// Without it, the terminal that came second would lose its world when the first
// one is closed.
type heir struct {
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	served *served
	err    error
}

func newHeir(ctx context.Context, o Options, n notice) *heir {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	h := &heir{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		tick := time.NewTicker(heirEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			s, err := inherit(ctx, o, n)
			if s != nil || err != nil {
				h.mu.Lock()
				h.served, h.err = s, err
				h.mu.Unlock()
				return
			}
		}
	}()
	return h
}

// inherit serves the lab if nobody else does; nil where somebody does.
func inherit(ctx context.Context, o Options, n notice) (*served, error) {
	e := estate.Estate{Name: n.Estate} // the world is there: nothing is made from it
	dir := o.dir(e)
	lock, err := take(dir)
	if lock == nil || err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, stampFile)); err != nil {
		_ = lock.Unlock() // nothing was done under it
		return nil, fmt.Errorf("the lab %s was begun afresh: %w", n.Estate, err)
	}
	o.TLS = n.Endpoints.CA != nil // clients know its addresses
	return serve(context.WithoutCancel(ctx), o, e, lock)
}

// inherited is the lab that fell to this process, if it did.
func (h *heir) inherited() *served {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.served
}

// close stops waiting, and serving where it came to that.
func (h *heir) close() error {
	h.stop()
	<-h.done
	if s := h.inherited(); s != nil {
		return s.close()
	}
	return h.err
}
