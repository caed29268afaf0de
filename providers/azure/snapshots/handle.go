package snapshots

import (
	"context"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// handle is where a snapshot lies: by itself, or as a disk's part of a restore
// point of its VM.
type handle struct{ group, collection, point, name string }

// handleOf splits the id of a snapshot.
func (c *Client) handleOf(call azure.Call, id string) (handle, error) {
	group, name, err := c.place(call, id)
	h := handle{group: group, name: name}
	if err != nil {
		return h, err
	}
	r, err := arm.ParseResourceID(id)
	if err != nil {
		return h, call.Failure(err)
	}
	switch strings.ToLower(r.ResourceType.String()) {
	case "microsoft.compute/snapshots":
	case "microsoft.compute/restorepointcollections/restorepoints/diskrestorepoints":
		h.point, h.collection = r.Parent.Name, r.Parent.Parent.Name
	case "microsoft.compute/restorepointcollections":
		h.collection, h.name = name, ""
	default:
		return h, engine.Refuse(call.What, call.Where, "the id "+id+" is not that of a snapshot", "copy it from the portal or from az snapshot show")
	}
	return h, nil
}

// look reads what a handle is of.
func (c *Client) look(ctx context.Context, call azure.Call, h handle) (Snapshot, error) {
	switch {
	case h.collection == "":
		return c.get(ctx, call, h.group, h.name)
	case h.point == "":
		return c.emptyPoint(ctx, call, h)
	}
	return c.diskOfPoint(ctx, call, h)
}

// address asks for a signature and returns the address that has it.
func (c *Client) address(ctx context.Context, h handle, seconds int32) (string, error) {
	data := armcompute.GrantAccessData{Access: new(armcompute.AccessLevelRead), DurationInSeconds: &seconds}
	if h.collection != "" {
		granting, err := c.pointDisks.BeginGrantAccess(ctx, h.group, h.collection, h.point, h.name, data, nil)
		if err != nil {
			return "", err
		}
		access, err := granting.PollUntilDone(ctx, polling)
		return value(access.AccessSAS), err
	}
	granting, err := c.snapshots.BeginGrantAccess(ctx, h.group, h.name, data, nil)
	if err != nil {
		return "", err
	}
	access, err := granting.PollUntilDone(ctx, polling)
	return value(access.AccessSAS), err
}

// takeBack ends all access to a snapshot. One that is gone is no error.
func (c *Client) takeBack(ctx context.Context, s Snapshot) error {
	call := azure.Call{Action: actionTakeBack, What: "take back the read access", Where: s.Name}
	h, err := c.handleOf(call, s.ID)
	if err != nil {
		return err
	}
	if h.collection != "" {
		revoking, err := c.pointDisks.BeginRevokeAccess(ctx, h.group, h.collection, h.point, h.name, nil)
		if err == nil {
			_, err = revoking.PollUntilDone(ctx, polling)
		}
		return unlessGone(explained(call.Failure(err)))
	}
	revoking, err := c.snapshots.BeginRevokeAccess(ctx, h.group, h.name, nil)
	if err == nil {
		_, err = revoking.PollUntilDone(ctx, polling)
	}
	return unlessGone(explained(call.Failure(err)))
}

// erase deletes a snapshot, or the restore point that it is a part of with all of
// its parts. One that is gone is no error.
func (c *Client) erase(ctx context.Context, s Snapshot) error {
	call := azure.Call{Action: actionDeleteSnapshot, What: "delete the snapshot", Where: s.Name}
	h, err := c.handleOf(call, s.ID)
	if err != nil {
		return err
	}
	if h.collection != "" {
		call.Action = actionDeletePoint
		deleting, err := c.collections.BeginDelete(ctx, h.group, h.collection, nil)
		if err == nil {
			_, err = deleting.PollUntilDone(ctx, polling)
		}
		return unlessGone(explained(call.Failure(err)))
	}
	deleting, err := c.snapshots.BeginDelete(ctx, h.group, h.name, nil)
	if err == nil {
		_, err = deleting.PollUntilDone(ctx, polling)
	}
	return unlessGone(explained(call.Failure(err)))
}

func unlessGone(err error) error {
	if engine.KindOf(err) == engine.FailureNotFound {
		return nil
	}
	return err
}
