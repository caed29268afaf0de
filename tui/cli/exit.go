package cli

import (
	"context"
	"errors"
	"fmt"

	"failback/config"
	"failback/engine"
	"failback/engine/journal"
)

// Exit statuses. They are a contract with scripts.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitBlocked     = 3
	exitPermission  = 4
	exitCancelled   = 5
	exitWaiting     = 8
	exitInterrupted = 130
)

// errInterrupted says that a person stopped the program.
var errInterrupted = errors.New("interrupted")

// ended is how a run that a command followed stands now. Succeeded runs are no
// error.
type ended struct {
	state       engine.State
	interrupted bool
}

func (e *ended) Error() string {
	if e.interrupted {
		return fmt.Sprintf("interrupted; run %s goes on in Azure", e.state.Run)
	}
	return fmt.Sprintf("run %s: %s", e.state.Run, e.state.Outcome)
}

// blocked says that preflight rules speak against a start.
type blocked struct{ items []string }

func (b *blocked) Error() string { return fmt.Sprintf("preflight blocks %s", quoteAll(b.items)) }

// exitStatus is the one place that decides how the process ends.
func exitStatus(err error) int {
	var (
		run     *ended
		no      *blocked
		file    *config.Error
		newer   *journal.Newer
		failure *engine.Failure
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &run):
		return run.status()
	case errors.Is(err, errInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &no):
		return exitBlocked
	case errors.As(err, &file), errors.As(err, &newer):
		return exitUsage
	case errors.As(err, &failure):
		return kindStatus(failure.Kind)
	}
	return exitFailed
}

func kindStatus(k engine.FailureKind) int {
	switch k {
	case engine.FailureUsage:
		return exitUsage
	case engine.FailureBlocked:
		return exitBlocked
	case engine.FailurePermission:
		return exitPermission
	case engine.FailureCancelled:
		return exitCancelled
	case engine.FailureOther, engine.FailureRetryable, engine.FailureRefused, engine.FailureNotFound,
		engine.FailureUnknown, engine.FailureJob, engine.FailureBoot, engine.FailureUnsafe:
	}
	return exitFailed
}

// status of a run: what the legs have in common decides, and where they have
// nothing in common it failed.
func (e *ended) status() int {
	if e.interrupted {
		return exitInterrupted
	}
	switch e.state.Outcome {
	case engine.OutcomeSucceeded:
		return exitDone
	case engine.OutcomeDetached, engine.OutcomeNone:
		return exitWaiting
	case engine.OutcomeCancelled:
		return exitCancelled
	case engine.OutcomeFailed, engine.OutcomeBlocked, engine.OutcomeUnknown:
	}
	common := -1
	for _, l := range e.state.Legs {
		if l.Outcome == engine.OutcomeSucceeded {
			continue
		}
		status := exitFailed
		if l.Failure != nil {
			status = kindStatus(l.Failure.Kind)
		}
		if common >= 0 && common != status {
			return exitFailed
		}
		common = status
	}
	if common == exitBlocked || common == exitPermission {
		return common
	}
	return exitFailed
}
