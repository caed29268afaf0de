package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"failback/config"
	"failback/engine"
	"failback/engine/journal"
)

func leg(o engine.Outcome, k engine.FailureKind) *engine.Leg {
	l := &engine.Leg{Outcome: o}
	if k != "" {
		l.Failure = &engine.Failure{Kind: k, What: "w", Why: "y"}
	}
	return l
}

func TestExitStatusIsDecidedByTheErrorsType(t *testing.T) {
	run := func(o engine.Outcome, legs ...*engine.Leg) error {
		return fmt.Errorf("follow: %w", &ended{state: engine.State{Outcome: o, Legs: legs}})
	}
	failed := func(k engine.FailureKind) *engine.Leg { return leg(engine.OutcomeFailed, k) }
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                  {nil, 0},
		"succeeded":                {run(engine.OutcomeSucceeded, leg(engine.OutcomeSucceeded, "")), 0},
		"failed":                   {run(engine.OutcomeFailed, failed(engine.FailureJob)), 1},
		"unknown outcome":          {run(engine.OutcomeFailed, leg(engine.OutcomeUnknown, engine.FailureUnknown)), 1},
		"some error":               {errors.New("x"), 1},
		"refused":                  {engine.Refuse("decide", "r", "not open", ""), 1},
		"usage":                    {engine.Usagef("r", "w"), 2},
		"file":                     {fmt.Errorf("open: %w", &config.Error{File: "f"}), 2},
		"newer journal":            {fmt.Errorf("read: %w", &journal.Newer{Path: "p", Schema: 9}), 2},
		"blocked by a check":       {&blocked{[]string{"a"}}, 3},
		"blocked in a run":         {run(engine.OutcomeFailed, leg(engine.OutcomeBlocked, engine.FailureBlocked)), 3},
		"blocked, others good":     {run(engine.OutcomeFailed, leg(engine.OutcomeSucceeded, ""), leg(engine.OutcomeBlocked, engine.FailureBlocked)), 3},
		"blocked and failed":       {run(engine.OutcomeFailed, leg(engine.OutcomeBlocked, engine.FailureBlocked), failed(engine.FailureBoot)), 1},
		"sign-in":                  {&engine.Failure{Kind: engine.FailurePermission}, 4},
		"permission in a run":      {run(engine.OutcomeFailed, failed(engine.FailurePermission)), 4},
		"cancelled":                {run(engine.OutcomeCancelled, leg(engine.OutcomeCancelled, "")), 5},
		"detached at a gate":       {run(engine.OutcomeDetached, leg(engine.OutcomeNone, "")), 8},
		"interrupted":              {&ended{state: engine.State{Outcome: engine.OutcomeDetached}, interrupted: true}, 130},
		"interrupted at a prompt":  {errInterrupted, 130},
		"interrupted while asking": {fmt.Errorf("list items: %w", context.Canceled), 130},
	} {
		t.Run(name, func(t *testing.T) {
			if got := exitStatus(c.err); got != c.want {
				t.Errorf("exit status %d, want %d", got, c.want)
			}
		})
	}
}
