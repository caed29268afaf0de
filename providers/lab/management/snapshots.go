package management

import (
	"net/http"
	"path"
	"time"

	"failback/providers/lab/storage"
	"failback/providers/lab/world"
)

const snapshotType = "Microsoft.Compute/snapshots"

func (c *call) getDisk(names []string) {
	c.read(func(s *world.State) (obj, error) {
		it, d := s.ManagedDisk(names[2])
		if d == nil {
			return nil, c.noResource("Microsoft.Compute/disks", names[2])
		}
		state := "Attached"
		if v := s.AzureVM(it.AzureVM); v != nil && v.Power == world.PowerDeallocated {
			state = "Reserved"
		}
		return obj{
			"id": ids{s}.resource("Microsoft.Compute/disks/" + d.Managed), "name": d.Managed, "type": "Microsoft.Compute/disks",
			"location": s.Location, "sku": obj{"name": "Premium_LRS", "tier": "Premium"},
			"properties": obj{
				"diskSizeBytes": d.Bytes, "diskSizeGB": (d.Bytes + 1<<30 - 1) >> 30, "diskState": state,
				"provisioningState": "Succeeded", "creationData": obj{"createOption": "Import", "logicalSectorSize": 512},
			},
		}, nil
	})
}

// putSnapshot makes an incremental snapshot of a managed disk.
func (c *call) putSnapshot(names []string) {
	var body struct {
		Properties struct {
			Incremental  bool `json:"incremental"`
			CreationData struct {
				SourceResourceID string `json:"sourceResourceId"`
			} `json:"creationData"`
		} `json:"properties"`
	}
	if !c.decode(&body) {
		return
	}
	op, err := c.world.SnapshotDisk(names[2], path.Base(body.Properties.CreationData.SourceResourceID))
	c.acceptCompute(op, err)
}

func (c *call) getSnapshot(names []string) {
	c.read(func(s *world.State) (obj, error) {
		snap := s.Snapshot(names[2])
		if snap == nil {
			return nil, c.noResource(snapshotType, names[2])
		}
		state := "Unattached"
		if time.Now().Before(snap.Access) {
			state = "ActiveSAS"
		}
		return obj{
			"id": ids{s}.resource(snapshotType + "/" + snap.Name), "name": snap.Name, "type": snapshotType, "location": s.Location,
			"properties": obj{
				"diskSizeBytes": snap.Bytes, "diskSizeGB": (snap.Bytes + 1<<30 - 1) >> 30, "diskState": state,
				"provisioningState": "Succeeded", "incremental": true, "completionPercent": 100, "uniqueId": snap.ID,
				"incrementalSnapshotFamilyId": snap.Disk, "timeCreated": stamp(snap.Created),
				"creationData": obj{
					"createOption":     "Copy",
					"sourceResourceId": ids{s}.resource("Microsoft.Compute/disks/" + snap.Disk),
				},
			},
		}, nil
	})
}

func (c *call) deleteSnapshot(names []string) {
	op, err := c.world.DropSnapshot(names[2])
	c.acceptCompute(op, err)
}

// grantAccess makes the snapshot readable for a time. Its result is a URL with a
// signature.
func (c *call) grantAccess(names []string) {
	var body struct {
		Access   string `json:"access"`
		Duration int32  `json:"durationInSeconds"`
	}
	if !c.decode(&body) {
		return
	}
	if body.Access != "Read" || body.Duration <= 0 {
		c.fail(&world.Refusal{Status: http.StatusBadRequest, Code: "InvalidParameter", Message: "access must be Read and durationInSeconds above 0."})
		return
	}
	op, err := c.world.GrantAccess(names[2], time.Duration(body.Duration)*time.Second)
	c.acceptCompute(op, err)
}

func (c *call) revokeAccess(names []string) {
	c.world.Read(func(s *world.State) {
		if snap := s.Snapshot(names[2]); snap != nil {
			c.options.Revoke(storage.ExportPrefix+snap.Blob, snap.Snapshot)
		}
	})
	op, err := c.world.GrantAccess(names[2], 0)
	c.acceptCompute(op, err)
}

// access is the result of granting access, nil for anything else.
func (c *call) access(s *world.State, name string) obj {
	snap := s.Snapshot(name)
	if snap == nil || !time.Now().Before(snap.Access) {
		return nil
	}
	export := storage.ExportPrefix + snap.Blob
	query := c.options.Sign(export, snap.Snapshot, snap.Access)
	return obj{"accessSAS": c.blobURL(export) + "?" + query.Encode(), "securityDataAccessSAS": nil}
}
