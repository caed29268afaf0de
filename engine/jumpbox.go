package engine

import (
	"context"
	"time"
)

// JumpBox is what can be tried from the machine that this program runs on. It changes
// nothing by itself; what a script does is its author's.
type JumpBox interface {
	// Reach opens a TCP connection and closes it again, without sending anything. It
	// ends by itself after a few seconds. The error says in a few words why not.
	Reach(ctx context.Context, address string, port int) error
	// Script runs a program of the operator's, without a shell and without arguments,
	// and waits for it. When ctx or its time ends, it is ended with everything that it
	// has begun. The error is for a program that could not be run, or that ctx ended.
	Script(ctx context.Context, call ScriptCall) (ScriptResult, error)
}

// ScriptCall is one run of an operator's script.
type ScriptCall struct {
	ProofScript
	// Env are variables beside this program's own; of those, none that may hold a
	// secret is handed on.
	Env map[string]string
	// Input is what the script can read from its standard input: one JSON object.
	Input []byte
}

// ScriptResult is how a script ended.
type ScriptResult struct {
	Exit     int
	TimedOut bool
	// Output is the last of what it wrote to both its streams, on one line, bounded and
	// without control characters.
	Output string
	Took   time.Duration
}
