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

// Leftovers are the snapshots in the groups that some run of this program made,
// restore points as a whole. Which runs still need theirs, the caller knows. With
// an error comes what was found before it.
func (c *Client) Leftovers(ctx context.Context, groups ...string) ([]Snapshot, error) {
	var out []Snapshot
	for _, group := range groups {
		all, err := c.listed(ctx, group)
		if err != nil {
			return out, err
		}
		for _, s := range all {
			if s.ours() {
				out = append(out, s)
			}
		}
		points, err := c.collected(ctx, group)
		if err != nil {
			return out, err
		}
		out = append(out, points...)
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
	if !s.ours() {
		return engine.Refuse("delete the snapshot", s.Name, "no run of this program made it", "delete it in the portal where it is not needed")
	}
	call := azure.Call{Action: actionReadPoint, What: "delete the snapshot", Where: s.Name}
	h, err := c.handleOf(call, s.ID)
	if err != nil {
		return err
	}
	lent := []Snapshot{s}
	switch {
	case h.collection != "":
		// Whether its parts are lent is not told: access to all of them is taken back.
		h.point = s.Set
		lent, err = c.partsNow(ctx, call, h)
		if unlessGone(err) != nil {
			return err
		}
	case !s.Lent:
		lent = nil
	}
	for _, part := range lent {
		if err := c.takeBack(ctx, part); err != nil {
			return err
		}
	}
	return c.erase(ctx, s)
}
