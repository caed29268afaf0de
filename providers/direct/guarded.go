package direct

import (
	"context"

	"failback/engine"
)

// Guarded is the vault's inventory for everybody else: an item that a direct failback
// of this machine works on, or has brought home, offers nothing of Site Recovery's, which
// knows nothing of it and would write to disks that are in use.
func (d *Desk) Guarded() engine.Inventory { return guarded{d.o.Vault.Inventory, d} }

type guarded struct {
	engine.Inventory
	d *Desk
}

// Items implements [engine.Inventory].
func (g guarded) Items(ctx context.Context) ([]engine.Item, error) {
	items, err := g.Inventory.Items(ctx)
	return g.all(ctx, items, err)
}

// Browse implements [engine.Browser], where the vault does.
func (g guarded) Browse(ctx context.Context, came func([]engine.Item)) ([]engine.Item, error) {
	b, ok := g.Inventory.(engine.Browser)
	if !ok {
		return g.Items(ctx)
	}
	items, err := b.Browse(ctx, came)
	return g.all(ctx, items, err)
}

func (g guarded) all(ctx context.Context, items []engine.Item, err error) ([]engine.Item, error) {
	if err != nil || g.d.o.Folder == "" {
		return items, err
	}
	known, err := g.d.store.list()
	if err != nil || len(known) == 0 {
		return items, err
	}
	for i, it := range items {
		if items[i], err = g.held(ctx, it); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// Item implements [engine.Inventory].
func (g guarded) Item(ctx context.Context, id string) (engine.Item, error) {
	it, err := g.Inventory.Item(ctx, id)
	if err != nil || g.d.o.Folder == "" {
		return it, err
	}
	return g.held(ctx, it)
}

// held is an item of the vault as a direct failback leaves it to others.
func (g guarded) held(ctx context.Context, it engine.Item) (engine.Item, error) {
	c, err := g.d.chainOf(it.ID)
	if err != nil || c.failback == nil {
		return it, err
	}
	if c.protect != nil && c.protect.State.Good() {
		return it, nil // from here on the vault knows better
	}
	back, err := planned{Desk: g.d}.wentBack(ctx, c)
	if err != nil || back {
		return it, err
	}
	now, err := planned{Desk: g.d}.item(ctx, it.ID)
	if err != nil {
		return it, err
	}
	it.Allowed, it.Active, it.State = nil, now.Active, now.State
	it.RawState, it.RawDescription = "", now.RawDescription
	it.CurrentJob, it.CurrentScenario = now.CurrentJob, now.CurrentScenario
	return it, nil
}
