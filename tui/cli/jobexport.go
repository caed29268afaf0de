package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

type exportOptions struct {
	jobFilter
	format, to string
}

func (a *app) jobExportCommand() *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Let Site Recovery write the list of jobs into a file, and fetch it",
		Long: `Let Site Recovery export the list of jobs, and fetch the file that it makes. The
file's address holds a signature: it is used once and neither shown nor logged. A file
that is there already is not overwritten.`,
		Args: takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return a.exportJobs(cmd.Context(), o) },
	}
	o.register(cmd)
	cmd.Flags().StringVar(&o.format, "format", string(engine.ExportJSON), "json, xml or excel")
	cmd.Flags().StringVar(&o.to, "to", "", "`FILE` to write (default failback-jobs with the format's ending, in this folder)")
	return cmd
}

var exportEndings = map[engine.ExportFormat]string{engine.ExportJSON: ".json", engine.ExportXML: ".xml", engine.ExportExcel: ".xlsx"}

func (a *app) exportJobs(ctx context.Context, o exportOptions) error {
	filter, err := o.parse(time.Now())
	if err != nil {
		return err
	}
	e := engine.JobExport{JobFilter: filter, Format: engine.ExportFormat(o.format), RequestID: runs.NewRequestID()}
	ending, known := exportEndings[e.Format]
	if !known {
		return engine.Usagef("write --format json, xml or excel", "--format %q is not known", o.format)
	}
	if o.to == "" {
		o.to = "failback-jobs" + ending
	}
	if _, err := os.Lstat(o.to); err == nil {
		return engine.Usagef("name another one with --to, or move it away", "%s exists already", o.to)
	}
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	if err := exportTo(ctx, s, e, o.to); err != nil {
		return err
	}
	a.say("written: %s", o.to)
	return nil
}

// exportTo writes beside the file first: a download that breaks off leaves none
// behind that looks whole.
func exportTo(ctx context.Context, s *session, e engine.JobExport, to string) error {
	part, err := os.CreateTemp(filepath.Dir(to), ".failback-jobs-*")
	if err != nil {
		return engine.Usagef("name a file in a folder that can be written, with --to", "%s", err)
	}
	_, err = s.conn.Jobs.Export(ctx, e, part)
	if err = errors.Join(err, part.Close()); err == nil {
		err = os.Rename(part.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
