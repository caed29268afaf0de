package engine

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// JobFilter narrows a list of jobs. The zero value lets every job through.
type JobFilter struct {
	Since  time.Time // jobs that began then or later
	Until  time.Time // jobs that began then or earlier
	States []JobState
}

// Fits reports whether f lets the job through. A job that has not begun has no time to
// judge by.
func (f JobFilter) Fits(j Job) bool {
	if len(f.States) > 0 && !slices.ContainsFunc(f.States, func(s JobState) bool { return strings.EqualFold(string(s), string(j.State)) }) {
		return false
	}
	return j.Started.IsZero() || (f.Since.IsZero() || !j.Started.Before(f.Since)) && (f.Until.IsZero() || !j.Started.After(f.Until))
}

// ExportFormat is the form of an exported list of jobs.
type ExportFormat string

// The forms that the service writes.
const (
	ExportJSON  ExportFormat = "json"
	ExportXML   ExportFormat = "xml"
	ExportExcel ExportFormat = "excel"
)

// JobExport asks for a list of jobs as a file.
type JobExport struct {
	JobFilter
	Format    ExportFormat
	RequestID string
}

// JobDesk is what can be done with jobs beside a run's own steps. Its effectful
// methods each send one request, are not idempotent, and fail as those of
// [Failover] do; they read the job afresh and refuse what it does not offer.
type JobDesk interface {
	// FindJobs lists jobs, newest first, as thin as [Inventory.Jobs]: the vault's, and
	// those of failbacks without Site Recovery that this machine has begun
	// ([Job.Local]). Where the vault does not answer, the latter come beside the error.
	FindJobs(ctx context.Context, f JobFilter) ([]Job, error)
	// Job reads any job of that list whole. It changes nothing: an unfinished job of
	// this machine does not go on for it.
	Job(ctx context.Context, name string) (Job, error)
	// Restart begins a job again.
	Restart(ctx context.Context, job, requestID string) error
	// Export lets the service write the list of jobs into a file and copies that
	// file to w. It returns the name of the export's own job. The file's address
	// holds a signature: it never leaves this method, not in an error either.
	Export(ctx context.Context, e JobExport, w io.Writer) (job string, err error)
}

// Act does to a job what was offered and consented to. It reads the job afresh:
// where what was consented to is not what would happen now, nothing is sent.
func (c *Connection) Act(ctx context.Context, job string, consent JobOffer, comment, requestID string) error {
	now, err := c.Ports.Inventory.Job(ctx, job)
	if err != nil {
		return err
	}
	offer, err := now.Offer(consent.Verb)
	if err != nil {
		return err
	}
	if offer.Damages != consent.Damages || offer.Subject != consent.Subject || offer.task != consent.task {
		return Refuse(strings.ToLower(consent.Title), now.place(), "the job has moved on since: it would lead to something else now", "look at the job again and decide on that")
	}
	switch consent.Verb {
	case VerbCancel:
		return c.Ports.Failover.Cancel(ctx, job, requestID)
	case VerbComplete:
		return c.Ports.Failover.Complete(ctx, job, comment, requestID)
	case VerbRestart:
		return c.Jobs.Restart(ctx, job, requestID)
	case VerbConfirm:
		return c.Ports.Plans.FinishManual(ctx, job, offer.task, comment, requestID)
	}
	return fmt.Errorf("nothing does %q to a job", consent.Verb)
}
