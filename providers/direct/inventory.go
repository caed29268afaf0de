package direct

import (
	"context"
	"slices"

	"failback/engine"
)

// inventory is the vault's, with the jobs of this machine and what they have made of
// items.
type inventory struct{ planned }

// Items implements [engine.Inventory]: the vault's items, and the plan's where no vault
// knows them.
func (i inventory) Items(ctx context.Context) ([]engine.Item, error) {
	items, err := i.o.Vault.Inventory.Items(ctx)
	outside := slices.IndexFunc(i.plan.Items, func(p engine.PlanItem) bool { return !p.OutsideVault() }) < 0
	if err != nil && !outside {
		return nil, err
	}
	for _, p := range i.plan.Items {
		it, err := i.item(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(items, func(o engine.Item) bool { return engine.SameID(o.ID, p.ID) })
		if at >= 0 {
			items[at] = it
			continue
		}
		items = append(items, it)
	}
	return items, nil
}

// Item implements [engine.Inventory].
func (i inventory) Item(ctx context.Context, id string) (engine.Item, error) { return i.item(ctx, id) }

// RecoveryPoints implements [engine.Inventory].
func (i inventory) RecoveryPoints(ctx context.Context, id string) ([]engine.RecoveryPoint, error) {
	if engine.IsMachineID(id) {
		return nil, nil
	}
	return i.o.Vault.Inventory.RecoveryPoints(ctx, id)
}

// Hosts implements [engine.Inventory].
func (i inventory) Hosts(ctx context.Context) ([]engine.Host, error) {
	return i.o.Vault.Inventory.Hosts(ctx)
}

// RecoveryPlans implements [engine.Inventory].
func (i inventory) RecoveryPlans(ctx context.Context) ([]engine.RecoveryPlan, error) {
	return i.o.Vault.Inventory.RecoveryPlans(ctx)
}

// Jobs implements [engine.Inventory]: those of this machine. What Site Recovery does
// meanwhile is nothing that a direct failback waits for.
func (i inventory) Jobs(context.Context) ([]engine.Job, error) {
	return i.jobs(engine.JobFilter{})
}

// Job implements [engine.Inventory]. A job that is unfinished and that nobody drives
// goes on; one that waits for long brings another pass meanwhile.
func (i inventory) Job(_ context.Context, name string) (engine.Job, error) {
	r, err := i.store.load(name)
	if err != nil {
		return engine.Job{}, err
	}
	switch {
	case !r.idle():
		err = i.takeUp(r.Name)
	case i.due(r):
		err = i.refresh(r.Name)
	}
	if err != nil {
		return engine.Job{}, err
	}
	return r.view(), nil
}
