package hyperv

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
)

// maxRefusals is how often in a row a host may refuse a password before it is not
// tried there any more. A directory locks an account after a handful.
const maxRefusals = 2

// errSpent says that a password is not tried again.
var errSpent = fmt.Errorf("%w %d times in a row; it is not tried again, since that would lock the account", errDenied, maxRefusals)

// trial keeps wrong passwords from being tried over and over by a program that reads
// hosts all the time. One sign-in at a time goes ahead with a password that the host
// has not accepted yet. It is safe for concurrent use.
type trial struct {
	turn chan struct{} // held by the sign-in that goes ahead
	seed maphash.Seed  // what is kept of a password can't be tried elsewhere

	mu      sync.Mutex
	sum     uint64
	proven  bool
	refused int
}

func newTrial() *trial { return &trial{turn: make(chan struct{}, 1), seed: maphash.MakeSeed()} }

// begin waits for the turn, if one is needed. end is told how the sign-in ended.
func (t *trial) begin(ctx context.Context, password string) (end func(error), err error) {
	sum := maphash.String(t.seed, password)
	end = func(err error) { t.note(sum, err) }
	if proven, err := t.known(sum); proven || err != nil {
		return end, err
	}
	select {
	case t.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, because(ctx, ctx.Err())
	}
	release := func() { <-t.turn }
	proven, err := t.known(sum)
	if proven || err != nil {
		release()
		return end, err
	}
	return func(err error) {
		defer release()
		t.note(sum, err)
	}, nil
}

// known reports whether the host has accepted the password, and fails where it has
// refused it too often.
func (t *trial) known(sum uint64) (proven bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum != sum {
		return false, nil
	}
	if t.refused >= maxRefusals {
		return false, errSpent
	}
	return t.proven, nil
}

func (t *trial) note(sum uint64, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sum != sum {
		t.sum, t.proven, t.refused = sum, false, 0
	}
	switch {
	case err == nil:
		t.proven, t.refused = true, 0
	case errors.Is(err, errDenied):
		t.proven = false
		t.refused++
	}
}
