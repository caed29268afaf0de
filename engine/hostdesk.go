package engine

import (
	"context"
	"time"
)

// CheckResult is how one part of a self-test ended.
type CheckResult string

// The results. CheckNothing means that the host has nothing to read there: the
// script answered, and its schema stays unseen.
const (
	CheckOK      CheckResult = "ok"
	CheckFailed  CheckResult = "failed"
	CheckNothing CheckResult = "nothing"
)

// ScriptCheck is what a self-test says of one script.
type ScriptCheck struct {
	Script string        `json:"script"`
	For    string        `json:"for"` // what the program runs it for
	SHA256 string        `json:"sha256"`
	Result CheckResult   `json:"result"`
	Took   time.Duration `json:"took_ns"`
	Bytes  int           `json:"bytes"` // of the answer
	Why    string        `json:"why,omitempty"`
	// Kind is the kind of the failure; empty where nothing failed.
	Kind FailureKind `json:"kind,omitempty"`
}

// HostDesk is what can be done with hosts beside a run's own steps.
type HostDesk interface {
	// SelfTest runs every script that only reads on a host and holds each answer
	// against its schema. It changes nothing. report is called once a script, on the
	// calling goroutine; the error is for a host that can't be named or a ctx that
	// ended.
	SelfTest(ctx context.Context, host string, report func(ScriptCheck)) error
	// Events reads what the host has logged since then about replication, its agent and
	// Hyper-V, the newest of each log.
	Events(ctx context.Context, host string, since time.Time) (HostEvents, error)
	// Managers reads what manages the host and, with a vmID, which node of its cluster
	// has that VM.
	Managers(ctx context.Context, host, vmID string) (HostManagers, error)
	// Network reads the host's virtual switches and physical adapters.
	Network(ctx context.Context, host string) (HostNetwork, error)
	// CreateSwitch makes a virtual switch and sees it there. One of that name and
	// type that is there already is left as it is; made is false then. It is sent
	// once; a lost answer, which an external switch may well cause, is of kind
	// unknown-outcome: look with Network.
	CreateSwitch(ctx context.Context, host string, s NewSwitch) (made bool, err error)
}
