package hyperv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"failback/providers/hyperv/scripts"
)

// maxShells is how many shells a host is asked for at once. Windows allows a
// user thirty, and other tools share them.
const maxShells = 4

// cleanupTimeout bounds the removal of a shell.
const cleanupTimeout = 5 * time.Second

// host runs scripts on one host.
type host struct {
	name    string
	at      checked
	timeout time.Duration
	slots   chan struct{}
	cleanup *sync.WaitGroup
}

// call is one script run: what to run and where its answer goes.
type call struct {
	script string
	vmID   string // for messages
	params any
	answer any
}

func newHost(name string, at checked, timeout time.Duration, slots chan struct{}, cleanup *sync.WaitGroup) *host {
	return &host{name: name, at: at, timeout: timeout, slots: slots, cleanup: cleanup}
}

// run runs the script and returns an *engine.Failure if that did not succeed.
func (h *host) run(ctx context.Context, c call) error {
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return h.failure(c, false, fmt.Errorf("waiting for one of %d shells: %w", maxShells, ctx.Err()))
	}
	sh := &shell{at: h.at}
	err := h.inShell(ctx, sh, c)
	h.release(ctx, sh)
	if err != nil {
		return h.failure(c, sh.sent && scripts.Mutating(c.script), err)
	}
	return nil
}

func (h *host) inShell(ctx context.Context, sh *shell, c call) error {
	payload, err := scripts.EncodePayload(c.script, c.params)
	if err != nil {
		return fmt.Errorf("%w: %w", errParams, err)
	}
	if err := sh.open(ctx); err != nil {
		return err
	}
	out, err := sh.execute(ctx, payload)
	if err != nil {
		return err
	}
	return decode(out, c.answer)
}

// errParams is wrapped by errors about parameters that cannot be sent.
var errParams = errors.New("parameters cannot be sent")

// decode reads the answer. Exit code and answer must say the same.
func decode(out result, answer any) error {
	if out.exit == scripts.ExitLanguage {
		return errLanguage
	}
	raw, err := scripts.DecodeAnswer(out.stdout)
	var failed *scripts.Error
	switch {
	case errors.As(err, &failed):
		if out.exit != scripts.ExitError {
			return fmt.Errorf("%w: the script failed, but its exit code is %d", scripts.ErrNoAnswer, out.exit)
		}
		return failed
	case err != nil:
		return fmt.Errorf("%w (exit code %d%s)", err, out.exit, quoted(cleanErrors(out.stderr)))
	case out.exit != scripts.ExitOK:
		return fmt.Errorf("%w: the script succeeded, but its exit code is %d", scripts.ErrNoAnswer, out.exit)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("%w: %w", scripts.ErrNoAnswer, err)
	}
	return nil
}

func quoted(stderr string) string {
	if stderr == "" {
		return ""
	}
	return fmt.Sprintf(", stderr %q", stderr)
}

// release removes the shell and gives its slot back. A caller waits for that no
// longer than its own time: the removal goes on behind, within its own limit.
func (h *host) release(ctx context.Context, sh *shell) {
	gone := make(chan struct{})
	h.cleanup.Go(func() {
		defer close(gone)
		defer func() { <-h.slots }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
		defer cancel()
		sh.remove(ctx)
	})
	select {
	case <-gone:
	case <-ctx.Done():
	}
}
