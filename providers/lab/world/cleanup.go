package world

import "errors"

// cleanUp takes back what a job that was cancelled or failed had made in Azure.
// What it has written on-premises stays.
func (r *run) cleanUp() {
	j, it := r.look()
	switch j.Kind {
	case KindFailback, KindStageSync, KindStageShutdown, KindStageFailover:
		if it.AtRecovery {
			// Snapshots that stay cost space and nothing else.
			_ = r.dropSnapshots(&j, &it)
		}
	case KindForward:
		for _, d := range it.Disks {
			if name := blobName(j.Name, &it, d); d.Blob != name {
				_ = r.blobs.Delete(name) // mostly there is none
			}
		}
	case KindReprotect:
		_ = r.edit(func(_ *State, _ *Job, it *Item) { it.Protection, it.Inner = FailbackFinal, FailbackFinal })
	case KindEnable:
		_ = r.edit(func(_ *State, _ *Job, it *Item) { it.Unprotected = true })
	case KindPlanFailback:
		r.cleanUpStages()
	case KindCommitBack, KindCommitForward, KindIrCompletion, KindRestore, KindStageStart, KindPlanForward, KindPlanCommit, KindPlanReprotect, KindExport, KindDisable:
	}
}

// cleanUpStages lets go of the snapshots that a recovery plan's job keeps between
// the stages of its VMs.
func (r *run) cleanUpStages() {
	var left []Job
	r.Read(func(s *State) {
		for _, c := range s.Jobs {
			if c.Parent == r.job && c.Phase1 != "" {
				left = append(left, *c)
			}
		}
	})
	for _, c := range left {
		var it Item
		r.Read(func(s *State) { it = s.copyItem(c.Item) })
		if it.AtRecovery {
			_ = r.dropSnapshots(&c, &it)
		}
	}
}

// dropSnapshots deletes the snapshots that a failback job had taken.
func (r *run) dropSnapshots(j *Job, it *Item) error {
	blobs, err := r.azureDisks(*it)
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range blobs {
		for _, id := range b.Snapshots() {
			if id == j.Phase1 || id == j.Phase2 {
				errs = append(errs, b.DeleteSnapshot(id))
			}
		}
	}
	return errors.Join(errs...)
}
