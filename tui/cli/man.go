package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page: failback man | man -l -",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			writeManual(a.deps.Streams.Out, cmd.Root())
			return nil // what could not be written, standard output itself reports
		},
	}
}

// writeManual writes one page for all commands, from what --help says of them.
func writeManual(w io.Writer, root *cobra.Command) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
	line(`.TH FAILBACK 1 "" "failback" "User Commands"`)
	line(".SH NAME\nfailback \\- %s", roff(root.Short))
	line(".SH SYNOPSIS\n.B failback\n[command] [flags]")
	line(".SH DESCRIPTION\n%s", roff(root.Long))
	line(".SH COMMANDS")
	manualCommands(line, root)
	line(".SH SHARED OPTIONS")
	manualFlags(line, root.PersistentFlags())
}

func manualCommands(line func(string, ...any), parent *cobra.Command) {
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() {
			continue
		}
		line(".SS %s", roff(strings.TrimSuffix(c.UseLine(), " [flags]")))
		text := c.Long
		if text == "" {
			text = c.Short
		}
		line("%s", roff(text))
		manualFlags(line, c.LocalNonPersistentFlags())
		manualCommands(line, c)
	}
}

func manualFlags(line func(string, ...any), flags *pflag.FlagSet) {
	flags.VisitAll(func(f *pflag.Flag) {
		name, usage := pflag.UnquoteUsage(f)
		line(".TP\n.B %s\n%s", roff(strings.TrimSpace("--"+f.Name+" "+name)), roff(usage))
	})
}

// roff writes text so that troff takes none of it for a command.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(strings.TrimSpace(s))
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
		if l == "" {
			lines[i] = ".PP"
		}
	}
	return strings.Join(lines, "\n")
}
