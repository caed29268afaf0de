package direct

import (
	"context"
	"slices"

	"failback/engine"
)

// JobDesk is the vault's with the jobs of this machine among its own. It only reads
// them: whoever drives them is not disturbed, and none goes on for it.
func (d *Desk) JobDesk(vault engine.JobDesk) engine.JobDesk { return jobDesk{vault, d} }

type jobDesk struct {
	engine.JobDesk
	d *Desk
}

// FindJobs implements [engine.JobDesk].
func (j jobDesk) FindJobs(ctx context.Context, f engine.JobFilter) ([]engine.Job, error) {
	own, err := j.d.jobs(f)
	if err != nil {
		return nil, err
	}
	out, err := j.JobDesk.FindJobs(ctx, f)
	if len(own) == 0 {
		return out, err
	}
	out = append(out, own...)
	slices.SortStableFunc(out, func(a, b engine.Job) int { return b.Started.Compare(a.Started) })
	return out, err
}

// Job implements [engine.JobDesk].
func (j jobDesk) Job(ctx context.Context, name string) (engine.Job, error) {
	if j.d.o.Folder != "" {
		r, err := j.d.store.load(name)
		if err == nil {
			return r.view(), nil
		}
		if engine.KindOf(err) != engine.FailureNotFound {
			return engine.Job{}, err
		}
	}
	return j.JobDesk.Job(ctx, name)
}

// jobs are the jobs of this machine that f lets through, without their tasks.
func (d *Desk) jobs(f engine.JobFilter) ([]engine.Job, error) {
	if d.o.Folder == "" {
		return nil, nil
	}
	all, err := d.store.list()
	if err != nil {
		return nil, err
	}
	var out []engine.Job
	for _, r := range all {
		if j := r.view(); f.Fits(j) {
			j.Tasks = nil
			out = append(out, j)
		}
	}
	return out, nil
}
