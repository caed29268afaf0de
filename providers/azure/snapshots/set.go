package snapshots

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"
	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/providers/azure"
)

// Consistency is what a set of snapshots is, taken together.
type Consistency string

// The consistencies. Azure takes snapshots disk by disk: several disks of a VM
// that runs are each as after a power cut, and not at one instant, unless they
// are made as a restore point. A copy that is brought forward to a set of a
// stopped VM is one instant again, whatever it began from.
const (
	CrashConsistent Consistency = "crash-consistent" // all disks at one instant
	PerDisk         Consistency = "per-disk"         // each disk at an instant of its own
)

// Set is one snapshot of every disk of a VM.
type Set struct {
	Name        string        `json:"name"`
	VM          string        `json:"vm"`
	Taken       time.Time     `json:"taken"`  // the first of its snapshots
	Spread      time.Duration `json:"spread"` // from the first to the last
	Consistency Consistency   `json:"consistency"`
	Snapshots   []Snapshot    `json:"snapshots"` // in the order of the disks
}

// Take takes a snapshot of every disk of the VM, all at once: all of them or
// none. What an interrupted Take of the same name has made already is part of it.
// It waits where the service's limits say so. After an error, what it made is
// deleted, as far as the service lets it.
func (c *Client) Take(ctx context.Context, vm engine.AzureVMRef, name string) (Set, error) {
	disks, err := c.Disks(ctx, vm)
	if err != nil {
		return Set{}, err
	}
	before, err := c.still(ctx, vm)
	if err != nil {
		return Set{}, err
	}
	if c.options.OneInstant && len(disks) > 1 && !before {
		if err := c.named(name); err != nil {
			return Set{}, err
		}
		return c.takePoint(ctx, vm, disks, name)
	}
	set, err := c.take(ctx, disks, name)
	if err != nil {
		return Set{}, err
	}
	set.VM = vm.Name
	after, err := c.still(ctx, vm)
	if err != nil {
		return Set{}, err
	}
	if len(disks) > 1 && !(before && after) {
		set.Consistency = PerDisk
	}
	return set, nil
}

// TakeDisk takes a snapshot of one disk.
func (c *Client) TakeDisk(ctx context.Context, disk, name string) (Snapshot, error) {
	d, err := c.Disk(ctx, disk)
	if err != nil {
		return Snapshot{}, err
	}
	set, err := c.take(ctx, []Disk{d}, name)
	if err != nil {
		return Snapshot{}, err
	}
	return set.Snapshots[0], nil
}

// still reports whether nothing writes to the VM's disks.
func (c *Client) still(ctx context.Context, vm engine.AzureVMRef) (bool, error) {
	power, err := c.power.Power(ctx, vm)
	return power == engine.PowerDeallocated, err
}

// named refuses a name that can't be part of a snapshot's.
func (c *Client) named(set string) error {
	if !goodName.MatchString(set) || len(c.options.Run)+len(set) > 50 {
		return engine.Usagef("use letters, digits, - and _, and few of them", "%q is no name for a set of snapshots", set)
	}
	return nil
}

const whatTake = "take a snapshot"

