package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
)

// Symptom is one thing that the doctor has looked at. Fields are added, never
// renamed.
type Symptom struct {
	Check    string `json:"check"`
	Result   string `json:"result"` // ok, warning, failed or unknown
	Observed string `json:"observed"`
	Remedy   string `json:"remedy,omitempty"`

	// kind is that of the failure, for the exit status.
	kind engine.FailureKind
}

// The results.
const (
	healthOK      = "ok"
	healthWarning = "warning"
	healthFailed  = "failed"
	healthUnknown = "unknown" // not looked at, and why
)

// doctor collects what it sees, and in text says it at once.
type doctor struct {
	app  *app
	seen []Symptom
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Say what will work on this machine, and what will not",
		Long: `Look at what a failback needs on this machine: the terminal, its characters and
colours, the configuration, the state directory, the keyring, the clock, the services
of the cloud, the sign-in, the vault and each Hyper-V host of the profile. Nothing is
changed anywhere. Without --profile, --lab or a profile that is the default one, only
this machine is looked at.

Exit status 1 where something will not work, 2 where the configuration is wrong, 4
where the sign-in or a right is missing.`,
		Args: takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.examine(cmd.Context()) },
	}
}

func (a *app) examine(ctx context.Context) error {
	d := &doctor{app: a}
	d.machine(ctx)
	if t, ok := d.configuration(); ok {
		d.remote(ctx, t)
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	if a.flags.output != outputText {
		if err := show(a, d.seen, nil); err != nil {
			return err
		}
	}
	return d.verdict()
}

func (d *doctor) see(s Symptom) {
	d.seen = append(d.seen, s)
	if d.app.flags.output != outputText {
		return
	}
	out := d.app.deps.Streams.Out
	l := d.app.language()
	d.app.tell(out, "%-8s %s: %s", l.Say(s.Result), l.Say(s.Check), l.Say(s.Observed))
	if s.Remedy != "" {
		d.app.tell(out, "         %s", l.Say("now: "+s.Remedy))
	}
}

func (d *doctor) ok(check, format string, args ...any) {
	d.see(Symptom{Check: check, Result: healthOK, Observed: fmt.Sprintf(format, args...)})
}

func (d *doctor) warn(check, remedy, format string, args ...any) {
	d.see(Symptom{Check: check, Result: healthWarning, Observed: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (d *doctor) unknown(check, remedy, format string, args ...any) {
	d.see(Symptom{Check: check, Result: healthUnknown, Observed: fmt.Sprintf(format, args...), Remedy: remedy})
}

// failed takes an error apart: what and why is observed, what to do is the remedy.
func (d *doctor) failed(check string, err error) {
	s := Symptom{Check: check, Result: healthFailed, Observed: err.Error(), kind: engine.KindOf(err)}
	var f *engine.Failure
	if errors.As(err, &f) {
		head := *f
		head.Remedy = ""
		s.Observed, s.Remedy = head.Error(), f.Remedy
	}
	d.see(s)
}

// verdict is nil where nothing failed. The weightiest failure decides how the
// command ends: what is wrong here, then a right, then the rest.
func (d *doctor) verdict() error {
	var bad []string
	kind := engine.FailureOther
	for _, s := range d.seen {
		if s.Result != healthFailed {
			continue
		}
		bad = append(bad, s.Check)
		switch {
		case s.kind == engine.FailureUsage:
			kind = engine.FailureUsage
		case s.kind == engine.FailurePermission && kind == engine.FailureOther:
			kind = engine.FailurePermission
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &engine.Failure{Kind: kind, What: "not everything will work", Why: "failed: " + strings.Join(bad, ", "), Remedy: "do what stands below each of them"}
}
