package siterecovery

import (
	"context"
	"fmt"
	"strings"
	"time"

	"failback/engine"
)

// markDamaged sets the damage of every item that may have some: Site Recovery
// writes into the on-premises disks in place, so a failback that ended badly
// after its synchronisation began leaves them half-written. The service has no
// word for that; only the history of jobs tells.
func (c *Client) markDamaged(ctx context.Context, items []engine.Item) error {
	var jobs []engine.Job
	listed := false // an empty history is one, too
	for i := range items {
		it := &items[i]
		if it.OutOfScope != "" || !it.Allows(engine.AllowFailback) {
			continue
		}
		if !listed {
			var err error
			if jobs, err = c.Jobs(ctx); err != nil {
				return err
			}
			listed = true
		}
		damage, err := c.damage(ctx, *it, jobs)
		if err != nil {
			return err
		}
		it.Damaged = damage
	}
	return nil
}

// damage walks the item's failovers from the newest back. A good one ends the
// walk: were it a failback, the item would not offer another; were it a
// failover, the machine was whole on-premises before it. So does any failover
// towards Azure. A failback that ended before it wrote proves nothing, and neither
// does one stage of a recovery plan's failback that went well: there the plan's
// own job tells.
func (c *Client) damage(ctx context.Context, it engine.Item, jobs []engine.Job) (*engine.Damage, error) {
	for _, thin := range jobs {
		if ofPlan(thin) && thin.State.Ended() {
			d, whole, err := c.planDamage(ctx, it, thin)
			if d != nil || whole || err != nil {
				return d, err
			}
			continue
		}
		if !moves(thin, it.VMID) {
			continue
		}
		if thin.State.Good() && thin.Scenario == engine.ScenarioFailback {
			continue
		}
		if thin.State.Good() {
			return nil, nil
		}
		if !thin.State.Ended() {
			continue
		}
		j, err := c.endedJob(ctx, thin.Name)
		switch {
		case engine.KindOf(err) == engine.FailureNotFound:
			continue // removed from the history while it was read
		case err != nil:
			return nil, err
		case j.SyncBegan(): // only a failback has such tasks, whatever else the job says of itself
			return &engine.Damage{Since: lastTime(j), Job: j.Name, Reason: fmt.Sprintf(
				"the last failback ended as %q after its data synchronisation had begun: the on-premises disks are half-written", j.State)}, nil
		case !j.FromAzure && j.Scenario != engine.ScenarioFailback:
			return nil, nil
		}
	}
	return nil, nil
}

// ofPlan reports whether the job is a failover of a whole recovery plan.
func ofPlan(j engine.Job) bool {
	return j.TargetType == engine.TargetRecoveryPlan && (j.Scenario == engine.ScenarioFailback || j.Scenario == engine.ScenarioPlannedFailover)
}

// planDamage tells from a recovery plan's ended job how it left the VM: damaged,
// whole, or, where neither is true, untouched.
func (c *Client) planDamage(ctx context.Context, it engine.Item, thin engine.Job) (*engine.Damage, bool, error) {
	j, err := c.endedJob(ctx, thin.Name)
	if engine.KindOf(err) == engine.FailureNotFound {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if _, ok := j.StageOf(engine.GroupFailover, it.VMID); !ok {
		return nil, false, nil // not one of its VMs
	}
	if !j.FromAzure && j.Scenario != engine.ScenarioFailback || j.StageDone(engine.GroupFailover, it.VMID) {
		return nil, true, nil
	}
	if !j.StageBegun(engine.GroupDataSync, it.VMID) && !j.StageBegun(engine.GroupFailover, it.VMID) {
		return nil, false, nil
	}
	return &engine.Damage{Since: lastTime(j), Job: j.Name, Reason: fmt.Sprintf(
		"the last failback of recovery plan %s ended as %q after the data synchronisation of this VM had begun: the on-premises disks are half-written", j.TargetName, j.State)}, false, nil
}

// lastTime is when the job was last heard of.
func lastTime(j engine.Job) time.Time {
	if j.Ended.IsZero() {
		return j.Started
	}
	return j.Ended
}

// moves reports whether the job is a failover of the VM, in either direction.
func moves(j engine.Job, vmID string) bool {
	if vmID == "" || !strings.EqualFold(j.TargetID, vmID) {
		return false
	}
	switch j.Scenario {
	case engine.ScenarioPlannedFailover, engine.ScenarioFailback, engine.ScenarioUnplannedFailover:
		return true
	}
	return false
}

// endedJob reads a job that will not change any more, once.
func (c *Client) endedJob(ctx context.Context, name string) (engine.Job, error) {
	c.mu.Lock()
	j, ok := c.ended[name]
	c.mu.Unlock()
	if ok {
		return j, nil
	}
	j, err := c.Job(ctx, name)
	if err == nil && j.State.Ended() {
		c.mu.Lock()
		c.ended[name] = j
		c.mu.Unlock()
	}
	return j, err
}
