package snapshots

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// A restore point is a snapshot of all disks of a VM at one instant, also while it
// runs. Each set has a collection of its own: collections carry tags, restore
// points do not. Its parts are of the same families as the disks' other
// incremental snapshots (inferred from the name of the field: the family of the
// backing incremental snapshot).

const whatPoint = "take a restore point"

func (c *Client) collectionOf(set string) string { return Prefix + c.options.Run + "-" + set }

// takePoint makes the set as a restore point, or finds it made.
func (c *Client) takePoint(ctx context.Context, vm engine.AzureVMRef, disks []Disk, set string) (Set, error) {
	call := azure.Call{Action: actionTakePoint, What: whatPoint, Where: vm.Name}
	h := handle{group: vm.ResourceGroup, collection: c.collectionOf(set), point: set}
	known, err := c.around(ctx, disks)
	if err != nil {
		return Set{}, err
	}
	parts, err := c.partsOf(ctx, call, h)
	if engine.KindOf(err) == engine.FailureNotFound {
		if err = c.await(ctx, disks, known); err == nil {
			parts, err = c.makePoint(ctx, call, h, vm, disks[0].Location)
		}
	}
	if err == nil {
		set, err := c.assemble(vm, disks, set, parts)
		if err == nil {
			return set, nil
		}
		return Set{}, errors.Join(err, c.undoPoint(ctx, call, h))
	}
	return Set{}, errors.Join(err, c.undoPoint(ctx, call, h))
}

// assemble puts the parts in the order of the disks; all have to be there.
func (c *Client) assemble(vm engine.AzureVMRef, disks []Disk, name string, parts []Snapshot) (Set, error) {
	set := Set{Name: name, VM: vm.Name, Consistency: CrashConsistent}
	for _, d := range disks {
		i := slices.IndexFunc(parts, func(p Snapshot) bool { return strings.EqualFold(p.Disk, d.ID) })
		if i < 0 || parts[i].Run != c.options.Run {
			return Set{}, engine.Refuse(whatPoint, vm.Name, "it has no part of the disk "+d.Name+" that this run made", "look at the restore point in the portal")
		}
		parts[i].Bytes = d.Bytes
		set.Snapshots = append(set.Snapshots, parts[i])
	}
	set.Taken = set.Snapshots[0].Taken
	return set, nil
}

// makePoint makes collection and restore point and waits until it can be read.
func (c *Client) makePoint(ctx context.Context, call azure.Call, h handle, vm engine.AzureVMRef, location string) ([]Snapshot, error) {
	machine := "/subscriptions/" + c.session.Subscription() + "/resourceGroups/" + vm.ResourceGroup + "/providers/Microsoft.Compute/virtualMachines/" + vm.Name
	switch owner, err := c.emptyPoint(ctx, call, h); {
	case err == nil && owner.Run != c.options.Run:
		return nil, engine.Refuse(call.What, call.Where, "a collection "+h.collection+" is there and is not this run's", "look at it in the portal")
	case unlessGone(err) != nil:
		return nil, err
	}
	for begun := time.Now(); ; {
		_, err := c.collections.CreateOrUpdate(ctx, h.group, h.collection, armcompute.RestorePointCollection{
			Location: &location, Tags: map[string]*string{TagRun: &c.options.Run, TagSet: &h.point},
			Properties: &armcompute.RestorePointCollectionProperties{Source: &armcompute.RestorePointCollectionSourceProperties{ID: &machine}},
		}, nil)
		if err = explained(call.Failure(err)); err != nil {
			return nil, err
		}
		effect, sent := azure.Effect(ctx, "")
		asked := call
		asked.Sent = sent
		_, err = c.points.BeginCreate(effect, h.group, h.collection, h.point, armcompute.RestorePoint{
			Properties: &armcompute.RestorePointProperties{ConsistencyMode: new(armcompute.ConsistencyModeTypesCrashConsistent)},
		}, nil)
		err = explained(asked.Failure(err))
		pause, again := later(err)
		if err != nil && (!again || time.Since(begun) > patience) {
			return nil, err
		}
		if err != nil {
			c.notice(Notice{Disk: vm.Name, Why: failureOf(err).Why, Until: time.Now().Add(pause)})
		}
		if err := azure.Pause(ctx, pause); err != nil {
			return nil, err
		}
		parts, err := c.partsOf(ctx, call, h)
		if engine.KindOf(err) != engine.FailureNotFound {
			return parts, err
		}
	}
}

