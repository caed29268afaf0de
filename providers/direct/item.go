package direct

import (
	"context"
	"errors"
	"strings"

	"failback/engine"
)

// chain is what this machine has done with an item: a failback, and what came after it.
type chain struct{ failback, commit, protect *record }

// chainOf finds the failback of an item that counts: the newest, where it runs, waits,
// or has made the VM run at home. Where a newer one was begun, those before it are
// history, whatever became of it: what they brought home is older than what Azure has.
func (d *Desk) chainOf(id string) (chain, error) {
	all, err := d.store.list()
	if err != nil {
		return chain{}, err
	}
	var c chain
	for _, r := range all {
		if r.Scenario != engine.ScenarioFailback || !r.sameAs(id) {
			continue
		}
		if !r.ended() || r.Failback.AtHome && r.State != engine.JobCancelled {
			c.failback = r
		}
		break
	}
	if c.failback == nil {
		return c, nil
	}
	for _, r := range all {
		switch {
		case r.Of != c.failback.Name:
		case r.Scenario == engine.ScenarioFinalizeFailback && c.commit == nil:
			c.commit = r
		case r.Scenario == engine.ScenarioReprotect && c.protect == nil:
			c.protect = r
		}
	}
	return c, nil
}

// rest is what is left of the list of a commit that has begun to delete and not ended
// well; nil where there is none.
func (c chain) rest() []engine.AzureThing {
	if c.commit == nil || c.commit.State.Good() || c.commit.Gone == 0 {
		return nil
	}
	return c.commit.Things[c.commit.Gone:]
}

func (c chain) committed() bool { return c.commit != nil && c.commit.State.Good() }

// item is an item as a direct failback of it stands.
func (w planned) item(ctx context.Context, id string) (engine.Item, error) {
	c, err := w.chainOf(id)
	if err != nil {
		return engine.Item{}, err
	}
	if c.failback == nil {
		return w.inAzure(ctx, id)
	}
	if back, err := w.wentBack(ctx, c); err != nil || back {
		it, inErr := w.inAzure(ctx, id)
		if !c.committed() && err == nil && inErr == nil {
			// It can be brought home once more, and the run that has done so is told when it
			// commits that the machine is in use.
			it.Allowed = append(it.Allowed, engine.AllowFinalizeFailback)
		}
		return it, errors.Join(err, inErr)
	}
	it := c.failback.Item
	it.Allowed, it.CurrentJob, it.CurrentScenario, it.RawState = nil, "", "", ""
	if f := c.failback.Failback; f.AtHome {
		it.HyperVID, it.Active = f.VM, engine.LocationOnPremises
	}
	working := func(r *record) bool {
		if r == nil || r.ended() {
			return false
		}
		it.CurrentJob, it.CurrentScenario = r.Name, r.Scenario
		return true
	}
	switch {
	case working(c.failback):
		it.State, it.RawDescription = engine.ItemFailingBack, "Direct failback under way"
		it.Active = engine.LocationAzure
	case !c.committed():
		it.State, it.RawDescription = engine.ItemFailbackCommitPending, "Direct failback not committed"
		if !working(c.commit) {
			it.Allowed = []string{engine.AllowFinalizeFailback}
		}
	case c.protect == nil || c.protect.ended() && !c.protect.State.Good():
		it.State, it.RawDescription = engine.ItemFailbackCommitted, "Direct failback committed, not protected"
		it.Allowed = []string{engine.AllowReverseReplicate}
	default:
		working(c.protect)
		return w.protectedAgain(ctx, it)
	}
	return it, nil
}

// wentBack reports whether the machine is in use in Azure since the failback: it was
// started there again, or, where its Azure copy was deleted, there is a new one.
func (w planned) wentBack(ctx context.Context, c chain) (bool, error) {
	if !c.failback.ended() || c.commit != nil && !c.committed() && (!c.commit.ended() || c.commit.Gone > 0) {
		return false, nil // it is on its way, or half deleted
	}
	p, err := w.o.Vault.Azure.Power(ctx, c.failback.Item.AzureVM)
	if err != nil {
		return false, err
	}
	if c.committed() {
		return p != engine.PowerDeleted, nil
	}
	return p == engine.PowerRunning || p == engine.PowerStarting, nil
}

// inAzure is an item that nothing was done with: the vault's, or the Azure VM itself.
// The failback is offered where the machine is in Azure and nothing works on it.
func (w planned) inAzure(ctx context.Context, id string) (engine.Item, error) {
	var it engine.Item
	var err error
	if engine.IsMachineID(id) {
		it, err = w.machine(ctx, id)
	} else {
		it, err = w.o.Vault.Inventory.Item(ctx, id)
	}
	if err != nil || it.Active != engine.LocationAzure {
		return it, err
	}
	disks, err := w.disksOf(ctx, strings.ToLower(it.ID), it.AzureVM)
	if err != nil {
		return it, err
	}
	it.Disks = nil
	for _, d := range disks {
		it.Disks = append(it.Disks, diskOf(d))
	}
	it.Allowed = nil
	if it.CurrentJob == "" {
		it.Allowed = []string{engine.AllowFailback}
	}
	return it, nil
}

// machine is an Azure VM that no vault knows, as an item.
func (w planned) machine(ctx context.Context, id string) (engine.Item, error) {
	vm := vmOf(id)
	m, err := w.o.Azure.Machine(ctx, vm)
	if err != nil {
		return engine.Item{}, err
	}
	it := engine.Item{
		ID: id, Name: vm.Name, VMID: strings.ToLower(id), Active: engine.LocationAzure, AzureVM: vm, OS: m.OS,
		State: engine.ItemFailedOver, RawDescription: "An Azure VM that no vault replicates",
	}
	for _, p := range w.plan.Items {
		if engine.SameID(p.ID, id) {
			it.Name, it.HostName = p.Name, p.Host
		}
	}
	return it, nil
}

func vmOf(id string) engine.AzureVMRef {
	parts := strings.Split(strings.Trim(id, "/"), "/")
	return engine.AzureVMRef{Subscription: parts[1], ResourceGroup: parts[3], Name: parts[7]}
}

// protectedAgain is what the vault says of the machine since protection was asked for:
// only what it shows counts. Protection that is enabled afresh is another item of the
// same machine.
func (w planned) protectedAgain(ctx context.Context, it engine.Item) (engine.Item, error) {
	it.State, it.RawDescription = engine.ItemReverseReplicating, "Protection asked for, not seen yet"
	items, err := w.o.Vault.Inventory.Items(ctx)
	if err != nil {
		return it, err
	}
	for _, now := range items {
		if !strings.EqualFold(now.HyperVID, it.HyperVID) || now.Active != engine.LocationOnPremises {
			continue
		}
		now.ID, now.Name = it.ID, it.Name // the run knows it by these
		return now, nil
	}
	return it, nil
}
