package cli

import (
	"errors"
	"io"
	"syscall"

	"failback/engine"
)

// output is standard output. It remembers the first failure to write, so that a
// command whose data got lost does not end as if it had been read.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.to.Write(p)
	if err != nil {
		o.err = outputLost(err)
	}
	return n, o.err
}

func outputLost(err error) error {
	f := &engine.Failure{Kind: engine.FailureOther, What: "write to standard output", Why: err.Error(), Err: err,
		Remedy: "make room where it is redirected to, and try again"}
	if errors.Is(err, syscall.EPIPE) {
		f.Why, f.Remedy = "its reader went away", ""
	}
	return f
}
