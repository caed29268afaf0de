package snapshots

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// Snapshot is one incremental snapshot of a managed disk. Its fields are what a
// journal keeps to find it again.
type Snapshot struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Disk   string    `json:"disk"` // id of the disk
	Unique string    `json:"unique"`
	Family string    `json:"family"` // only snapshots of one have a difference
	Bytes  int64     `json:"bytes"`  // of the disk, then
	Taken  time.Time `json:"taken"`
	Run    string    `json:"run,omitempty"` // whose it is; empty where it is not of a run
	Set    string    `json:"set,omitempty"`
	Lent   bool      `json:"lent,omitempty"` // somebody had access to it when it was read
	// Until is until when it is to be kept, as Keep has tagged it.
	Until time.Time `json:"until,omitzero"`

	state    string
	complete float32
	network  armcompute.NetworkAccessPolicy
	public   armcompute.PublicNetworkAccess
	access   string
	signIn   bool
}

func snapshotOf(s armcompute.Snapshot) Snapshot {
	out := Snapshot{ID: value(s.ID), Name: value(s.Name), complete: 100, Run: value(s.Tags[TagRun]), Set: value(s.Tags[TagSet])}
	if until, err := time.Parse(time.RFC3339, value(s.Tags[TagUntil])); err == nil {
		out.Until = until
	}
	p := s.Properties
	if p == nil {
		return out
	}
	out.Unique, out.Family, out.Bytes = value(p.UniqueID), value(p.IncrementalSnapshotFamilyID), value(p.DiskSizeBytes)
	out.Taken, out.state = value(p.TimeCreated), value(p.ProvisioningState)
	out.network, out.public, out.access = value(p.NetworkAccessPolicy), value(p.PublicNetworkAccess), value(p.DiskAccessID)
	out.Lent = value(p.DiskState) == armcompute.DiskStateActiveSAS
	out.signIn = value(p.DataAccessAuthMode) == armcompute.DataAccessAuthModeAzureActiveDirectory
	if p.CompletionPercent != nil {
		out.complete = *p.CompletionPercent
	}
	if p.CreationData != nil {
		out.Disk = value(p.CreationData.SourceResourceID)
	}
	return out
}

// ours reports whether a run of this program made it: only then may it be deleted.
func (s Snapshot) ours() bool { return s.Run != "" && strings.HasPrefix(s.Name, Prefix) }

// Find reads a snapshot, or a disk's part of a restore point, by its id. One that
// no run made can be lent and is never deleted.
func (c *Client) Find(ctx context.Context, id string) (Snapshot, error) {
	call := azure.Call{Action: actionReadSnapshot, What: "read the snapshot", Where: id}
	h, err := c.handleOf(call, id)
	if err != nil {
		return Snapshot{}, err
	}
	if h.name != "" {
		call.Where = h.name
	}
	return c.look(ctx, call, h)
}

func (c *Client) get(ctx context.Context, call azure.Call, group, name string) (Snapshot, error) {
	answer, err := c.snapshots.Get(ctx, group, name, nil)
	if err != nil {
		return Snapshot{}, call.Failure(err)
	}
	if answer.Properties != nil && !value(answer.Properties.Incremental) {
		return Snapshot{}, engine.Refuse(call.What, call.Where, "it is a full snapshot: it has no family, and nothing can be compared with it", "take an incremental one")
	}
	return snapshotOf(answer.Snapshot), nil
}

// listed are the incremental snapshots of a resource group.
func (c *Client) listed(ctx context.Context, group string) ([]Snapshot, error) {
	var all []Snapshot
	for pages := c.snapshots.NewListByResourceGroupPager(group, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, azure.Call{Action: actionReadSnapshot, What: "list the snapshots", Where: group}.Failure(err)
		}
		for _, s := range page.Value {
			if s != nil && s.Properties != nil && value(s.Properties.Incremental) {
				all = append(all, snapshotOf(*s))
			}
		}
	}
	return all, nil
}

// nameOf is the name of a disk's snapshot in a set: the same after a crash.
func (c *Client) nameOf(set string, d Disk) string {
	sum := sha256.Sum256([]byte(strings.ToLower(d.ID)))
	return Prefix + c.options.Run + "-" + set + "-" + hex.EncodeToString(sum[:4])
}

// groupOf is where a disk's snapshots are made.
func (c *Client) groupOf(call azure.Call, d Disk) (string, error) {
	if c.options.ResourceGroup != "" {
		return c.options.ResourceGroup, nil
	}
	group, _, err := c.place(call, d.ID)
	return group, err
}

// Held counts the incremental snapshots that Azure has of each disk, whoever made them,
// in the groups where this client makes its own.
func (c *Client) Held(ctx context.Context, disks []Disk) ([]int, error) {
	counts := make([]int, len(disks))
	listed := map[string][]Snapshot{}
	for i, d := range disks {
		group, err := c.groupOf(azure.Call{What: "count the snapshots", Where: d.Name}, d)
		if err != nil {
			return nil, err
		}
		key := strings.ToLower(group)
		all, known := listed[key]
		if !known {
			if all, err = c.listed(ctx, group); err != nil {
				return nil, err
			}
			listed[key] = all
		}
		for _, s := range all {
			if strings.EqualFold(s.Disk, d.ID) {
				counts[i]++
			}
		}
	}
	return counts, nil
}