func (c *Client) take(ctx context.Context, disks []Disk, name string) (Set, error) {
	if err := c.named(name); err != nil {
		return Set{}, err
	}
	known, err := c.around(ctx, disks)
	if err != nil {
		return Set{}, err
	}
	if err := c.await(ctx, c.missing(disks, name, known), known); err != nil {
		return Set{}, err
	}
	set := Set{Name: name, Consistency: CrashConsistent, Snapshots: make([]Snapshot, len(disks))}
	group, working := errgroup.WithContext(ctx)
	for i, d := range disks {
		group.Go(func() (err error) {
			set.Snapshots[i], err = c.one(working, d, name)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Set{}, errors.Join(err, c.undo(ctx, disks, name))
	}
	first, last := set.Snapshots[0].Taken, set.Snapshots[0].Taken
	for _, s := range set.Snapshots {
		if s.Taken.Before(first) {
			first = s.Taken
		}
		if s.Taken.After(last) {
			last = s.Taken
		}
	}
	set.Taken, set.Spread = first, last.Sub(first)
	return set, nil
}

// around are the snapshots of the groups where the disks' snapshots are made, and
// refuses disks that can't be exported.
func (c *Client) around(ctx context.Context, disks []Disk) ([]Snapshot, error) {
	var groups []string
	for _, d := range disks {
		if err := d.exportable(whatTake); err != nil {
			return nil, err
		}
		group, err := c.groupOf(azure.Call{What: whatTake, Where: d.Name}, d)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(groups, func(g string) bool { return strings.EqualFold(g, group) }) {
			groups = append(groups, group)
		}
	}
	var all []Snapshot
	for _, group := range groups {
		known, err := c.listed(ctx, group)
		if err != nil {
			return nil, err
		}
		all = append(all, known...)
	}
	return all, nil
}

// missing are the disks that the set has no snapshot of yet.
func (c *Client) missing(disks []Disk, name string, known []Snapshot) []Disk {
	var out []Disk
	for _, d := range disks {
		if !slices.ContainsFunc(known, func(s Snapshot) bool { return strings.EqualFold(s.Name, c.nameOf(name, d)) }) {
			out = append(out, d)
		}
	}
	return out
}

// patience is how long the service's refusals for the number of snapshots are
// waited out, and how long one snapshot may take.
const (
	patience   = 2 * window
	completing = 24 * time.Hour
)

// one makes a disk's snapshot of the set, or finds it made, and waits until it is
// whole. The request is the same however often it is sent; after a lost answer it
// is looked for first.
func (c *Client) one(ctx context.Context, d Disk, set string) (Snapshot, error) {
	call := azure.Call{Action: actionTakeSnapshot, What: whatTake, Where: d.Name}
	group, err := c.groupOf(call, d)
	if err != nil {
		return Snapshot{}, err
	}
	name, begun := c.nameOf(set, d), time.Now()
	for {
		found, err := c.get(ctx, call, group, name)
		switch {
		case err == nil:
			return c.whole(ctx, call, d, group, found)
		case engine.KindOf(err) != engine.FailureNotFound:
			return Snapshot{}, err
		}
		effect, sent := azure.Effect(ctx, "")
		asked := call
		asked.Sent = sent
		_, err = c.snapshots.BeginCreateOrUpdate(effect, group, name, c.body(d, set), nil)
		err = explained(asked.Failure(err))
		pause, again := later(err)
		if err != nil && (!again || time.Since(begun) > patience) {
			return Snapshot{}, err
		}
		if err != nil {
			c.notice(Notice{Disk: d.Name, Why: failureOf(err).Why, Until: time.Now().Add(pause)})
		}
		if err := azure.Pause(ctx, pause); err != nil {
			return Snapshot{}, err
		}
	}
}

// later reports whether a refused snapshot may be asked for again, and when. An
// accepted one is looked for at once.
func later(err error) (time.Duration, bool) {
	if err == nil {
		return 0, true
	}
	f := failureOf(err)
	switch {
	case f.Code == codeTooMany || f.Code == codeRate:
		return max(f.Wait, 30*time.Second), true
	case f.Kind == engine.FailureRetryable || f.Kind == engine.FailureUnknown:
		return max(f.Wait, pollEvery), true
	}
	return 0, false
}

func (c *Client) body(d Disk, set string) armcompute.Snapshot {
	p := &armcompute.SnapshotProperties{
		Incremental:  new(true),
		CreationData: &armcompute.CreationData{CreateOption: new(armcompute.DiskCreateOptionCopy), SourceResourceID: &d.ID},
	}
	// What its owner said about the network of the disk holds for its snapshot, too.
	if d.network != "" {
		p.NetworkAccessPolicy = &d.network
	}
	if d.access != "" {
		p.DiskAccessID = &d.access
	}
	return armcompute.Snapshot{
		Location: &d.Location, Properties: p,
		SKU:  &armcompute.SnapshotSKU{Name: new(armcompute.SnapshotStorageAccountTypesStandardLRS)},
		Tags: map[string]*string{TagRun: &c.options.Run, TagSet: &set},
	}
}

// whole waits until a snapshot can be read. One that is not this run's, or not of
// this disk, is refused.
func (c *Client) whole(ctx context.Context, call azure.Call, d Disk, group string, s Snapshot) (Snapshot, error) {
	if s.Run != c.options.Run || !strings.EqualFold(s.Disk, d.ID) {
		return s, engine.Refuse(call.What, call.Where, "a snapshot "+s.Name+" is there and is not this run's", "look at it in the portal")
	}
	for begun := time.Now(); ; {
		switch {
		case strings.EqualFold(s.state, "Failed"):
			return s, engine.Refuse(call.What, call.Where, "Azure made the snapshot "+s.Name+" and says that it failed", "try again")
		case strings.EqualFold(s.state, "Succeeded") && s.complete >= 100:
			return s, nil
		case time.Since(begun) > completing:
			return s, engine.Refuse(call.What, call.Where, "the snapshot "+s.Name+" is still not whole after a day", "look at it in the portal")
		}
		if err := azure.Pause(ctx, pollEvery); err != nil {
			return s, err
		}
		var err error
		if s, err = c.get(ctx, call, group, s.Name); err != nil && engine.KindOf(err) != engine.FailureRetryable {
			return s, err
		}
	}
}

// undo deletes what an unfinished set has, also after the caller has given up.
func (c *Client) undo(ctx context.Context, disks []Disk, set string) error {
	ctx, cancel := tidily(ctx)
	defer cancel()
	var errs []error
	for _, d := range disks {
		call := azure.Call{Action: actionReadSnapshot, What: "delete the snapshots of an unfinished set", Where: d.Name}
		group, err := c.groupOf(call, d)
		if err != nil {
			continue // it has none
		}
		s, err := c.get(ctx, call, group, c.nameOf(set, d))
		if err == nil {
			err = c.remove(ctx, s)
		}
		if err != nil && engine.KindOf(err) != engine.FailureNotFound {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
