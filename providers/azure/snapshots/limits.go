package snapshots

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"failback/engine"
	"failback/providers/azure"
)

// The limits of the service: Azure's documentation of incremental snapshots.
const (
	mostInWindow = 7
	window       = 5 * time.Minute
	mostOfDisk   = 500
	mostLent     = 5 // of a family
)

// The codes of refusals. The first was seen in the field; the other is inferred.
const (
	codeTooMany = "SnapshotsLimitReached"
	codeRate    = "SnapshotRateLimitReached"
)

// turn is when a disk may have its next snapshot. A disk that may have none any
// more is refused. Snapshots that were deleted meanwhile count for the service and
// are not seen here: the service's own refusal is waited out as well.
func turn(d Disk, known []Snapshot) (time.Time, error) {
	var taken []time.Time
	for _, s := range known {
		if strings.EqualFold(s.Disk, d.ID) {
			taken = append(taken, s.Taken)
		}
	}
	if len(taken) >= mostOfDisk {
		return time.Time{}, engine.Refuse("take a snapshot", d.Name, "the disk has "+strconv.Itoa(len(taken))+" incremental snapshots, and may have "+strconv.Itoa(mostOfDisk),
			"delete snapshots of the disk that nobody needs, then try again")
	}
	if len(taken) < mostInWindow {
		return time.Time{}, nil
	}
	slices.SortFunc(taken, func(a, b time.Time) int { return b.Compare(a) })
	return taken[mostInWindow-1].Add(window), nil
}

// await waits until all disks may have a snapshot, and says so.
func (c *Client) await(ctx context.Context, disks []Disk, known []Snapshot) error {
	var until time.Time
	for _, d := range disks {
		at, err := turn(d, known)
		if err != nil {
			return err
		}
		if time.Until(at) > 0 {
			c.notice(Notice{Disk: d.Name, Why: "the disk has had seven snapshots in five minutes, as many as Azure takes", Until: at})
		}
		if at.After(until) {
			until = at
		}
	}
	return azure.Pause(ctx, time.Until(until))
}

// spare refuses a snapshot of a family of which others read as many as may be.
func (c *Client) spare(ctx context.Context, s Snapshot) error {
	group, _, err := c.place(azure.Call{What: whatLend, Where: s.Name}, s.ID)
	if err != nil {
		return err
	}
	all, err := c.listed(ctx, group)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, other := range all {
		if other.Family == s.Family && other.Lent && other.ID != s.ID && !c.lent[other.ID] {
			names = append(names, other.Name)
		}
	}
	if len(names) < mostLent {
		return nil
	}
	return engine.Refuse(whatLend, s.Name, "five snapshots of the disk are being read already, as many as Azure lends at once: "+strings.Join(names, ", "),
		"end the access to one of them with az snapshot revoke-access, or wait until it ends")
}

// borrow takes one of the places that a family has, waiting for one where they
// are all taken by this program.
func (c *Client) borrow(ctx context.Context, s Snapshot) (release func(), err error) {
	c.mu.Lock()
	if c.lent[s.ID] {
		c.mu.Unlock()
		return nil, engine.Refuse("open read access", s.Name, "the snapshot is being read already", "close that access first")
	}
	c.lent[s.ID] = true
	slots := c.slots[s.Family]
	if slots == nil {
		slots = make(chan struct{}, mostLent)
		c.slots[s.Family] = slots
	}
	c.mu.Unlock()
	forget := func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.lent, s.ID)
	}
	select {
	case slots <- struct{}{}:
	default:
		c.notice(Notice{Disk: s.Name, Why: "five snapshots of the disk are being read, as many as Azure lends at once"})
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			forget()
			return nil, ctx.Err()
		}
	}
	return func() {
		forget()
		<-slots
	}, nil
}
