package diskcopy

import (
	"context"
	"errors"
	"io/fs"

	"failback/engine"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
	"failback/providers/disk/image"
)

// failed puts an error into words that a person can act on: what was being done,
// and to which file.
func failed(err error, what, where string) error {
	var already *engine.Failure
	if err == nil || errors.As(err, &already) || errors.Is(err, context.Canceled) {
		return err
	}
	f := &engine.Failure{Kind: engine.FailureOther, What: what, Where: where, Why: err.Error(), Err: err}
	var refusal *image.Refusal
	var path *fs.PathError
	var room *transfer.NoSpace
	var expired *transfer.Expired
	var throttled *transfer.Throttled
	switch {
	case errors.As(err, &refusal):
		f.Why, f.Remedy = refusal.Why, refusal.Remedy
		if refusal.Err != nil {
			f.Why += ": " + refusal.Err.Error()
		}
		f.Kind = kindOf(refusal.Kind)
	case errors.Is(err, fs.ErrNotExist):
		f.Kind, f.Why, f.Remedy = engine.FailureUsage, "no such file", "name a file that is there"
	case errors.Is(err, merkle.ErrManifest):
		f.Kind, f.Remedy = engine.FailureUsage, "make it anew with failback disk hash"
	case errors.As(err, &room):
		f.Kind, f.Remedy = engine.FailureRefused, "free some space, or choose another place; nothing was written"
	case errors.Is(err, undo.ErrLog), errors.Is(err, undo.ErrSidecar):
		f.Kind, f.Remedy = engine.FailureUnsafe, "the disk is half-written and can't be taken back: copy it anew under another name, from the source or a backup"
	case errors.Is(err, undo.ErrRestoring):
		f.Kind, f.Remedy = engine.FailureUnsafe, "failback disk cancel "+where
	case errors.Is(err, undo.ErrIdentity):
		f.Kind, f.Remedy = engine.FailureRefused, "give the order it was begun with, or first: failback disk cancel "+where
	case errors.As(err, &expired):
		f.Kind = engine.FailurePermission
	case errors.As(err, &throttled):
		f.Kind = engine.FailureRetryable
	case errors.As(err, &path):
		f.Why = path.Err.Error()
		if where == "" {
			f.Where = path.Path
		}
	}
	return f
}

func kindOf(err error) engine.FailureKind {
	switch {
	case errors.Is(err, image.ErrUsage), errors.Is(err, image.ErrUnsupported):
		return engine.FailureUsage
	case errors.Is(err, image.ErrInUse), errors.Is(err, image.ErrNoSpace), errors.Is(err, image.ErrReadOnly):
		return engine.FailureRefused
	}
	return engine.FailureOther
}

// resumable adds to the failure of a copy that has begun how to go on.
func resumable(err error, target string) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	f := *engine.AsFailure(failed(err, "copy the disk", target), "copy the disk", target)
	goOn := "the target is marked as half-written; the same command goes on, failback disk cancel " + target + " takes it back"
	if f.Remedy == "" {
		f.Remedy = goOn
	} else {
		f.Remedy += "; " + goOn
	}
	return &f
}
