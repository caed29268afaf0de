package world

import "errors"

// cleanUp takes back what a job that was cancelled or failed had made in Azure.
// What it has written on-premises stays.
func (r *run) cleanUp() {
	j, it := r.look()
	switch j.Kind {
	case KindFailback:
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
	case KindCommitBack, KindCommitForward, KindIrCompletion, KindRestore,
		KindPlanFailback, KindPlanForward, KindPlanCommit, KindPlanReprotect:
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
