package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) hostSelfTestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "selftest HOST",
		Short: "Run every reading script on a host and check what it answers",
		Long: `Run every script that only reads on a Hyper-V host, and hold each answer against
its schema: every field is there, none is unknown, and the values can be. Nothing is
changed on the host. HOST is a name of the profile's hosts, as the vault has it.

A script of one VM is tried with the first that the host lists; "nothing" says that
there was none to read. Exit status 1 where a script failed, 4 where a right is missing.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.selfTest(cmd.Context(), args[0]) },
	}
}

func (a *app) selfTest(ctx context.Context, host string) error {
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	var checks []engine.ScriptCheck
	if err := s.conn.Hosts.SelfTest(ctx, host, func(c engine.ScriptCheck) { checks = append(checks, c) }); err != nil {
		return err
	}
	if err := show(a, checks, selfTestTable(checks)); err != nil {
		return err
	}
	return selfTestFailure(host, checks)
}

func selfTestTable(checks []engine.ScriptCheck) table {
	t := table{heads: []string{"SCRIPT", "RESULT", "TOOK", "BYTES", "FOR", "WHY"}, right: map[int]bool{2: true, 3: true}}
	for _, c := range checks {
		t.rows = append(t.rows, []string{
			c.Script, string(c.Result), c.Took.Round(time.Millisecond).String(), fmt.Sprint(c.Bytes), c.For, c.Why,
		})
	}
	return t
}

// selfTestFailure is nil where no script failed. A missing right is told from the
// rest where nothing but that is wrong.
func selfTestFailure(host string, checks []engine.ScriptCheck) error {
	failed, refused, why := 0, 0, ""
	for _, c := range checks {
		if c.Result != engine.CheckFailed {
			continue
		}
		if failed++; failed == 1 {
			why = c.Script + ": " + c.Why
		}
		if c.Kind == engine.FailurePermission {
			refused++
		}
	}
	if failed == 0 {
		return nil
	}
	f := &engine.Failure{
		Kind: engine.FailureOther, What: fmt.Sprintf("%d of %d scripts failed", failed, len(checks)), Where: "host " + host,
		Why: why, Remedy: "mend what is named and test again; a run reads the host with these scripts",
	}
	if refused == failed {
		f.Kind = engine.FailurePermission
	}
	return f
}
