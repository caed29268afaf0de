package rules

import (
	"context"

	"failback/engine"
)

// The reads of a check. Each runs on a goroutine of its own, reads the plan and
// the item, which do not change any more, and hands back what to keep.

func (c *inspection) readItem(ctx context.Context) (func(*observation), error) {
	it, err := c.ports.Inventory.Item(ctx, c.o.planned.ID)
	return func(o *observation) { o.item = it }, err
}

func (c *inspection) readHosts(ctx context.Context) (func(*observation), error) {
	hosts, err := c.common.hosts(ctx)
	return func(o *observation) { o.hosts = hosts }, err
}

func (c *inspection) readFacts(ctx context.Context) (func(*observation), error) {
	said, err := c.common.facts(ctx, targetHost(c.o.plan, c.o.item))
	return func(o *observation) { o.facts, o.factsAt = said.facts, said.at }, err
}

func (c *inspection) readReach(ctx context.Context) (func(*observation), error) {
	way, err := c.common.reach(ctx, targetHost(c.o.plan, c.o.item), storageNames(c.o.item))
	return func(o *observation) { o.way = way }, err
}

func (c *inspection) readVM(ctx context.Context) (func(*observation), error) {
	vm, err := c.ports.Hosts.VM(ctx, targetHost(c.o.plan, c.o.item), vmID(c.o.item))
	return func(o *observation) { o.vm = vm }, err
}

func (c *inspection) readNames(ctx context.Context) (func(*observation), error) {
	vms, err := c.common.names(ctx, targetHost(c.o.plan, c.o.item))
	return func(o *observation) { o.names = vms }, err
}

func (c *inspection) readOriginal(ctx context.Context) (func(*observation), error) {
	if c.o.origin() == "" {
		return nil, &engine.Failure{
			Kind: engine.FailureNotFound, What: "find the original host", Where: c.o.item.Name,
			Why: "the vault does not name it",
		}
	}
	vm, err := c.ports.Hosts.VM(ctx, c.o.origin(), vmID(c.o.item))
	return func(o *observation) { o.original = vm }, err
}

func (c *inspection) readPower(ctx context.Context) (func(*observation), error) {
	power, err := c.ports.Azure.Power(ctx, c.o.item.AzureVM)
	return func(o *observation) { o.power = power }, err
}

func (c *inspection) readPoints(ctx context.Context) (func(*observation), error) {
	points, err := c.ports.Inventory.RecoveryPoints(ctx, c.o.item.ID)
	return func(o *observation) { o.points = points }, err
}

func (c *inspection) readDirect(ctx context.Context) (func(*observation), error) {
	if c.ports.Direct == nil {
		return nil, engine.Refuse("look at the disks in Azure", c.o.item.Name, "this connection knows no failback without Site Recovery", "make the plan without direct")
	}
	f, err := c.ports.Direct.Look(ctx, c.o.item)
	return func(o *observation) { o.direct = f }, err
}
