package engine

import (
	"context"
	"strings"
)

// work is a phase as three functions: what is true now, the one side effect,
// and watching until done. act and watch may be nil.
type work struct {
	look  func(context.Context, *leg) (sight, error)
	act   func(context.Context, *leg) error
	watch func(context.Context, *leg) error
}

// phaseWork is the acting half of the phase table.
var phaseWork = map[Phase]work{
	PhasePreflight:        {look: always(sightTodo), watch: watchPreflight},
	PhaseCommitFailover:   {look: always(sightTodo), act: actCommitFailover, watch: watchCommitFailover},
	PhasePrepare:          {look: always(sightTodo), act: actStart, watch: watchPrepare},
	PhaseInitialSync:      {look: always(sightUnderway), watch: watchInitialSync},
	PhaseStopAzure:        {look: always(sightTodo), act: actStopAzure, watch: watchStopAzure},
	PhaseFinalSync:        {look: always(sightUnderway), watch: watchFinalSync},
	PhaseStartOnPremises:  {look: lookStart, act: actStartVM, watch: watchStartVM},
	PhaseVerify:           {look: always(sightTodo), watch: watchVerify},
	PhaseCommit:           {look: always(sightTodo), act: actCommit, watch: watchCommit},
	PhaseReverseReplicate: {look: always(sightTodo), act: actReprotect, watch: watchReprotect},
	PhaseProtected:        {look: always(sightUnderway), watch: watchProtected},
	PhaseFailover:         {look: always(sightTodo), act: actStart, watch: watchFailover},
}

// always is for phases whose looking belongs to the effect itself (see
// [leg.perform]) or that only watch.
func always(s sight) func(context.Context, *leg) (sight, error) {
	return func(context.Context, *leg) (sight, error) { return s, nil }
}

func watchPreflight(ctx context.Context, l *leg) error {
	var blocks []string
	var broken error
	err := l.r.Preflight(ctx, l.r.Ports, l.plan(), l.item, func(f Finding) {
		if f.Verdict == VerdictBlock {
			blocks = append(blocks, strings.TrimSuffix(f.Title+": "+f.Observed+" ("+f.Remedy+")", " ()"))
		}
		if err := l.emit(PreflightChecked{f}); err != nil && broken == nil {
			broken = err
		}
	})
	switch {
	case err != nil:
		return err
	case broken != nil:
		return broken
	case len(blocks) > 0:
		return &Failure{Kind: FailureBlocked, What: "preflight", Where: l.item.Name,
			Why: strings.Join(blocks, "; "), Remedy: "mend what is named and start again; nothing was changed"}
	}
	return nil
}

// actStart begins the planned failover. A job of somebody else is never joined.
func actStart(ctx context.Context, l *leg) error {
	if err := l.certified(); err != nil {
		return err
	}
	l.count(ctx)
	if l.joint() {
		return l.startPlan(ctx)
	}
	return l.perform(ctx, effect{op: OpStart, look: l.lookStarted, act: l.start})
}

func (l *leg) lookStarted(ctx context.Context, request string) (string, sight, error) {
	if j, ok, err := l.jobByRequest(ctx, request); err != nil || ok {
		return j.Name, sightUnderway, err
	}
	it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
	if err != nil {
		return "", sightTodo, err
	}
	if ready := it.Ready(l.plan().Direction); !ready.Ready {
		return "", sightTodo, Refuse("start the planned failover", l.item.Name, ready.Reason, ready.Remedy)
	}
	return "", sightTodo, nil
}

func (l *leg) start(ctx context.Context, request string) (string, error) {
	it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
	if err != nil {
		return "", err
	}
	if err := l.notCancelled(); err != nil {
		return "", err
	}
	p := l.plan()
	r := StartRequest{
		Item: it, Direction: p.Direction, Sync: p.Sync,
		CreateVM: p.Target.CreateVM, HostID: p.Target.HostID, RequestID: request, Run: l.r.Stream.State().Run,
	}
	if p.Direction == ToAzure {
		r.RecoveryPoint = l.item.RecoveryPoint
		if it.Encryption {
			r.Certificate = l.r.Certificate
		}
	}
	return l.r.Ports.Failover.Start(ctx, r)
}

// notCancelled refuses to start what somebody has asked to cancel.
func (l *leg) notCancelled() error {
	c := l.state().Cancel
	if c == nil {
		return nil
	}
	return Refuse("start the planned failover", l.item.Name,
		c.By+" asked to cancel this leg, and no start of it is to be seen", "cancel it once more, which ends it: failback cancel "+string(l.r.Stream.State().Run)+"; then start a new run if it is wanted after all")
}

// watchPrepare waits until the on-premises VM is prepared: its task is done, or
// the job is beyond it.
func watchPrepare(ctx context.Context, l *leg) error {
	var last Job
	err := l.watchJob(ctx, l.state().Job, func(j Job) bool {
		last = j
		if j.WaitsForComplete() || j.State.Good() || taskBegun(j, TaskStartFailback, "") {
			return true
		}
		t, ok := j.Find(TaskPrepare, "")
		return ok && t.Done()
	}, nil)
	if err != nil && l.syncBegun(last) {
		return l.damaging(ctx, err)
	}
	return err
}

