package world

import (
	"context"
	"errors"

	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// commitBackScript commits a failback: the Azure VM and its disks are deleted.
func commitBackScript(t estate.Times) []step {
	return []step{
		{task: "FinalizeRestoreOnRecovery", time: t.Commit, do: deleteAzure},
		{task: "FinalizeRestoreOnPrimary", time: t.Commit / 2, do: committedBack},
	}
}

func deleteAzure(_ context.Context, r *run) error {
	_, it := r.look()
	if err := r.reach(estate.AtCommitting, it.Name, it.Host); err != nil {
		return err
	}
	if err := r.trouble(estate.AtCommitting, it.Name, it.Host); err != nil {
		return err
	}
	return r.dropAzure(&it)
}

// dropAzure deletes the Azure VM of an item with its disks and their snapshots.
func (w *World) dropAzure(it *Item) error {
	w.guests.stop(azureKey(it.AzureVM))
	for _, d := range it.Disks {
		if d.Blob == "" {
			continue
		}
		if err := w.blobs.Delete(d.Blob); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
	}
	return w.change(func(s *State) {
		kept := s.AzureVMs[:0]
		for _, v := range s.AzureVMs {
			if v.Name != it.AzureVM {
				kept = append(kept, v)
			}
		}
		s.AzureVMs = kept
		for _, d := range s.Item(it.Name).Disks {
			d.Blob, d.Managed = "", ""
		}
		s.Item(it.Name).AzureVM = ""
	})
}

func committedBack(_ context.Context, r *run) error {
	return r.edit(func(_ *State, _ *Job, it *Item) { it.Protection, it.Inner = FailbackFinal, FailbackFinal })
}

// commitForwardScript commits a failover to Azure. Nothing is deleted but the
// recovery points.
func commitForwardScript(t estate.Times) []step {
	return []step{
		{task: "VmCommitPrerequisitesCheck", time: t.Check / 3},
		{task: "VmCommit", time: t.Commit / 2, do: committedForward},
	}
}

func committedForward(_ context.Context, r *run) error {
	_, it := r.look()
	if err := r.trouble(estate.AtCommitting, it.Name, it.Host); err != nil {
		return err
	}
	return r.edit(func(_ *State, _ *Job, it *Item) {
		done := FailedOver
		if it.Protection == UnplannedPending {
			done = UnplannedDone
		}
		it.Protection, it.Inner = done, done
		it.Points = nil
	})
}
