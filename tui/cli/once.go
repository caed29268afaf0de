package cli

import (
	"errors"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"failback/engine"
)

// once is a flag that may be given twice only with the same value: where two
// words contradict each other, the last one is not what was meant.
type once struct {
	pflag.Value
	flag  string
	given *string
}

// Set implements pflag.Value.
func (o *once) Set(s string) error {
	if o.given != nil && *o.given != s {
		return &contradiction{o.flag, *o.given, s}
	}
	o.given = &s
	return o.Value.Set(s)
}

// contradiction is a flag that was given twice.
type contradiction struct{ flag, first, then string }

func (c *contradiction) Error() string {
	return "--" + c.flag + " is given twice: " + c.first + " and " + c.then
}

// onlyOnce guards the flags of a command and of those below it, but for lists.
func onlyOnce(cmd *cobra.Command) {
	guard := func(f *pflag.Flag) {
		_, list := f.Value.(pflag.SliceValue)
		_, guarded := f.Value.(*once)
		if !list && !guarded {
			f.Value = &once{Value: f.Value, flag: f.Name}
		}
	}
	cmd.LocalFlags().VisitAll(guard)
	for _, c := range cmd.Commands() {
		onlyOnce(c)
	}
}

// wrongFlag says what is wrong with a flag, and which command's help tells more.
func wrongFlag(cmd *cobra.Command, err error) error {
	var twice *contradiction
	var value *pflag.InvalidValueError
	why := firstLine(err)
	switch {
	case errors.As(err, &twice):
		return engine.Usagef("give it once", "%s", twice)
	case errors.As(err, &value):
		why = "--" + value.GetFlag().Name + " " + quoted(value.GetValue()) + " is no " + kindOf(value.GetFlag())
	}
	return engine.Usagef(cmd.CommandPath()+" --help lists its flags", "%s", why)
}

// kindOf is what a flag wants, in words.
func kindOf(f *pflag.Flag) string {
	switch t := f.Value.Type(); t {
	case "int64":
		return "whole number"
	case "duration":
		return "time span such as 20m"
	case "bool":
		return "true or false"
	default:
		return t
	}
}

func quoted(s string) string { return "\"" + s + "\"" }
