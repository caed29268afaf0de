package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
	"failback/tui/lang"
	"failback/tui/text"
)

// app is one execution of the program.
type app struct {
	deps    Deps
	flags   shared
	reached bool // a command began to run: errors from here on are not about its use
	shown   bool // the person has read the run's lines where errors are written, too
	lines   bool // what is written are events of a run, not a text to look into
	log     *logFile
	asked   sync.Once // for the language
	spoken  lang.Language
	record  Recording // nil without --record
	// terminal is standard output as the screens need it: the file itself.
	terminal io.Writer
	typing   *bufio.Reader // standard input, once something was asked for
	// answers are the lines of standard input, once a conversation has begun.
	answers <-chan string
	// sets are the rules of each connection that the screens have opened.
	sets sync.Map
}

// Run carries out one command line and returns the exit status. ctx ends when a
// person interrupts the program.
func Run(ctx context.Context, args []string, d Deps) int {
	out := &output{to: d.Streams.Out}
	a := &app{deps: d, terminal: d.Streams.Out}
	a.deps.Streams.Out = out
	root := a.root()
	root.SetArgs(args)
	root.SetIn(d.Streams.In)
	root.SetOut(out)
	root.SetErr(d.Streams.Err)
	err := root.ExecuteContext(ctx)
	if err != nil && !a.reached && engine.KindOf(err) != engine.FailureUsage {
		err = engine.Usagef("failback help lists commands and flags", "%s", firstLine(err))
	}
	if err == nil {
		err = out.err
	}
	if err != nil {
		a.log.failed(err)
	}
	// Who looks at the beginning of a text alone (| head) has lost nothing.
	if err != nil && (a.lines || !errors.Is(err, syscall.EPIPE)) {
		a.complain(err)
	}
	a.closeRecording()
	a.log.close()
	return exitStatus(err)
}

// firstLine leaves out what cobra adds below an unknown command: the usage and a
// suggestion on lines of their own become one line.
func firstLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

// complain tells a person what went wrong: what, where, why, and what to do now.
func (a *app) complain(err error) {
	var run *ended
	if errors.As(err, &run) {
		a.sayEnded(run)
		return
	}
	text, remedy := err.Error(), ""
	var f *engine.Failure
	var file *config.Error
	switch {
	case errors.As(err, &f):
		head := *f
		head.Remedy = ""
		text, remedy = head.Error(), f.Remedy
	case errors.As(err, &file):
		remedy = file.Remedy
	}
	l := a.language()
	a.say("failback: %s", l.Failure(text))
	if remedy != "" {
		a.say("%s", l.Say("now: "+remedy))
	}
}

// say writes one line for people, in their language. What stands in it may come
// from outside.
func (a *app) say(format string, args ...any) {
	a.tell(a.deps.Streams.Err, "%s", a.language().Say(fmt.Sprintf(format, args...)))
}

func (a *app) tell(w io.Writer, format string, args ...any) {
	// A broken pipe towards a person can't be told to that person.
	_, _ = fmt.Fprintln(w, text.Clean(fmt.Sprintf(format, args...)))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "failback",
		Short: "Bring Hyper-V virtual machines home from Azure",
		Long: `failback brings Hyper-V virtual machines home from Azure with Azure Site
Recovery. Without a command it opens the terminal program. Try it without any
configuration: failback rehearse

Exit status: 0 done, 1 failed, 2 wrong use or configuration, 3 blocked by
preflight, 4 sign-in or permission, 5 cancelled, 8 waiting at a gate with nobody
to ask or still running and detached, 130 interrupted.`,
		Args:          subcommand,
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			a.reached = true
			return a.prepare()
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.home(cmd.Context()) },
	}
	a.flags.register(root)
	root.AddCommand(
		a.rehearseCommand(), a.vaultsCommand(), a.itemsCommand(), a.hostsCommand(), a.recoveryPlansCommand(), a.recoveryPointsCommand(), a.jobsCommand(),
		a.checkCommand(), a.startCommand(), a.runsCommand(), a.showCommand(), a.attachCommand(), a.replayCommand(),
		a.resumeCommand(), a.cancelCommand(), a.decideCommand(), a.lookCommand(), a.limitCommand(), a.reportCommand(), a.verifyCommand(), a.diskCommand(), a.labCommand(), a.roleCommand(), a.secretCommand(), a.doctorCommand(), a.versionCommand(), a.manCommand(),
	)
	root.SetFlagErrorFunc(wrongFlag)
	strict(root)
	onlyOnce(root)
	return root
}
