package snapshots

import (
	"context"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// TagUntil says until which day a snapshot is kept, as RFC 3339. Nothing deletes it
// then by itself.
const TagUntil = "failback-keep-until"

// Keep tags a snapshot of any run of this program with until when it is kept. It may be
// repeated. What another one became of that name is refused.
func (c *Client) Keep(ctx context.Context, s Snapshot, until time.Time) error {
	call := azure.Call{Action: actionTakeSnapshot, What: "tag the snapshot", Where: s.Name}
	now, err := c.Find(ctx, s.ID)
	if err != nil {
		return err
	}
	if now.Unique != s.Unique || !now.ours() {
		return engine.Refuse(call.What, s.Name, "another snapshot has that name by now", "look at it in the portal")
	}
	group, name, err := c.place(call, s.ID)
	if err != nil {
		return err
	}
	run, set, day := now.Run, now.Set, until.UTC().Format(time.RFC3339)
	effect, sent := azure.Effect(ctx, "")
	call.Sent = sent
	p, err := c.snapshots.BeginUpdate(effect, group, name, armcompute.SnapshotUpdate{Tags: map[string]*string{TagRun: &run, TagSet: &set, TagUntil: &day}}, nil)
	if err == nil {
		_, err = p.PollUntilDone(ctx, nil)
	}
	return explained(call.Failure(err))
}
