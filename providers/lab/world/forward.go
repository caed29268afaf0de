package world

import (
	"context"
	"errors"
	"io"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// forwardScript is a planned failover to Azure.
func forwardScript(t estate.Times) []step {
	return []step{
		{task: "PlannedFailoverPreflightChecksTask", time: t.Check, do: checkForward},
		{task: "ShutdownVmOnPrimary", time: t.Stop, do: shutdownHome},
		{task: "PrepareForFailoverTask", time: t.Prepare / 2},
		{task: "FailoverTask", do: upload},
		{task: "StartVmOnSecondary", time: t.Boot, firm: true, do: startInAzure},
	}
}

func checkForward(_ context.Context, r *run) error {
	_, it := r.look()
	return r.needHost(it.Host)
}

func shutdownHome(_ context.Context, r *run) error {
	_, it := r.look()
	if err := r.reach(estate.AtStop, it.Name, it.Host); err != nil {
		return err
	}
	if err := r.trouble(estate.AtStop, it.Name, it.Host); err != nil {
		return err
	}
	return r.stopHome(it.Host, it.HyperVID)
}

// upload makes the Azure disks from the content of the on-premises ones.
func upload(ctx context.Context, r *run) error {
	j, it := r.look()
	vm, err := r.homeVM(it.Host, &it)
	if err != nil {
		return err
	}
	disks, err := r.homeDisks(it, vm)
	if err != nil {
		return err
	}
	defer func() { _ = closeDisks(disks) }()
	names := make([]string, len(disks))
	s := r.newSync(estate.AtFinalSync, it.Host, it.Name, copyAll)
	for i, d := range it.Disks {
		names[i] = blobName(j.Name, &it, d)
		b, err := r.blobOf(names[i], d.Bytes)
		if err != nil {
			return err
		}
		opt := transfer.Options{Streams: 1, Piece: piece, Limit: s.limit, Report: s.report()}
		if _, err := transfer.Copy(ctx, disks[i].source(), blobTarget{b}, opt); err != nil {
			return err
		}
	}
	return r.edit(func(_ *State, _ *Job, it *Item) {
		for i, d := range it.Disks {
			d.Blob = names[i]
			d.Managed = it.managedName(d)
		}
	})
}

// blobOf makes a blob, or finds the one that an interrupted step had made.
func (w *World) blobOf(name string, size int64) (*blob.Blob, error) {
	b, err := w.blobs.Create(name, size)
	if errors.Is(err, blob.ErrExists) {
		return w.blobs.Get(name)
	}
	return b, err
}

// managedName is what the managed disk of a disk is called, "" where the Azure
// VM has blobs.
func (it *Item) managedName(d *Disk) string {
	if !it.Managed && !d.Straight {
		return ""
	}
	return it.Name + "-" + d.VHDID[:8]
}

// blobTarget lets a transfer write to a blob.
type blobTarget struct{ *blob.Blob }

// Sync does nothing: a blob is as safe as a killed process needs it.
func (blobTarget) Sync() error { return nil }

var _ io.ReaderAt = blobTarget{}

// startInAzure makes the Azure VM and boots it.
func startInAzure(ctx context.Context, r *run) error {
	_, it := r.look()
	name := it.Name
	err := r.edit(func(s *State, _ *Job, it *Item) {
		if s.AzureVM(name) == nil {
			s.AzureVMs = append(s.AzureVMs, &AzureVM{
				Name: name, ID: s.mint(), Item: it.Name, Power: PowerStarting, Created: now(),
			})
		}
		it.AzureVM, it.AtRecovery = name, true
		it.Protection, it.Inner = FailoverPending, FailoverPending
		it.FailedOver = now()
	})
	if err != nil {
		return err
	}
	return r.bootAzure(ctx, name, true)
}
