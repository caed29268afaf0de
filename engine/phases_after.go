package engine

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// watchVerify proves the boot, then compares the disks. Downtime ends with the
// proven boot, not with the comparison.
func watchVerify(ctx context.Context, l *leg) error {
	boot, err := l.proveBoot(ctx)
	if err != nil {
		return err
	}
	if err := l.emit(boot); err != nil {
		return err
	}
	if boot.Result == BootFailed {
		return &Failure{Kind: FailureBoot, What: "verify the boot", Where: l.item.Name + " on " + l.host(),
			Why:    fmt.Sprintf("the VM does not boot: state %s, heartbeat %s (%s)", boot.State, boot.Heartbeat, boot.Missing()),
			Remedy: "look at the VM's console; the Azure copy is stopped and whole. Mend the VM and resume the run, or do not commit and start the Azure VM again in the portal"}
	}
	if err := l.proveDisks(ctx); err != nil {
		return err
	}
	if boot.Result == BootNotProven {
		if err := l.acceptUnproven(boot); err != nil {
			return err
		}
	}
	if err := l.liftDamage(ctx); err != nil || !l.joint() {
		return err
	}
	return l.awaitPlanEnd(ctx)
}

// acceptUnproven lets a running VM without proof of its boot go on to the commit
// gate, where a person has to answer with a reason. Policy can't: a run that relies
// on it stops here first, and opens that gate once somebody has resumed it.
func (l *leg) acceptUnproven(b BootChecked) error {
	if !l.plan().MayAnswer(GateCommit) || l.state().Phases[PhaseVerify].Failed > 0 || l.r.Answered != nil && l.r.Answered(l.item.Name, GateCommit) {
		return nil
	}
	return &Failure{Kind: FailureBoot, What: "verify the boot", Where: l.item.Name + " on " + l.host(),
		Why:    "the VM runs, but its boot is not proven: " + b.Missing(),
		Remedy: "policy must not accept this: look at the VM's console and mend what is wrong, then resume the run. It looks again; a boot that is still not proven can be accepted at the commit gate, by a person with a reason. The Azure copy is stopped and whole"}
}

// proveDisks compares each disk as the last synchronisation left it with the
// stopped Azure disk, whole. Where a side can't be read, nothing is claimed.
func (l *leg) proveDisks(ctx context.Context) error {
	it, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	targets := map[string]DiskSum{}
	missing := ""
	vm, err := l.findVM(ctx)
	if err == nil {
		var sums []DiskSum
		sums, err = l.r.Ports.Hosts.DiskSums(ctx, l.host(), vm.ID)
		for _, s := range sums {
			targets[s.Disk] = s
		}
	}
	if err != nil {
		missing = "on-premises: " + unreadable(err)
	}
	for _, d := range it.Disks {
		proof := l.proveDisk(ctx, d, targets, missing)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := l.emit(proof); err != nil {
			return err
		}
		if proof.Missing == "" && !proof.Equal {
			return l.different(ctx, proof)
		}
	}
	return nil
}

func (l *leg) proveDisk(ctx context.Context, d Disk, targets map[string]DiskSum, missing string) DiskProved {
	p := DiskProved{Disk: d.Name, Bytes: d.Bytes, Missing: missing}
	target, ok := targets[d.Name]
	if p.Missing == "" && !ok {
		p.Missing = "on-premises: the mover left no checksum for this disk"
	}
	if p.Missing != "" {
		return p
	}
	p.Target = target.SHA256
	source, err := l.r.Ports.Azure.DiskSum(ctx, d, nil)
	if err != nil {
		p.Missing = "Azure: " + unreadable(err)
		return p
	}
	p.Source = source.SHA256
	p.Equal = source.SHA256 != "" && source.SHA256 == target.SHA256
	return p
}

// unreadable is why a side could not be read, without what was done and to which
// disk: the proof says both already, and one reason for all disks reads as one.
func unreadable(err error) string {
	f := AsFailure(err, "", "")
	switch {
	case f.Why == "":
		return f.Error()
	case f.Code != "":
		return f.Code + ": " + f.Why
	}
	return f.Why
}

// different stops the leg: data was lost on the way. The VM runs on wrong data.
func (l *leg) different(ctx context.Context, p DiskProved) error {
	if err := l.markDamaged(ctx, "disk "+p.Disk+" differs from the Azure disk"); err != nil {
		return err
	}
	remedy := "do not commit: that deletes the only whole copy. Shut the on-premises VM down and start the Azure VM in the portal. "
	if l.direct() {
		remedy += "Nothing of Site Recovery waits for this: a new failback may be run"
	} else {
		remedy += "Site Recovery takes no new failback while this one waits for its commit: ask Microsoft's support how to take it back"
	}
	return &Failure{Kind: FailureUnsafe, What: "compare the disks", Where: l.item.Name + ", disk " + p.Disk,
		Why: fmt.Sprintf("on-premises sha256 %s, Azure sha256 %s", p.Target, p.Source), Remedy: remedy}
}

// liftDamage ends the damage after a complete, verified synchronisation, this
// run's or an earlier one's.
func (l *leg) liftDamage(ctx context.Context) error {
	if s := l.state(); s.Damage != nil {
		if !s.provedEqual() {
			return l.note("warn", "the on-premises VM stays marked damaged: its disks could not be compared with the Azure disks")
		}
		if err := l.emit(DamageCleared{}); err != nil {
			return err
		}
	}
	vm, err := patient(ctx, l, "look at the VM on "+l.host(), l.findVM)
	if err != nil {
		return err
	}
	return l.liftGuard(ctx, vm)
}

