package snapshots

import (
	"context"
	"errors"
	"slices"
	"strings"

	"failback/engine"
	"failback/providers/azure"
)

// Delete takes back access to the snapshots of a set and deletes them. Those that
// are gone already are no error; those that this run did not make are refused, and
// the others are deleted all the same.
func (c *Client) Delete(ctx context.Context, set Set) error {
	var errs []error
	for _, s := range set.Snapshots {
		if s.Run != c.options.Run {
			errs = append(errs, engine.Refuse("delete the snapshot", s.Name, "this run did not make it", "delete it in the portal where it is not needed"))
			continue
		}
		errs = append(errs, c.Remove(ctx, s))
	}
	return errors.Join(errs...)
}

// Leftovers are the snapshots in the groups that some run of this program made.
// Which runs still need theirs, the caller knows.
func (c *Client) Leftovers(ctx context.Context, groups ...string) ([]Snapshot, error) {
	var out []Snapshot
	for _, group := range groups {
		all, err := c.listed(ctx, group)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if s.ours() {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b Snapshot) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Remove deletes one snapshot that a run of this program made: what it is now is
// looked at first, and has to be the very one that was found. One that is gone
// already is no error.
func (c *Client) Remove(ctx context.Context, s Snapshot) error {
	now, err := c.Find(ctx, s.ID)
	if engine.KindOf(err) == engine.FailureNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if now.Unique != s.Unique || now.Run != s.Run {
		return engine.Refuse("delete the snapshot", s.Name, "another snapshot has that name by now", "look at it in the portal")
	}
	return c.remove(ctx, now)
}

// remove deletes a snapshot that was just read.
func (c *Client) remove(ctx context.Context, s Snapshot) error {
	call := azure.Call{Action: actionDeleteSnapshot, What: "delete the snapshot", Where: s.Name}
	if !s.ours() {
		return engine.Refuse(call.What, call.Where, "no run of this program made it", "delete it in the portal where it is not needed")
	}
	if s.Lent {
		if err := c.takeBack(ctx, s); err != nil {
			return err
		}
	}
	group, name, err := c.place(call, s.ID)
	if err != nil {
		return err
	}
	deleting, err := c.snapshots.BeginDelete(ctx, group, name, nil)
	if err == nil {
		_, err = deleting.PollUntilDone(ctx, polling)
	}
	if err = explained(call.Failure(err)); engine.KindOf(err) == engine.FailureNotFound {
		return nil
	}
	return err
}

// takeBack ends all access to a snapshot.
func (c *Client) takeBack(ctx context.Context, s Snapshot) error {
	call := azure.Call{Action: actionTakeBack, What: "take back the read access", Where: s.Name}
	group, name, err := c.place(call, s.ID)
	if err != nil {
		return err
	}
	revoking, err := c.snapshots.BeginRevokeAccess(ctx, group, name, nil)
	if err == nil {
		_, err = revoking.PollUntilDone(ctx, polling)
	}
	if err = explained(call.Failure(err)); engine.KindOf(err) == engine.FailureNotFound {
		return nil
	}
	return err
}
