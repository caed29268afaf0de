package management

import (
	"slices"
	"testing"
	"time"

	"failback/providers/lab/world"
)

func TestPathsDoNotMindCase(t *testing.T) {
	p := split("/Subscriptions/s/resourcegroups/g/providers/microsoft.recoveryservices/VAULTS/v/replicationjobs/j")
	names, ok := p.fits(jobPath)
	if !ok || !slices.Equal(names, []string{"s", "g", "v", "j"}) {
		t.Errorf("%v %v", names, ok)
	}
	if _, ok := p.fits(planPath); ok {
		t.Error("a job is a recovery plan")
	}
}

func TestJobFilters(t *testing.T) {
	f, err := parseJobFilter("StartTime eq '2017-08-04T09:28:52.0000000Z' and ( JobStatus eq 'Failed' or JobStatus eq 'Succeeded' )")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2017, 8, 4, 9, 28, 52, 0, time.UTC)
	for _, c := range []struct {
		job  world.Job
		want bool
	}{
		{world.Job{Started: start, State: world.Succeeded}, true},
		{world.Job{Started: start.Add(-time.Second), State: world.Succeeded}, false},
		{world.Job{Started: start, State: world.Suspended}, false},
	} {
		if got := f.takes(&c.job); got != c.want {
			t.Errorf("%+v: %v", c.job, got)
		}
	}
	if _, err := parseJobFilter("StartTime eq 'yesterday'"); err == nil {
		t.Error("yesterday is a time")
	}
}

func FuzzJobFilter(f *testing.F) {
	f.Add("StartTime eq '2017-08-04T09:28:52.0000000Z'")
	f.Add("( JobStatus eq 'Failed' )")
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := parseJobFilter(text)
		if err == nil && len(filter.states) > 0 && filter.takes(&world.Job{State: "no such state'"}) {
			t.Errorf("%q takes everything", text)
		}
	})
}