// watchInitialSync waits for the job to ask for "Complete failover". The Azure
// VM must run meanwhile; if somebody else stops it, that is said.
func watchInitialSync(ctx context.Context, l *leg) error {
	m := l.meter(ctx)
	err := l.watchJob(ctx, l.state().Job,
		func(j Job) bool { return j.WaitsForComplete() || taskBegun(j, TaskStartFailback, "") || j.State.Good() },
		func(ctx context.Context) error {
			if err := l.watchPower(ctx); err != nil {
				return err
			}
			return m.tick(ctx)
		})
	return l.damaging(ctx, m.end(ctx, err))
}

// watchPower records the Azure VM's power while it should be running.
func (l *leg) watchPower(ctx context.Context) error {
	it, err := l.r.board.item(ctx, l.item, glance)
	if err != nil {
		return nil //nolint:nilerr // the job is what counts here; power is looked at again at the next poll
	}
	p, err := l.r.board.power(ctx, it.AzureVM, glance)
	if err != nil {
		return nil //nolint:nilerr // as above
	}
	return l.sawAzure(p)
}

// sawAzure records a power state of the Azure VM if it is news. A machine that
// stops while it should run is an alarm.
func (l *leg) sawAzure(p Power) error {
	s := l.state()
	if s.AzurePower == p {
		return nil
	}
	if err := l.emit(PowerChanged{Side: LocationAzure, Power: p}); err != nil {
		return err
	}
	if p.Off() && (s.Step().Phase == PhaseInitialSync || s.Step().Gate == GateComplete) {
		return l.note("warn", "the Azure VM is "+string(p)+" although nothing of this run has stopped it: its users are without it")
	}
	return nil
}

func (l *leg) sawOnPremises(p Power) error {
	if l.state().OnPremPower == p {
		return nil
	}
	return l.emit(PowerChanged{Side: LocationOnPremises, Power: p})
}

// damaging marks the on-premises VM damaged where a job ended badly in the middle
// of writing its disks, and passes err on.
func (l *leg) damaging(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if l.direct() {
		return l.spared(ctx, err)
	}
	switch KindOf(err) {
	case FailureJob, FailureCancelled, FailureUnsafe:
		f := *AsFailure(err, "", l.item.Name)
		if f.Kind != FailureUnsafe && l.untouched(ctx) {
			return err
		}
		if dErr := l.markDamaged(ctx, strings.TrimSuffix("the synchronisation stopped before its end, job "+f.Job, ", job ")); dErr != nil {
			return dErr
		}
		if sErr := l.sayAzurePower(ctx); sErr != nil {
			return sErr
		}
		f.Remedy = also(f.Remedy, "the on-premises VM is damaged, do not start it: run the failback again to its end")
		return &f
	case FailureOther, FailureRetryable, FailureRefused, FailureNotFound, FailurePermission,
		FailureUnknown, FailureBlocked, FailureUsage, FailureBoot:
	}
	return err
}

// untouched reports whether a recovery plan's job is seen not to have written this
// VM's disks, although it has come further with others.
func (l *leg) untouched(ctx context.Context) bool {
	job := l.state().Job
	if !l.joint() || job == "" {
		return false
	}
	j, err := patient(ctx, l, "read job "+job, func(ctx context.Context) (Job, error) { return l.readJob(ctx, job) })
	return err == nil && j.TargetType == TargetRecoveryPlan && !l.syncBegun(j)
}

// findVM finds the item's VM on the target host: by id, or, where Site Recovery
// created it afresh at an alternate location, the only one of exactly its name.
func (l *leg) findVM(ctx context.Context) (VM, error) { return l.seekVM(ctx, afresh) }

// glimpseVM is findVM for looking on: what identifies the VM may be known from before,
// the VM itself never is.
func (l *leg) glimpseVM(ctx context.Context) (VM, error) { return l.seekVM(ctx, glance) }

func (l *leg) seekVM(ctx context.Context, g gaze) (VM, error) {
	it, err := l.r.board.item(ctx, l.item, g)
	if err != nil {
		return VM{}, err
	}
	var vm VM
	if it.HyperVID == "" && l.direct() { // nobody knows one before the VM is made
		err = &Failure{Kind: FailureNotFound, What: "read the VM", Where: it.Name + " on " + l.host(), Why: "nobody knows an id of it"}
	} else {
		vm, err = l.r.Ports.Hosts.VM(ctx, l.host(), it.HyperVID)
	}
	if err == nil || KindOf(err) != FailureNotFound || !l.plan().Target.Alternate && !l.plan().Target.CreateVM {
		return vm, err
	}
	vms, listErr := l.r.Ports.Hosts.VMs(ctx, l.host())
	if listErr != nil {
		return VM{}, listErr
	}
	var found []VM
	for _, v := range vms {
		if v.Name == it.Name {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		return VM{}, err
	}
	return found[0], nil
}
