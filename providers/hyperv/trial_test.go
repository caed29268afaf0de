package hyperv

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestRefusedPasswordsAreNotTriedOverAndOver counts what reaches a host when many
// callers come with a wrong password.
func TestRefusedPasswordsAreNotTriedOverAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newTrial()
		var tried atomic.Int32
		try := func(password string, result error) error {
			end, err := p.begin(t.Context(), password)
			if err != nil {
				return err
			}
			tried.Add(1)
			time.Sleep(time.Second)
			end(result)
			return result
		}
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := try("wrong", errDenied); !errors.Is(err, errDenied) {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if n := tried.Load(); n != maxRefusals {
			t.Errorf("a wrong password was tried %d times", n)
		}
		// Another one is, and all go ahead at once when it has been accepted.
		if err := try("right", nil); err != nil {
			t.Error(err)
		}
		began := time.Now()
		for range 20 {
			all.Go(func() { _ = try("right", nil) })
		}
		all.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("accepted passwords took turns: %v", took)
		}
		// A host that is silent for a while is no refusal.
		for range 3 {
			if err := try("right", errSilent); !errors.Is(err, errSilent) {
				t.Error(err)
			}
		}
		// Waiting for a turn keeps its deadline.
		hold, err := p.begin(t.Context(), "new")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.begin(ctx, "new"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		hold(nil)
	})
}
