package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

// jobFilter is how a list of jobs is narrowed on the command line.
type jobFilter struct {
	since, until string
	states       []string
}

func (f *jobFilter) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.since, "since", "", "jobs that began at `TIME` or later: 2026-11-23T14:00:00Z, or a time span ago such as 24h")
	cmd.Flags().StringVar(&f.until, "until", "", "jobs that began at `TIME` or earlier")
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "jobs in the state `STATE`, such as failed or suspended; may be repeated")
}

// jobStates are the states that can be asked for in any case. Others are passed on
// as they are typed: the set is open.
var jobStates = []engine.JobState{
	engine.JobNotStarted, engine.JobInProgress, engine.JobSucceeded, engine.JobFailed, engine.JobCancelled,
	engine.JobSuspended, engine.JobPartiallySucceeded, engine.JobWithInformation,
}

func (f *jobFilter) parse(now time.Time) (out engine.JobFilter, err error) {
	if out.Since, err = moment("--since", f.since, now); err != nil {
		return out, err
	}
	if out.Until, err = moment("--until", f.until, now); err != nil {
		return out, err
	}
	if !out.Until.IsZero() && out.Until.Before(out.Since) {
		return out, engine.Usagef("give the earlier time with --since", "--until lies before --since")
	}
	for _, typed := range f.states {
		state := engine.JobState(typed)
		for _, known := range jobStates {
			if strings.EqualFold(typed, string(known)) {
				state = known
			}
		}
		out.States = append(out.States, state)
	}
	return out, nil
}

// moment reads a time, or how long ago it was.
func moment(flag, typed string, now time.Time) (time.Time, error) {
	if typed == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, typed); err == nil {
		return t, nil
	}
	if d, err := time.ParseDuration(typed); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	return time.Time{}, engine.Usagef("write a time such as 2026-11-23T14:00:00Z, or how long ago, such as 24h", "%s %q is neither", flag, typed)
}

// jobRow is one job, as `jobs --output json` gives it. Fields are added, never
// renamed.
type jobRow struct {
	engine.Job
	Direction engine.Direction `json:"direction,omitempty"`
	Run       *runs.JobOwner   `json:"run,omitempty"` // a run of this machine that began it
	// Waits is what a job waits for. In a list only those of this machine tell it: the
	// vault's rows are too thin.
	Waits engine.JobWait `json:"waits_for,omitempty"`
}

func (a *app) jobsCommand() *cobra.Command {
	var f jobFilter
	cmd := &cobra.Command{
		Use:   "jobs",
		Short: "List Site Recovery's jobs and this machine's own, newest first; show, cancel, restart or resume one",
		Args:  subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter, err := f.parse(time.Now())
			if err != nil {
				return err
			}
			rows, err := a.listJobs(cmd.Context(), filter)
			if err != nil {
				return err
			}
			return show(a, rows, a.jobTable(rows))
		},
	}
	f.register(cmd)
	cmd.AddCommand(a.jobShowCommand(), a.jobCancelCommand(), a.jobRestartCommand(), a.jobResumeCommand(), a.jobExportCommand())
	return cmd
}

func (a *app) listJobs(ctx context.Context, f engine.JobFilter) ([]jobRow, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close(a)
	jobs, err := a.findJobs(ctx, s, f)
	if err != nil {
		return nil, err
	}
	owners, err := s.store.JobOwners()
	if err != nil {
		return nil, err
	}
	rows := make([]jobRow, 0, len(jobs))
	for _, j := range jobs {
		rows = append(rows, newJobRow(j, owners))
	}
	return rows, nil
}

// findJobs lists what can be listed. Where the vault does not answer, that is said
// beside the jobs of this machine.
func (a *app) findJobs(ctx context.Context, s *session, f engine.JobFilter) ([]engine.Job, error) {
	jobs, err := s.conn.Jobs.FindJobs(ctx, f)
	if err != nil && len(jobs) > 0 {
		a.complain(err)
		a.say("these are the jobs of failbacks without Site Recovery alone:")
		return jobs, nil
	}
	return jobs, err
}

func newJobRow(j engine.Job, owners map[string]runs.JobOwner) jobRow {
	row := jobRow{Job: j, Direction: j.Direction()}
	if o, ok := owners[j.Name]; ok {
		row.Run = &o
	}
	if j.Local {
		row.Waits = j.Waits()
	}
	return row
}

func (a *app) jobTable(jobs []jobRow) table {
	t := table{
		heads: []string{"STARTED", "WHAT", "ITEM", "STATE", "NAME", "RUN"},
		none:  "the vault has no such jobs",
	}
	for _, j := range jobs {
		run := ""
		if j.Run != nil {
			run = string(j.Run.Run)
		}
		t.rows = append(t.rows, []string{a.when(j.Started), j.Title(), j.TargetName, stateWords(j.Job), j.Name, run})
	}
	return t
}

// stateWords is a job's state in the service's own words.
func stateWords(j engine.Job) string {
	if j.Detail != "" && j.Detail != string(j.State) {
		return string(j.State) + " (" + j.Detail + ")"
	}
	return string(j.State)
}

// findJob reads the job that a person typed: its name, or a unique beginning of
// it. A whole name is asked for by itself, whatever the list holds.
func findJob(ctx context.Context, s *session, typed string) (engine.Job, error) {
	const guid = 36
	name := typed
	if len(typed) < guid {
		jobs, err := s.conn.Jobs.FindJobs(ctx, engine.JobFilter{})
		if err != nil && len(jobs) == 0 {
			return engine.Job{}, err
		}
		var found []string
		for _, j := range jobs {
			if j.Name == typed {
				found = []string{typed}
				break
			}
			if typed != "" && strings.HasPrefix(strings.ToLower(j.Name), strings.ToLower(typed)) {
				found = append(found, j.Name)
			}
		}
		switch len(found) {
		case 0:
			if err != nil { // it may be one of those that were not listed
				return engine.Job{}, err
			}
			return engine.Job{}, engine.Usagef("failback jobs lists them", "there is no job %q", typed)
		case 1:
			name = found[0]
		default:
			return engine.Job{}, engine.Usagef("type more of the name", "%q is the beginning of %d jobs", typed, len(found))
		}
	}
	return s.conn.Jobs.Job(ctx, name)
}
