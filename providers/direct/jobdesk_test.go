package direct_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/direct"
)

// vaultJobs are a vault's jobs, or why they can't be read.
type vaultJobs struct {
	engine.JobDesk
	jobs []engine.Job
	err  error
}

func (v vaultJobs) FindJobs(context.Context, engine.JobFilter) ([]engine.Job, error) {
	return slices.Clone(v.jobs), v.err
}

func (v vaultJobs) Job(_ context.Context, name string) (engine.Job, error) {
	return engine.Job{Name: name, Friendly: "of the vault"}, v.err
}

// TestS41JobsOfThisMachineStandAmongTheVaults, with what they wait for, whoever drives
// them, and also where the vault does not answer. Reading them drives nothing on.
func TestS41JobsOfThisMachineStandAmongTheVaults(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		older := engine.Job{Name: "older", Started: time.Now().Add(-time.Hour), State: engine.JobFailed}
		vault := vaultJobs{jobs: []engine.Job{older}}
		job := r.start("request-1")
		must(r, r.desk.Close()) // in the middle of it
		r.open()
		desk := r.desk.JobDesk(vault)
		other := direct.New(direct.Options{Folder: r.dir, Vault: r.vault})
		defer func() { must(r, other.Close()) }()
		for _, desk := range []engine.JobDesk{desk, other.JobDesk(vault)} {
			j, err := desk.Job(r.Context(), job)
			if err != nil || !j.Local || j.State != engine.JobInProgress || len(j.Tasks) == 0 {
				r.Errorf("%+v, %v", j, err)
			}
		}
		if time.Sleep(time.Minute); r.desk.Drives() || other.Drives() {
			r.Error("it goes on for being looked at")
		}
		r.waits(job)
		jobs, err := other.JobDesk(vault).FindJobs(r.Context(), engine.JobFilter{})
		must(r, err)
		if len(jobs) != 2 || jobs[0].Name != job || jobs[1].Name != "older" || jobs[0].TargetName != "db01" || jobs[0].Waits() != engine.WaitComplete || jobs[0].Started.IsZero() {
			r.Errorf("%+v", jobs)
		}
		if jobs, err = desk.FindJobs(r.Context(), engine.JobFilter{States: []engine.JobState{engine.JobFailed}}); err != nil || len(jobs) != 1 || jobs[0].Name != "older" {
			r.Errorf("failed ones: %+v, %v", jobs, err)
		}
		lost := errors.New("the vault is gone")
		if jobs, err = r.desk.JobDesk(vaultJobs{err: lost}).FindJobs(r.Context(), engine.JobFilter{}); !errors.Is(err, lost) || len(jobs) != 1 || jobs[0].Name != job {
			r.Errorf("without a vault: %+v, %v", jobs, err)
		}
		if j, err := desk.Job(r.Context(), "older"); err != nil || j.Friendly != "of the vault" {
			r.Errorf("%+v, %v", j, err)
		}
		// What is done to it goes through its run, which has to know.
		whole, err := desk.Job(r.Context(), job)
		must(r, err)
		if offers := whole.Offers(); len(offers) > 0 {
			r.Errorf("%+v", offers)
		}
		if _, err := whole.Resumption(); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("%v", err)
		}
	})
}
