package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
)

// latestPoint is what --recovery-point says for the newest state of all.
const latestPoint = "latest"

// checkPoint reads what can be read of --recovery-point without a vault.
func (o *planOptions) checkPoint() error {
	switch {
	case o.point == "" || o.point == latestPoint:
		return nil
	case o.direction != string(engine.ToAzure):
		return engine.Usagef("leave it out, or give --direction to-azure", "--recovery-point is for on-premises → Azure: a failback brings home what is in Azure now")
	case o.recoveryPlan != "" && !slices.Contains(engine.PlanPoints, engine.PlanPoint(o.point)):
		return engine.Usagef("write latest, latest-application-consistent or latest-processed", "--recovery-point %q: a recovery plan takes a kind of point, which each of its items has", o.point)
	case o.recoveryPlan != "" && o.each:
		return engine.Usagef("leave --each out, or name the items with --item", "--recovery-point %s is for the recovery plan's own job", o.point)
	case o.recoveryPlan != "":
		return nil
	}
	if _, err := time.Parse(time.RFC3339, o.point); err == nil || len(o.items) == 1 {
		return nil
	}
	return engine.Usagef("write latest or a time, such as 2026-11-23T22:00:00+01:00", "--recovery-point %q names a point of one item, and %d items are named", o.point, len(o.items))
}

// choosePoints resolves --recovery-point for each item of the plan.
func (o *planOptions) choosePoints(ctx context.Context, s *session, items []engine.PlanItem) error {
	if o.point == "" || o.point == latestPoint || o.recoveryPlan != "" {
		return nil
	}
	for i, it := range items {
		points, err := s.conn.Ports.Inventory.RecoveryPoints(ctx, it.ID)
		if err != nil {
			return err
		}
		p, err := findPoint(o.point, it.Name, points)
		if err != nil {
			return err
		}
		items[i].RecoveryPoint, items[i].RecoveryPointTime = p.ID, p.Time
	}
	return nil
}

// findPoint finds a point by its id or name, or the newest that is not later than
// a time. points are newest first.
func findPoint(typed, item string, points []engine.RecoveryPoint) (engine.RecoveryPoint, error) {
	for _, p := range points {
		if engine.SameID(p.ID, typed) || strings.EqualFold(p.Name, typed) {
			return p, nil
		}
	}
	lists := "failback recovery-points --item " + shellWord(item) + " lists them"
	at, err := time.Parse(time.RFC3339, typed)
	if err != nil {
		return engine.RecoveryPoint{}, engine.Usagef(lists+"; or write latest, or a time such as 2026-11-23T22:00:00+01:00", "%s has no recovery point %q", item, typed)
	}
	for _, p := range points {
		if !p.Time.IsZero() && !p.Time.After(at) {
			return p, nil
		}
	}
	return engine.RecoveryPoint{}, engine.Usagef(lists, "%s has no recovery point of %s or before", item, typed)
}

// commitFirst lets the run commit the earlier failover of those items that wait for
// nothing else.
func (o *planOptions) commitFirst(planned []engine.PlanItem, items []engine.Item) {
	if !o.commitFailover {
		return
	}
	for i, p := range planned {
		for _, it := range items {
			if engine.SameID(it.ID, p.ID) {
				planned[i].CommitFailover = it.Ready(engine.Direction(o.direction)).CommitFirst
			}
		}
	}
}

func (a *app) recoveryPointsCommand() *cobra.Command {
	var item string
	cmd := &cobra.Command{
		Use:   "recovery-points --item NAME",
		Short: "List an item's recovery points, newest first",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if item == "" {
				return engine.Usagef("name it with --item; failback items lists them", "no item is named")
			}
			points, err := a.listPoints(cmd.Context(), item)
			if err != nil {
				return err
			}
			return show(a, points, a.pointTable(points))
		},
	}
	cmd.Flags().StringVar(&item, "item", "", "`NAME` of the item")
	return cmd
}

func (a *app) listPoints(ctx context.Context, name string) ([]engine.RecoveryPoint, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close(a)
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	it, err := findItem(name, items)
	if err != nil {
		return nil, err
	}
	return s.conn.Ports.Inventory.RecoveryPoints(ctx, it.ID)
}

func (a *app) pointTable(points []engine.RecoveryPoint) table {
	t := table{heads: []string{"TIME", "KIND", "NAME"}, none: "the item has no recovery points; one that runs in Azure has none once its failover is committed"}
	for _, p := range points {
		t.rows = append(t.rows, []string{a.when(p.Time), p.Kind, p.Name})
	}
	return t
}
