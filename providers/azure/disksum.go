package azure

import (
	"context"

	"failback/engine"
	"failback/engine/transfer"
)

// Allocated sums the page ranges of the disk's blob.
func (a *Access) Allocated(ctx context.Context, d engine.Disk) (int64, error) {
	call := Call{Action: ActionReadDisk, What: "read how much of the Azure disk is used", Where: d.Name}
	disk, err := a.openDisk(ctx, d, call)
	if err != nil {
		return 0, err
	}
	extents, err := disk.Extents(ctx)
	if err != nil {
		return 0, call.ofBlob(err)
	}
	var n int64
	for _, e := range extents {
		n += e.Len
	}
	return n, nil
}

// DiskSum reads what is allocated, takes the rest as zeros, and sums what a
// guest sees: the footer of a fixed VHD is not part of it. The sum is that of
// one version of the blob, or none at all.
func (a *Access) DiskSum(ctx context.Context, d engine.Disk, report func(done, total int64)) (engine.DiskSum, error) {
	call := Call{Action: ActionReadDisk, What: "read the Azure disk for its checksum", Where: d.Name}
	disk, err := a.openDisk(ctx, d, call)
	if err != nil {
		return engine.DiskSum{}, err
	}
	sum, err := transfer.Sum(ctx, disk, report)
	if err != nil {
		return engine.DiskSum{}, call.ofBlob(err)
	}
	return engine.DiskSum{Disk: d.Name, Bytes: disk.Size(), SHA256: sum, At: disk.Modified()}, nil
}