// offered looks for an operation on the item: begun by the request, done already by
// whomever, or still on offer. An item that shows none of the three is asked again.
func (l *leg) offered(what, want string, done func(Item) bool) func(context.Context, string) (string, sight, error) {
	return func(ctx context.Context, request string) (string, sight, error) {
		if j, ok, err := l.jobByRequest(ctx, request); err != nil || ok {
			return j.Name, sightUnderway, err
		}
		it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
		switch {
		case err != nil:
			return "", sightTodo, err
		case it.Allows(want):
			return "", sightTodo, nil
		case done(it):
			return "", sightDone, nil
		}
		return "", sightTodo, &Failure{
			Kind: FailureRetryable, What: what, Where: l.item.Name,
			Why: "Site Recovery does not offer it now (state: " + it.stateText() + ")", Remedy: "look at the item's job in the portal",
		}
	}
}

// actCommit commits. After a failback this deletes the Azure VM and its disks.
func actCommit(ctx context.Context, l *leg) error {
	if l.direct() {
		return l.directCommit(ctx)
	}
	want := AllowFinalizeFailback
	if l.plan().Direction == ToAzure {
		want = AllowCommit
	}
	e := effect{
		op:   OpCommit,
		look: l.offered("commit", want, l.committed),
		act: func(ctx context.Context, request string) (string, error) {
			if l.plan().Direction == ToOnPremises {
				if err := l.azureOff(ctx, "commit", "the commit would delete a machine that is in use"); err != nil {
					return "", err
				}
			}
			it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
			if err != nil {
				return "", err
			}
			return l.r.Ports.Failover.Commit(ctx, it, request)
		},
	}
	if !l.joint() {
		return l.perform(ctx, e)
	}
	var off func(context.Context) error
	if l.plan().Direction == ToOnPremises {
		off = l.azureAllOff("commit", "the commit would delete a machine that is in use")
	}
	return l.afterPlan(ctx, e, want, l.committed, off, l.r.Ports.Plans.CommitPlan)
}

// committed reports whether the item shows that its failback or failover is
// committed already.
func (l *leg) committed(it Item) bool {
	if l.plan().Direction == ToAzure {
		return it.Allows(AllowFailback)
	}
	return it.Active == LocationOnPremises && (it.Allows(AllowReverseReplicate) || it.State == ItemFailbackCommitted ||
		it.State == ItemReverseReplicating || it.State == ItemProtected)
}

// watchCommit waits for the commit and sees the Azure VM gone.
func watchCommit(ctx context.Context, l *leg) error {
	before, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	if err := l.watchOp(ctx, OpCommit); err != nil {
		return err
	}
	if err := l.watchItem(ctx, "the commit's job is done, the item does not show it yet", l.committed); err != nil {
		return err
	}
	if l.plan().Direction == ToAzure || before.AzureVM.Name == "" {
		return nil
	}
	for range 4 {
		p, err := l.power(ctx, before.AzureVM)
		if err != nil {
			return l.note("warn", "whether the Azure VM is deleted could not be seen: "+err.Error())
		}
		if err := l.sawAzure(p); err != nil || p == PowerDeleted {
			return err
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
	return l.note("warn", "the commit is done, but Azure VM "+before.AzureVM.Name+" is still there: look at it in the portal")
}

// watchOp watches the job of an effect, where it has one.
func (l *leg) watchOp(ctx context.Context, op Op) error { return l.watchJobOf(ctx, op, nil) }

// watchJobOf is watchOp with something that is done at every look.
func (l *leg) watchJobOf(ctx context.Context, op Op, each func(context.Context) error) error {
	job := l.state().Ops[op].Job
	if job == "" {
		return nil
	}
	return l.watchJob(ctx, job, func(j Job) bool { return j.State.Good() }, each)
}

// watchItem looks at the item until done says so, and says now and then that it
// still waits.
func (l *leg) watchItem(ctx context.Context, waiting string, done func(Item) bool) error {
	said, g := l.r.Stream.Now(), afresh
	for {
		it, err := l.see(ctx, g)
		g = glance
		if err != nil || done(it) {
			return err
		}
		if now := l.r.Stream.Now(); now.Sub(said) > 10*time.Minute {
			said = now
			if err := l.note("info", waiting+": "+it.stateText()); err != nil {
				return err
			}
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
}

func actReprotect(ctx context.Context, l *leg) error {
	again := func(it Item) bool { return it.State == ItemReverseReplicating || it.State == ItemProtected }
	e := effect{
		op:   OpReprotect,
		look: l.offered("re-protect", AllowReverseReplicate, again),
		act: func(ctx context.Context, request string) (string, error) {
			it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
			if err != nil {
				return "", err
			}
			return l.r.Ports.Failover.Reprotect(ctx, it, request)
		},
	}
	l.count(ctx)
	l.sent = l.upload(ctx)
	if !l.joint() {
		return l.perform(ctx, e)
	}
	return l.afterPlan(ctx, e, AllowReverseReplicate, again, nil, l.r.Ports.Plans.ReprotectPlan)
}

func watchReprotect(ctx context.Context, l *leg) error {
	return l.watchJobOf(ctx, OpReprotect, l.uploading(ctx).tick)
}

// watchProtected waits until the item is protected and idle again, and says now
// and then how long the machine has been unprotected.
func watchProtected(ctx context.Context, l *leg) error {
	since := l.state().Phases[PhaseCommit].Ended
	u := l.uploading(ctx)
	var broken error
	err := l.watchItem(ctx, "unprotected since "+clockText(since), func(it Item) bool {
		broken = u.tick(ctx)
		return broken != nil || it.State == ItemProtected && it.Active == LocationOnPremises && it.CurrentJob == "" && it.Allows(AllowPlannedFailover)
	})
	return cmp.Or(broken, err)
}
