package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
)

// takes checks that a command got the n arguments that its usage names, and says
// what it takes where it did not.
func takes(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) == n:
			return nil
		case n == 0:
			return engine.Usagef("leave it out; "+cmd.CommandPath()+" --help lists its flags",
				"%s takes no argument, and %q is given", cmd.CommandPath(), args[0])
		case len(args) > n:
			return engine.Usagef("write "+usage(cmd), "%q is one argument too many", args[n])
		}
		return engine.Usagef("write "+usage(cmd), "%s is missing", strings.Fields(arguments(cmd))[len(args)])
	}
}

// arguments are the arguments of a command's usage. A choice is one of them.
func arguments(cmd *cobra.Command) string {
	_, rest, _ := strings.Cut(cmd.Use, " ")
	return strings.ReplaceAll(rest, " | ", "|")
}

func usage(cmd *cobra.Command) string { return cmd.CommandPath() + " " + arguments(cmd) }

// subcommand refuses a word that is no command below this one.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	remedy := cmd.CommandPath() + " --help lists the commands"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		remedy = "perhaps " + cmd.CommandPath() + " " + strings.Join(near, ", "+cmd.CommandPath()+" ") + "; " + remedy
	}
	return engine.Usagef(remedy, "unknown command %q for %q", args[0], cmd.CommandPath())
}

// strict makes the two commands that cobra adds refuse a word they do not know,
// too: by default they print a help page and say that all is well.
func strict(root *cobra.Command) {
	root.SuggestionsMinimumDistance = 2
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		switch c.Name() {
		case "help":
			c.Run = nil
			c.RunE = func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				if err != nil {
					return err
				}
				if err := subcommand(about, rest); err != nil {
					return err
				}
				return about.Help()
			}
		case "completion":
			c.Args = subcommand
			c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
}
