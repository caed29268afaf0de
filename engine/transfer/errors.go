package transfer

import (
	"errors"
	"fmt"
	"time"
)

// Throttled is what a source returns that asks for less: the request is tried
// again, with fewer in flight, not before RetryAfter has passed.
type Throttled struct {
	RetryAfter time.Duration // zero where the source did not say
	Err        error
}

func (e *Throttled) Error() string { return "the source throttles: " + text(e.Err) }
func (e *Throttled) Unwrap() error { return e.Err }

// Expired is what a source returns whose credential is no longer taken. The
// transfer pauses and asks [Options.Renew] for a fresh source.
type Expired struct{ Err error }

func (e *Expired) Error() string { return "the credential of the source has ended: " + text(e.Err) }
func (e *Expired) Unwrap() error { return e.Err }

// Short is an answer with fewer bytes than were asked for. It is tried again
// from where it ended.
type Short struct{ Off, Want, Got int64 }

func (e *Short) Error() string {
	return fmt.Sprintf("the answer for %d bytes at %d ended after %d", e.Want, e.Off, e.Got)
}

// NoSpace says that a target has too little room, before anything is written.
type NoSpace struct{ Need, Free int64 }

func (e *NoSpace) Error() string {
	return fmt.Sprintf("the target needs up to %d bytes more and has room for %d", e.Need, e.Free)
}

var (
	// ErrList is under every refusal of a list of ranges that cannot be true.
	ErrList = errors.New("the list of ranges cannot be believed")
	// ErrNotProven says that everything went well and the disk is another one.
	ErrNotProven = errors.New("the target is not the disk that was to be copied")
)

func text(err error) string {
	if err == nil {
		return "no reason given"
	}
	return err.Error()
}
