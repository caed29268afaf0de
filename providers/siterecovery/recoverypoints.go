package siterecovery

import (
	"cmp"
	"context"
	"slices"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// RecoveryPoints lists an item's recovery points, newest first. One without an id
// can't be asked for and is left out.
func (c *Client) RecoveryPoints(ctx context.Context, id string) ([]engine.RecoveryPoint, error) {
	p, err := placeOf(id)
	if err != nil {
		return nil, err
	}
	wire, err := collect(ctx, c.points.NewListByReplicationProtectedItemsPager(c.group, c.vault, p.fabric, p.container, p.item, nil),
		func(p asr.RecoveryPointsClientListByReplicationProtectedItemsResponse) []*asr.RecoveryPoint {
			return p.Value
		})
	if err != nil {
		return nil, c.call(azure.ActionReadPoints, "list the recovery points", p.item).Failure(err)
	}
	out := make([]engine.RecoveryPoint, 0, len(wire))
	for _, w := range wire {
		if text(w.ID) == "" {
			continue
		}
		point := engine.RecoveryPoint{ID: text(w.ID), Name: text(w.Name)}
		if w.Properties != nil {
			point.Time, point.Kind = clock(w.Properties.RecoveryPointTime), text(w.Properties.RecoveryPointType)
		}
		out = append(out, point)
	}
	slices.SortStableFunc(out, func(a, b engine.RecoveryPoint) int {
		return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}
