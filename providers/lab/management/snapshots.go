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
		body := obj{
			"id": ids{s}.resource("Microsoft.Compute/disks/" + d.Managed), "name": d.Managed, "type": "Microsoft.Compute/disks",
			"location": s.Location, "sku": obj{"name": "Premium_LRS", "tier": "Premium"},
		}
		state := "Unattached"
		if v := s.AzureVM(it.AzureVM); v != nil {
			state, body["managedBy"] = "Attached", ids{s}.resource(machineType+"/"+v.Name)
			if v.Power == world.PowerDeallocated {
				state = "Reserved"
			}
		}
		properties := obj{
			"uniqueId": d.VHDID, "diskSizeBytes": d.Bytes, "diskSizeGB": (d.Bytes + 1<<30 - 1) >> 30, "diskState": state,
			"provisioningState": "Succeeded", "creationData": obj{"createOption": "Import", "logicalSectorSize": 512},
		}
		if d.OS {
			properties["osType"], properties["hyperVGeneration"] = it.OS, generation(it)
		}
		body["properties"] = properties
		return body, nil
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
		Tags map[string]string `json:"tags"`
	}
	if !c.decode(&body) {
		return
	}
	if !body.Properties.Incremental {
		c.fail(&world.Refusal{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "The lab makes incremental snapshots only."})
		return
	}
	op, err := c.world.SnapshotDisk(names[2], path.Base(body.Properties.CreationData.SourceResourceID), body.Tags)
	c.acceptCompute(op, err)
}

// patchSnapshot changes the tags of a snapshot, and nothing else.
func (c *call) patchSnapshot(names []string) {
	var body struct {
		Tags map[string]string `json:"tags"`
	}
	if !c.decode(&body) {
		return
	}
	op, err := c.world.TagSnapshot(names[2], body.Tags)
	c.acceptCompute(op, err)
}

func (c *call) getSnapshot(names []string) {
	c.read(func(s *world.State) (obj, error) {
		snap := s.Snapshot(names[2])
		if snap == nil || snap.Collection != "" {
			return nil, c.noResource(snapshotType, names[2])
		}
		return c.snapshot(s, snap), nil
	})
}

func (c *call) listSnapshots([]string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, snap := range s.Snapshots {
			if snap.Collection == "" {
				rows = append(rows, c.snapshot(s, snap))
			}
		}
		return page(rows), nil
	})
}

func (c *call) snapshot(s *world.State, snap *world.DiskSnapshot) obj {
	state, network, public, mode := "Unattached", "AllowAll", "Enabled", "None"
	if snap.Lent() {
		state = "ActiveSAS"
	}
	properties := obj{}
	switch {
	case snap.DenyAll:
		network = "DenyAll"
	case snap.Private:
		network, public = "AllowPrivate", "Disabled"
		properties["diskAccessId"] = ids{s}.resource("Microsoft.Compute/diskAccesses/exports")
	case snap.SignIn:
		mode = "AzureActiveDirectory"
	}
	for k, v := range (obj{
		"diskSizeBytes": snap.Bytes, "diskSizeGB": (snap.Bytes + 1<<30 - 1) >> 30, "diskState": state,
		"provisioningState": "Succeeded", "incremental": true, "completionPercent": 100, "uniqueId": snap.ID,
		"incrementalSnapshotFamilyId": snap.Disk, "timeCreated": stamp(snap.Created),
		"networkAccessPolicy": network, "publicNetworkAccess": public, "dataAccessAuthMode": mode,
		"creationData": obj{
			"createOption":     "Copy",
			"sourceResourceId": ids{s}.resource("Microsoft.Compute/disks/" + snap.Disk),
		},
	}) {
		properties[k] = v
	}
	return obj{
		"id": ids{s}.resource(snapshotType + "/" + snap.Name), "name": snap.Name, "type": snapshotType, "location": s.Location,
		"sku": obj{"name": "Standard_LRS", "tier": "Standard"}, "tags": snap.Tags, "properties": properties,
	}
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
	if snap == nil || !snap.Lent() {
		return nil
	}
	export := storage.ExportPrefix + snap.Blob
	query := c.options.Sign(export, snap.Snapshot, snap.Access)
	return obj{"accessSAS": c.blobURL(export) + "?" + query.Encode(), "securityDataAccessSAS": nil}
}
