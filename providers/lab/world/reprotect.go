package world

import (
	"context"
	"time"

	"failback/engine/transfer"
	"failback/providers/lab/estate"
)

// reprotectScript enables replication to Azure again.
func reprotectScript(t estate.Times) []step {
	return []step{
		{task: "CreateProtectionTarget", time: t.Protect, do: checkProtect},
		{task: "EnableProtection", time: t.Protect},
		{task: "VmStartInitialReplication", time: t.Protect / 2, do: startReplication},
	}
}

func checkProtect(_ context.Context, r *run) error {
	_, it := r.look()
	if err := r.reach(estate.AtProtecting, it.Name, it.Host); err != nil {
		return err
	}
	if err := r.trouble(estate.AtProtecting, it.Name, it.Host); err != nil {
		return err
	}
	return r.needHost(it.Host)
}

// startReplication leaves the rest to the job that the service adds on its own.
func startReplication(_ context.Context, r *run) error {
	var name string
	err := r.edit(func(s *State, j *Job, it *Item) {
		c := s.addJob(KindIrCompletion, j.Activity)
		c.Item = it.Name
		name = c.Name
	})
	if err == nil {
		r.launch(name)
	}
	return err
}

// irCompletionScript ends the initial replication: what changed since the
// Azure VM stopped is sent.
func irCompletionScript(t estate.Times) []step {
	return []step{
		{task: "CompleteInitialReplication", time: t.Protect, do: sendChanges},
		{task: "FailWorkflowOnIRFailureTask", time: time.Second},
		{task: "ReplicaConfiguration", time: t.Protect, do: configured},
		{task: "UpdateDraState", time: t.Protect / 4, do: protectedAgain},
	}
}

// sendChanges reads what the on-premises disks hold now and sends it. The
// replica itself is not kept: a later failover sends the disks as they are then.
func sendChanges(ctx context.Context, r *run) error {
	_, it := r.look()
	bytes, err := r.changedSinceHome(ctx, &it)
	if err != nil {
		return err
	}
	rates := estate.Rates{}
	r.Read(func(s *State) { rates = s.Rates })
	p := r.paced(int64(rates.Link))
	for sent := int64(0); sent < bytes; {
		n := min(piece, bytes-sent)
		sent += n
		if err := p.upTo(ctx, sent); err != nil {
			return err
		}
		r.count(it.Host, n)
	}
	return r.edit(func(_ *State, _ *Job, it *Item) { it.Protection, it.Inner = InitialWaiting, InitialWaiting })
}

// count adds to what the agent of a host has read from its own disks.
func (w *World) count(host string, read int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if h := w.state.Host(host); h != nil {
		h.Read += read
	}
}

// changedSinceHome is how much of the disks the guest has written since the
// last synchronisation; everything, where that is not known or the fault of a
// full resynchronisation strikes.
func (r *run) changedSinceHome(ctx context.Context, it *Item) (int64, error) {
	vm, err := r.homeVM(it.Host, it)
	if err != nil {
		return 0, err
	}
	whole := r.strike(estate.AtProtecting, it.Name, it.Host, estate.FullResync) != nil
	disks, err := r.homeDisks(*it, vm)
	if err != nil {
		return 0, err
	}
	defer func() { _ = closeDisks(disks) }()
	var total int64
	for i, d := range disks {
		n, err := r.bytesChanged(ctx, d, vm.rel(i), whole)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

func (w *World) bytesChanged(ctx context.Context, d homeDisk, rel string, whole bool) (int64, error) {
	then, err := w.readBlockMap(rel)
	if err != nil {
		return 0, err
	}
	extents, err := d.source().Extents(ctx)
	if err != nil {
		return 0, err
	}
	if whole || then == nil {
		var n int64
		for _, e := range transfer.Normalize(extents) {
			n += e.Len
		}
		return n, nil
	}
	current, err := mapBlocks(ctx, d.source())
	if err != nil {
		return 0, err
	}
	return then.differs(current) * mapBlock, nil
}

func configured(_ context.Context, r *run) error {
	return r.edit(func(_ *State, j *Job, it *Item) {
		it.Protection, it.Inner = Protected, "ReplicaConfigurationInProgress"
		it.Scenario = Scenario{Name: "EnableProtection", Job: j.Name, Started: j.Started}
	})
}

func protectedAgain(_ context.Context, r *run) error {
	return r.edit(func(s *State, _ *Job, it *Item) {
		it.Inner, it.Scenario, it.Replicated = Protected, Scenario{}, now()
		it.Points = nil // those of the time before the failback are gone
		s.addPoint(it)
	})
}
