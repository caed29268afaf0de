package engine

import "fmt"

// askPerson takes a gate out of policy's hands where something has happened that
// the plan did not foresee, and says what.
func (l *leg) askPerson(o *GateOpened) {
	st := l.r.Stream.State()
	if c := st.Leg(l.item.Name).Cancel; c != nil {
		o.NeedsReason = true
		o.Consequences = append(o.Consequences, "Mind: "+c.By+" asked to cancel this leg, and the cancel came to nothing.")
	}
	for _, low := range st.Legs {
		if o.Gate == GateComplete && low.Item.Group < l.item.Group && low.Outcome != OutcomeNone && !low.switched() {
			o.NeedsReason = true
			o.Consequences = append(o.Consequences, fmt.Sprintf("Mind: %s of group %d, which should run before, has stopped (%s).", low.Item.Name, low.Item.Group, low.Outcome))
		}
	}
}

func (l *leg) consequencesOfComplete(it Item) []string {
	p := l.plan()
	if p.Direct != nil {
		return l.consequencesOfDirectComplete(it)
	}
	out := []string{
		"Azure VM " + it.AzureVM.Name + " is stopped: downtime begins now.",
		// INFERRED: the request has no word for either kind.
		"Its guest is asked to shut down; Azure stops it by force where it does not, and tells nobody which of both it was.",
	}
	if p.Sync == SyncFull {
		out = append(out, fmt.Sprintf("The whole of %s (%s) is downloaded while it is down, then the on-premises VM on %s is started.",
			DiskWords(len(it.Disks)), SizeWords(it.Bytes()), l.host()))
	} else {
		out = append(out, "What changed since the snapshot is copied, then the on-premises VM on "+l.host()+" is started.")
	}
	out = append(out, "Cancelling before the end leaves the on-premises VM damaged, until the failback is run again to its end.")
	return append(out, l.consequencesOfPlan()...)
}

func consequencesOfCommit(it Item, s *Leg) []string {
	out := []string{"Azure VM " + it.AzureVM.Name + " is deleted."}
	for _, d := range it.Disks {
		out = append(out, "Its disk "+d.Name+" ("+SizeWords(d.Bytes)+") is deleted.")
	}
	out = append(out, "There is no way back to this Azure copy.")
	return append(out, unproven(s)...)
}

// unproven is what a commit has to be warned of: damage, a boot or disks that nothing
// has shown to be well.
func unproven(s *Leg) []string {
	var out []string
	if s.Damage != nil {
		out = append(out, "Mind: the on-premises VM is marked damaged and nothing has shown that it is whole: "+s.Damage.Reason+".")
		if g := s.Guard; g != nil && g.Set {
			out = append(out, "Its start guard stays: automatic start on "+g.Host+" is "+g.After+", it was "+g.Before+". Who finds the machine whole sets it by hand.")
		}
	}
	if s.Boot == nil || s.Boot.Result != BootProven {
		return append(out, "Mind: the boot of the on-premises VM is NOT proven. Look at its console and say what you saw.")
	}
	if !s.provedEqual() {
		out = append(out, "Mind: the boot is proven, but not every disk was compared byte for byte.")
	}
	return out
}

// consequencesOfCommitFailover says what the commit of an earlier failover takes away.
func consequencesOfCommitFailover(it Item) []string {
	return []string{
		"The earlier failover of " + it.Name + " to Azure is accepted: its recovery points are deleted, and it can't be brought up from another one any more.",
		"No machine is stopped and none is deleted: Azure VM " + it.AzureVM.Name + " goes on running.",
		"Then the failback begins.",
	}
}

func consequencesToAzure(g Gate, it Item) []string {
	if g == GateCommit {
		return []string{"The failover of " + it.Name + " to Azure is accepted; its recovery points are deleted.", "Nothing on-premises is deleted."}
	}
	return []string{it.Name + " is shut down on-premises: downtime begins now.", "The last changes are sent and the Azure VM is started."}
}
