package direct

import (
	"context"
	"time"

	"failback/engine"
	"failback/engine/move"
)

// hosts are the real ones, but for what Site Recovery's agent would say: this program
// moves the disks, and keeps what they were.
type hosts struct {
	engine.HostAccess
	planned
}

// Activity implements [engine.HostAccess] with the bytes that this process has brought
// to the host.
func (h hosts) Activity(_ context.Context, host string) (engine.Activity, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := h.moved[host]
	return engine.Activity{At: time.Now(), Read: n, Written: n}, nil
}

// DiskSums implements [engine.HostAccess] with the roots of what was written and read
// again before the VM was started. They are those of a tree of SHA-256 sums, and say so.
func (h hosts) DiskSums(_ context.Context, host, vmID string) ([]engine.DiskSum, error) {
	all, err := h.store.list()
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Scenario != engine.ScenarioFailback || !r.Failback.about(vmID) {
			continue
		}
		var out []engine.DiskSum
		for _, d := range r.Failback.Disks {
			out = append(out, engine.DiskSum{Disk: d.Disk.Name, Bytes: d.Disk.Bytes, SHA256: tree(d.Root), At: d.Proven})
		}
		return out, nil
	}
	return nil, &engine.Failure{Kind: engine.FailureNotFound, What: "read the sums of the disks", Where: host, Why: "no direct failback of this machine put disks under the VM", Remedy: "compare the disks by hand"}
}

// tree marks a root as what it is: no sum of the disk's bytes one after the other.
func tree(root string) string { return "tree:" + root }

// azureSide is Azure, with disks that are read through the last snapshots.
type azureSide struct {
	engine.AzureAccess
	planned
}

// DiskSum implements [engine.AzureAccess]: the snapshot that the machine was brought
// home from is read whole, once more.
func (a azureSide) DiskSum(ctx context.Context, d engine.Disk, report func(done, total int64)) (engine.DiskSum, error) {
	all, err := a.store.list()
	if err != nil {
		return engine.DiskSum{}, err
	}
	for _, r := range all {
		if r.Scenario != engine.ScenarioFailback || !r.Failback.AtHome || r.Failback.Set == nil {
			continue
		}
		for i, known := range r.Failback.Disks {
			if !engine.SameID(known.Disk.ID, d.ID) {
				continue
			}
			to := known.File + ".azure.manifest"
			got, err := a.o.Mover.Hash(ctx, move.HashOrder{Source: r.Failback.Set.Snapshots[i].ID, To: to, Shared: a.limiterOf(r)}, func(p move.Progress) {
				if report != nil {
					report(p.Bytes.Scanned, p.Bytes.Total)
				}
			})
			return engine.DiskSum{Disk: d.Name, Bytes: got.Size, SHA256: tree(got.Root), At: r.Failback.Set.Snapshots[i].Taken}, err
		}
	}
	return engine.DiskSum{}, &engine.Failure{Kind: engine.FailureNotFound, What: "read the Azure disk for its sum", Where: d.Name, Why: "no direct failback of this machine has brought it", Remedy: "compare the disks by hand"}
}

// Allocated implements [engine.AzureAccess]. How much of a managed disk is used is told
// only to who has a snapshot of it.
func (a azureSide) Allocated(_ context.Context, d engine.Disk) (int64, error) {
	return 0, engine.Refuse("read how much of the Azure disk is used", d.Name, "a managed disk does not tell", "its size bounds it")
}