// partsOf waits until a restore point is whole and reads its parts. One that is
// not there is an error of that kind; one of another run is refused.
func (c *Client) partsOf(ctx context.Context, call azure.Call, h handle) ([]Snapshot, error) {
	for begun := time.Now(); ; {
		answer, err := c.points.Get(ctx, h.group, h.collection, h.point, nil)
		if err != nil {
			return nil, call.Failure(err)
		}
		state := ""
		if answer.Properties != nil {
			state = value(answer.Properties.ProvisioningState)
		}
		switch {
		case strings.EqualFold(state, "Failed"):
			return nil, engine.Refuse(call.What, call.Where, "Azure made the restore point and says that it failed", "try again")
		case strings.EqualFold(state, "Succeeded"):
			parts, err := c.partsNow(ctx, call, h)
			if err != nil || !slices.ContainsFunc(parts, func(s Snapshot) bool { return s.complete < 100 }) {
				return parts, err
			}
		case time.Since(begun) > completing:
			return nil, engine.Refuse(call.What, call.Where, "the restore point is still not whole after a day", "look at it in the portal")
		}
		if err := azure.Pause(ctx, pollEvery); err != nil {
			return nil, err
		}
	}
}

// partsNow reads the parts of a restore point as they are.
func (c *Client) partsNow(ctx context.Context, call azure.Call, h handle) ([]Snapshot, error) {
	owner, err := c.emptyPoint(ctx, call, h)
	if err != nil {
		return nil, err
	}
	var parts []Snapshot
	for pages := c.pointDisks.NewListByRestorePointPager(h.group, h.collection, h.point, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, call.Failure(err)
		}
		for _, d := range page.Value {
			if d != nil {
				parts = append(parts, partOf(*d, owner))
			}
		}
	}
	return parts, nil
}

// emptyPoint is whose a collection is.
func (c *Client) emptyPoint(ctx context.Context, call azure.Call, h handle) (Snapshot, error) {
	answer, err := c.collections.Get(ctx, h.group, h.collection, nil)
	if err != nil {
		return Snapshot{}, call.Failure(err)
	}
	return ownerOf(answer.RestorePointCollection), nil
}

// ownerOf is a collection as a snapshot of nothing: its name, its tags and what it
// is told from another one of that name by.
func ownerOf(r armcompute.RestorePointCollection) Snapshot {
	return Snapshot{ID: value(r.ID), Name: value(r.Name), Unique: strings.ToLower(value(r.ID)), Run: value(r.Tags[TagRun]), Set: value(r.Tags[TagSet]), complete: 100}
}

// diskOfPoint reads one part of a restore point. How large its disk was is not
// told.
func (c *Client) diskOfPoint(ctx context.Context, call azure.Call, h handle) (Snapshot, error) {
	owner, err := c.emptyPoint(ctx, call, h)
	if err != nil {
		return owner, err
	}
	answer, err := c.pointDisks.Get(ctx, h.group, h.collection, h.point, h.name, nil)
	if err != nil {
		return Snapshot{}, call.Failure(err)
	}
	return partOf(answer.DiskRestorePoint, owner), nil
}

func partOf(d armcompute.DiskRestorePoint, owner Snapshot) Snapshot {
	s := Snapshot{ID: value(d.ID), Name: owner.Name + "/" + value(d.Name), Unique: strings.ToLower(value(d.ID)), Run: owner.Run, Set: owner.Set, complete: 100}
	p := d.Properties
	if p == nil {
		return s
	}
	s.Disk, s.Family, s.Taken = value(p.SourceResourceID), value(p.FamilyID), value(p.TimeCreated)
	s.network, s.public, s.access = value(p.NetworkAccessPolicy), value(p.PublicNetworkAccess), value(p.DiskAccessID)
	if p.CompletionPercent != nil {
		s.complete = *p.CompletionPercent
	}
	return s
}

// undoPoint deletes an unfinished set, also after the caller has given up.
func (c *Client) undoPoint(ctx context.Context, call azure.Call, h handle) error {
	ctx, cancel := tidily(ctx)
	defer cancel()
	owner, err := c.emptyPoint(ctx, call, h)
	if err == nil && owner.Run == c.options.Run {
		err = c.remove(ctx, owner)
	}
	return unlessGone(err)
}

// collected are the restore points of a group that runs made, a part of each disk.
func (c *Client) collected(ctx context.Context, group string) ([]Snapshot, error) {
	call := azure.Call{Action: actionReadPoint, What: "list the restore points", Where: group}
	var out []Snapshot
	for pages := c.collections.NewListPager(group, nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, call.Failure(err)
		}
		for _, r := range page.Value {
			if r != nil && ownerOf(*r).ours() {
				out = append(out, ownerOf(*r))
			}
		}
	}
	return out, nil
}
