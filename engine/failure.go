package engine

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// FailureKind says what a screen or the runner can do about a failure.
type FailureKind string

// The kinds of failures.
const (
	FailureOther      FailureKind = "other"
	FailureRetryable  FailureKind = "retryable"       // the same call may work later
	FailureRefused    FailureKind = "refused"         // understood and declined; nothing happened
	FailureNotFound   FailureKind = "not-found"       // the thing is not there
	FailurePermission FailureKind = "permission"      // sign-in or authorisation
	FailureUnknown    FailureKind = "unknown-outcome" // it may or may not have happened
	FailureBlocked    FailureKind = "blocked"         // preflight says no
	FailureUsage      FailureKind = "usage"           // wrong use or configuration
	FailureCancelled  FailureKind = "cancelled"
	FailureJob        FailureKind = "job"    // a Site Recovery job ended badly
	FailureBoot       FailureKind = "boot"   // data is home, the VM does not run properly
	FailureUnsafe     FailureKind = "unsafe" // going on would risk data
)

// Failure is an error an operator can act on: what failed, where, why in the
// service's own words, and what to do now. It travels through errors.As and is
// journaled as it is.
type Failure struct {
	Kind    FailureKind `json:"kind"`
	What    string      `json:"what"`             // what was being done, "start failback"
	Where   string      `json:"where,omitempty"`  // item, host, job, file and line
	Code    string      `json:"code,omitempty"`   // the service's code
	Why     string      `json:"why"`              // the service's own words, or ours
	Causes  string      `json:"causes,omitempty"` // the service's possible causes
	Remedy  string      `json:"remedy,omitempty"` // what to do now
	Job     string      `json:"job,omitempty"`
	Request string      `json:"request,omitempty"` // client request id, for support
	// Wait is how long the service asks to be left alone, where it does.
	Wait time.Duration `json:"-"`
	// Direct says that a failback without Site Recovery is a way out.
	Direct bool  `json:"direct,omitempty"`
	Err    error `json:"-"`
}

// Error is the whole failure on one line.
func (f *Failure) Error() string {
	var b strings.Builder
	b.WriteString(f.What)
	if f.Where != "" {
		b.WriteString(": " + f.Where)
	}
	if f.Code != "" {
		b.WriteString(": " + f.Code)
	}
	if f.Why != "" {
		b.WriteString(": " + f.Why)
	} else if f.Err != nil {
		b.WriteString(": " + f.Err.Error())
	}
	if f.Causes != "" {
		b.WriteString(" (possible causes: " + f.Causes + ")")
	}
	if f.Remedy != "" {
		b.WriteString("; now: " + f.Remedy)
	}
	return b.String()
}

// Unwrap gives the cause, if one was kept.
func (f *Failure) Unwrap() error { return f.Err }

// AsFailure finds the failure in err, or makes one of kind other that says what
// was being done and where. It never returns nil for a non-nil err.
func AsFailure(err error, what, where string) *Failure {
	if err == nil {
		return nil
	}
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Kind: FailureOther, What: what, Where: where, Why: err.Error(), Err: err}
}

// KindOf returns the kind of the failure in err, FailureOther where there is none.
func KindOf(err error) FailureKind {
	var f *Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	return FailureOther
}

// Refuse makes a failure of kind refused.
func Refuse(what, where, why, remedy string) *Failure {
	return &Failure{Kind: FailureRefused, What: what, Where: where, Why: why, Remedy: remedy}
}

// Usagef makes a failure of kind usage: bad input, exit status 2.
func Usagef(remedy, format string, a ...any) *Failure {
	return &Failure{Kind: FailureUsage, What: "wrong use", Why: fmt.Sprintf(format, a...), Remedy: remedy}
}

// also joins two remedies into one sentence.
func also(first, second string) string {
	first = strings.TrimRight(first, ". ")
	if first == "" {
		return second
	}
	return first + "; " + second
}
