package cli

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/report"
	"failback/engine/runs"
)

// reportWriters are the forms of the evidence.
var reportWriters = map[string]func(report.Report, io.Writer) error{
	"md":   report.Report.WriteMarkdown,
	"html": writePage,
	"json": report.Report.WriteJSON,
}

func (a *app) reportCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "report RUN",
		Short: "Print the evidence of a run, folded from its journal alone",
		Args:  takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("format") && a.flags.output != outputText {
				format = "json"
			}
			write, ok := reportWriters[format]
			if !ok {
				return engine.Usagef("write md, html or json", "--format %q is not known", format)
			}
			store, id, err := a.findRun(args[0])
			if err != nil {
				return err
			}
			r, err := buildReport(store, id)
			if err != nil {
				return err
			}
			return write(r, a.deps.Streams.Out)
		},
	}
	cmd.Flags().StringVar(&format, "format", "md", "md, html or json")
	return cmd
}

func buildReport(store *runs.Store, id engine.RunID) (report.Report, error) {
	events, err := store.Events(id)
	if err != nil {
		return report.Report{}, err
	}
	return report.Build(events)
}

// fileReport writes every form of a run's evidence beside its journal and
// returns the path of the one that people read.
func fileReport(store *runs.Store, id engine.RunID) (string, error) {
	r, err := buildReport(store, id)
	if err != nil {
		return "", err
	}
	formats := make([]string, 0, len(reportWriters))
	for f := range reportWriters {
		formats = append(formats, f)
	}
	slices.Sort(formats)
	for _, f := range formats {
		if err := writeFile(filepath.Join(store.Dir(id), "report."+f), func(w io.Writer) error { return reportWriters[f](r, w) }); err != nil {
			return "", err
		}
	}
	return filepath.Join(store.Dir(id), "report.md"), nil
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
