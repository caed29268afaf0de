package engine

import "time"

// Consistency is what the on-premises disks of a leg hold. Site Recovery writes them in
// place and tells of no single disk: they are of one moment together, or of none.
type Consistency struct {
	// Whole says that they are of one moment: At, or what they were before the run where
	// At is zero.
	Whole bool      `json:"whole"`
	At    time.Time `json:"at,omitzero"`
	// Since is since when they are written, where they are not whole.
	Since time.Time `json:"since,omitzero"`
	Words string    `json:"words"`
}

// Consistency says how the on-premises disks stand; its words are empty on the way to
// Azure. That they are as the snapshot was once the first synchronisation is through is
// what the procedure's page says of its two phases; no vault has confirmed it.
func (l *Leg) Consistency() Consistency {
	if l.Direction != ToOnPremises {
		return Consistency{}
	}
	first, last := l.Phases[PhaseInitialSync], l.Phases[PhaseFinalSync]
	goneOn, completed := l.Ops[OpComplete]
	written := func(since time.Time) Consistency {
		return Consistency{Since: since, Words: "half old, half new: being written since " + MomentWords(since) + ", and of no single moment until that ends"}
	}
	if l.Direct && l.Damage == nil && last.Status != StatusDone {
		return Consistency{Whole: true, Words: "as they were before this run: new ones are written beside them"}
	}
	switch {
	case l.Damage != nil:
		return Consistency{Since: l.DamagedAt, Words: "half old, half new, of no single moment: damaged since " + MomentWords(l.DamagedAt)}
	case last.Status == StatusDone:
		at := l.DowntimeFrom
		return Consistency{Whole: true, At: at, Words: "as the Azure disks were when the Azure VM stopped, " + MomentWords(at)}
	case !last.Started.IsZero():
		return written(last.Started)
	case completed:
		return written(goneOn.At)
	case first.Status == StatusDone:
		return Consistency{Whole: true, At: first.Started, Words: "as the Azure disks were at the snapshot, " + MomentWords(first.Started)}
	case !first.Started.IsZero():
		return written(first.Started)
	}
	op, asked := l.Ops[OpStart]
	if asked { // whether it writes already shows at the next phase
		return written(op.At)
	}
	return Consistency{Whole: true, Words: "as they were before this run"}
}
