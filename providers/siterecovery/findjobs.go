package siterecovery

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// FindJobs lists jobs, newest first. The service narrows the list in the form
// that was recorded, with one state a request: how it would read several is not
// known. What it lets through is looked at once more.
func (c *Client) FindJobs(ctx context.Context, f engine.JobFilter) ([]engine.Job, error) {
	var jobs []engine.Job
	for _, filter := range jobFilters(f) {
		var options *asr.ReplicationJobsClientListOptions
		if filter != "" {
			options = &asr.ReplicationJobsClientListOptions{Filter: &filter}
		}
		wire, err := collect(ctx, c.jobs.NewListPager(c.group, c.vault, options),
			func(p asr.ReplicationJobsClientListResponse) []*asr.Job { return p.Value })
		if err != nil {
			return nil, c.call(azure.ActionReadJobs, "list the jobs", c.vault).Failure(err)
		}
		for _, w := range wire {
			if j := decodeJob(w, nil); f.Fits(j) {
				jobs = append(jobs, j)
			}
		}
	}
	slices.SortStableFunc(jobs, func(a, b engine.Job) int { return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.Name, b.Name)) })
	// A job whose state changed between two requests came twice.
	return slices.CompactFunc(jobs, func(a, b engine.Job) bool { return a.Name == b.Name && a.Name != "" }), nil
}

// jobFilters are the OData filters for the requests that f takes, "" for none.
// "eq" on a start time means "from" there, on an end time "until".
func jobFilters(f engine.JobFilter) []string {
	var times []string
	if !f.Since.IsZero() {
		times = append(times, "StartTime eq '"+filterTime(f.Since)+"'")
	}
	if !f.Until.IsZero() {
		times = append(times, "EndTime eq '"+filterTime(f.Until)+"'")
	}
	if len(f.States) == 0 {
		return []string{strings.Join(times, " and ")}
	}
	out := make([]string, 0, len(f.States))
	for _, s := range f.States {
		state := "( JobStatus eq '" + strings.ReplaceAll(string(s), "'", "''") + "' )"
		out = append(out, strings.Join(append(slices.Clone(times), state), " and "))
	}
	return out
}

// filterTime writes a time as it stands in recorded filters.
func filterTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }
