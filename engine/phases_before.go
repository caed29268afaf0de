package engine

import "context"

// actCommitFailover commits an earlier failover to Azure. It is the same request as
// the commit of a failback, which deletes a machine: it is sent only where the item
// offers this one.
func actCommitFailover(ctx context.Context, l *leg) error {
	return l.perform(ctx, effect{
		op:   OpCommitFailover,
		look: l.offered("commit the failover to Azure", AllowCommit, failoverCommitted),
		act: func(ctx context.Context, request string) (string, error) {
			it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
			if err != nil {
				return "", err
			}
			if !it.Allows(AllowCommit) || it.Allows(AllowFinalizeFailback) || it.Active != LocationAzure {
				return "", Refuse("commit the failover to Azure", l.item.Name,
					"Site Recovery does not offer it now (state: "+it.stateText()+")", "look at the item, then resume the run")
			}
			return l.r.Ports.Failover.Commit(ctx, it, request)
		},
	})
}

func failoverCommitted(it Item) bool { return it.Allows(AllowFailback) }

func watchCommitFailover(ctx context.Context, l *leg) error {
	if err := l.watchOp(ctx, OpCommitFailover); err != nil {
		return err
	}
	return l.watchItem(ctx, "the commit's job is done, the item does not show it yet", failoverCommitted)
}
