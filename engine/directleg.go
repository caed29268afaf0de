package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// direct reports whether the leg goes without Site Recovery.
func (l *leg) direct() bool { return l.plan().Direct != nil }

// consequencesOfDirectComplete says what the switch does where this program moves the
// disks itself.
func (l *leg) consequencesOfDirectComplete(it Item) []string {
	p := l.plan()
	out := []string{
		"Azure VM " + it.AzureVM.Name + " is stopped: downtime begins now.",
		"Its guest is asked to shut down; Azure stops it by force where it does not, and tells nobody which of both it was.",
		"Then its last snapshots are taken, and what changed since the ones before is written to the new disks in " + p.Direct.Folder + ".",
	}
	if p.Target.Alternate {
		out = append(out, "On "+l.host()+" the VM "+it.Name+" is created with these disks and started.")
	} else {
		out = append(out, "On "+l.host()+" the VM gets these disks in the place of its own and is started. The files of before stay where they are.")
	}
	if p.Target.CreateVM && !p.Target.Alternate {
		out = append(out, "Where it does not exist there, it is created.")
	}
	out = append(out, "Site Recovery takes no part. Until the on-premises VM is started a cancel leaves it as it was; the Azure VM stays stopped then, until somebody starts it.")
	return append(out, l.consequencesOfPlan()...)
}

// consequencesOfPlan are what the plan itself has to say at the complete gate.
func (l *leg) consequencesOfPlan() []string {
	var out []string
	p := l.plan()
	if p.Budget > 0 {
		out = append(out, "The plan's downtime budget is "+SpanWords(p.Budget)+".")
	}
	if p.Window.Set() {
		out = append(out, "The plan's window is "+windowText(p.Window)+".")
	}
	return out
}

// Words are the thing as a list of deletions says it, with where it lies.
func (t AzureThing) Words() string {
	s := t.Kind + " " + t.Name
	if t.Bytes > 0 {
		s += " (" + SizeWords(t.Bytes) + ")"
	}
	if group := groupOf(t.ID); group != "" {
		s += " of resource group " + group
	}
	return s
}

// groupOf is the resource group in a resource id, "" where it names none.
func groupOf(id string) string {
	parts := strings.Split(id, "/")
	i := slices.IndexFunc(parts, func(p string) bool { return strings.EqualFold(p, "resourceGroups") })
	if i < 0 || i+1 >= len(parts) {
		return ""
	}
	return parts[i+1]
}

// openDirectCommit puts the list of what the commit deletes into the gate, word by
// word: exactly that list is sent when the gate is answered.
func (l *leg) openDirectCommit(ctx context.Context, it Item, o *GateOpened) error {
	list, err := patient(ctx, l, "list what the commit deletes", func(ctx context.Context) (Deletions, error) {
		return l.r.Ports.Direct.Deletions(ctx, it)
	})
	if err != nil {
		return err
	}
	s := l.state()
	o.Deletes = &list
	if s.Listed != nil && !sameThings(s.Listed.Things, list.Things) {
		o.Again, o.NeedsReason = errMoved.Error(), true // whoever answered has seen another list
	}
	o.NeedsReason = o.NeedsReason || s.Boot == nil || s.Boot.Result != BootProven || s.Damage != nil
	for _, t := range list.Things {
		o.Consequences = append(o.Consequences, "Deleted: "+t.Words()+".")
	}
	if len(list.Things) == 0 {
		o.Consequences = append(o.Consequences, "Nothing is deleted: Azure has nothing of this machine any more.")
	}
	for _, t := range list.Kept {
		o.Consequences = append(o.Consequences, "Kept: "+t.Words()+".")
	}
	switch {
	case len(list.Kept) > 0 && !list.Until.IsZero():
		o.Consequences = append(o.Consequences, "What is kept is tagged until "+MomentWords(list.Until)+" and costs money until then and after: nothing deletes it by itself.")
	case len(list.Kept) == 0:
		o.Consequences = append(o.Consequences, "There is no way back to this Azure copy.")
	}
	o.Consequences = append(o.Consequences, "Beside these only the snapshots that this run took itself are deleted, but for those that are kept. Where Azure has something else by then, nothing is deleted, and this is asked again.")
	if !l.item.OutsideVault() {
		o.Consequences = append(o.Consequences, "Site Recovery is told nothing of it: its item stays as it is.")
	}
	o.Consequences = append(o.Consequences, unproven(s)...)
	return nil
}

// sameThings reports whether two lists delete the same, in the same order.
func sameThings(a, b []AzureThing) bool {
	return slices.EqualFunc(a, b, func(x, y AzureThing) bool { return SameID(x.ID, y.ID) && x.Kind == y.Kind })
}

// errMoved says that Azure has something else than the list that was agreed to.
var errMoved = errors.New("what would be deleted is not what the list said: it was shown anew")

// directCommit deletes what the answered gate has listed. While nothing was asked for
// yet, a list that is not true any more sends the leg back to the gate; later the
// service refuses it.
func (l *leg) directCommit(ctx context.Context) error {
	s := l.state()
	if s.Agreed == nil {
		return Refuse("commit", l.item.Name, "no list of what it deletes was agreed to", "resume the run: it asks again")
	}
	if s.mayReopen(GateCommit) == nil {
		it, err := l.fresh(ctx)
		if err != nil {
			return err
		}
		now, err := patient(ctx, l, "list what the commit deletes", func(ctx context.Context) (Deletions, error) {
			return l.r.Ports.Direct.Deletions(ctx, it)
		})
		if err != nil {
			return err
		}
		if !sameThings(now.Things, s.Agreed.Things) {
			return errMoved
		}
	}
	return l.perform(ctx, effect{
		op:   OpCommit,
		look: l.offered("commit", AllowFinalizeFailback, l.committed),
		act: func(ctx context.Context, request string) (string, error) {
			if err := l.azureOff(ctx, "commit", "the commit would delete a machine that is in use"); err != nil {
				return "", err
			}
			it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
			if err != nil {
				return "", err
			}
			return l.r.Ports.Direct.CommitExactly(ctx, it, s.Agreed.Things, request)
		},
	})
}

func consequencesOfDirectReprotect(it PlanItem) []string {
	if it.OutsideVault() {
		return []string{
			it.Name + " is in no vault that this run knows: protection is enabled by hand, in the portal, where it is wanted.",
			"Until then the machine is unprotected.",
		}
	}
	return []string{
		"Protection of " + it.Name + " is enabled afresh through Site Recovery: everything is sent to Azure again, not only what changed.",
		"Where the vault still has the machine as one in Azure, that item is taken out of it first; it has no use any more.",
		"Where Site Recovery takes it only by hand, the run says what to do and waits until it sees the machine protected.",
		"Until that is healthy the machine is unprotected.",
	}
}

// spared is damaging for a failback without Site Recovery: the disks of before were not
// written to, so nothing of the host's is damaged, whatever became of the new files.
func (l *leg) spared(ctx context.Context, err error) error {
	switch KindOf(err) {
	case FailureJob, FailureCancelled, FailureUnsafe:
	default:
		return err
	}
	if sErr := l.sayAzurePower(ctx); sErr != nil {
		return sErr
	}
	f := *AsFailure(err, "", l.item.Name)
	f.Remedy = also(f.Remedy, "the disks that the host had before were not written to")
	return &f
}
