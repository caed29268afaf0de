package connect

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"failback/engine"
	"failback/providers/lab"
	"failback/providers/lab/estate"
)

// Rehearse opens the lab as a vault for an operator: the same providers, other
// addresses. An estate that can't be read is wrong use and leaves nothing behind.
// notice, which may be nil, takes what a person should know of the lab that is no
// error. The lab lives as long as the connection, also while an interrupted
// program lets go of its run.
func Rehearse(ctx context.Context, o lab.Options, notice func(string), rec Recording) (*engine.Connection, error) {
	o, err := named(o)
	if err != nil {
		return nil, err
	}
	conn, err := Lab(context.WithoutCancel(ctx), o, rec)
	if err != nil {
		return nil, labFailure(o, err)
	}
	if o.Estate != "" {
		conn.Name = o.Estate // a run is resumed by it, from whatever folder
	}
	if err := tellOutdated(o, notice); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// ServeLab serves the lab until ctx ends; announce is called once it can be
// reached.
func ServeLab(ctx context.Context, o lab.Options, notice func(string), announce func(lab.Endpoints) error) error {
	o, err := named(o)
	if err != nil {
		return err
	}
	if err := tellOutdated(o, notice); err != nil {
		return err
	}
	return busy("serve the lab", "use it with --lab from here, or end that process first", lab.Serve(ctx, o, announce))
}

// ResetLab begins the lab afresh; it is refused while somebody serves it.
func ResetLab(ctx context.Context, o lab.Options) error {
	o, err := named(o)
	if err != nil {
		return err
	}
	return busy("reset the lab", "end that process first", lab.Reset(ctx, o))
}

// busy says what to do about a lab that another process serves.
func busy(what, remedy string, err error) error {
	var b *lab.Busy
	if !errors.As(err, &b) {
		return err
	}
	f := engine.Refuse(what, b.Lab, b.By, remedy)
	f.Err = err
	return f
}

// named checks that the estate can be read. A file is named by its whole path, so
// that a run of it can be resumed from another folder.
func named(o lab.Options) (lab.Options, error) {
	if o.Estate != "" && !slices.Contains(lab.Estates(), o.Estate) {
		if path, err := filepath.Abs(o.Estate); err == nil {
			o.Estate = path
		}
	}
	if _, err := estate.Load(o.Estate); err != nil {
		f := engine.Usagef("name a built-in estate or correct the file", "%s", err)
		f.Err = err
		return o, f
	}
	return o, nil
}

// labFailure says what to do about a lab that can't be served.
func labFailure(o lab.Options, err error) error {
	return &engine.Failure{
		Kind: engine.FailureOther, What: "open the lab", Where: o.StateDir, Why: err.Error(), Err: err,
		Remedy: "make room in the state directory or name another one with --state-dir; failback lab reset begins a broken lab afresh",
	}
}

// tellOutdated says that a lab goes on as it was made, where its estate's file or
// the seed that is asked for says something else by now.
func tellOutdated(o lab.Options, notice func(string)) error {
	if notice == nil || (o.Estate == "" && o.Seed == 0) {
		return nil
	}
	old, err := lab.Outdated(o)
	if old {
		notice("the lab goes on as it was made: its estate or seed was another one then; failback lab reset, with the same flags, begins it afresh")
	}
	return err
}
