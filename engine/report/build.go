package report

import (
	"fmt"
	"slices"
	"time"

	"failback/engine"
)

// Build makes the report of a run from the events of its journal, in order. It
// fails where they are not the legal history of one run: evidence is not made
// from a journal that contradicts itself.
func Build(events []engine.Event) (Report, error) {
	b := builder{items: map[string]*Item{}}
	for _, e := range events {
		next, err := b.state.Apply(e)
		if err != nil {
			return Report{}, fmt.Errorf("report: %w", err)
		}
		if b.state.Run != "" && e.Run != b.state.Run {
			return Report{}, fmt.Errorf("report: event %d belongs to run %s, the others to %s", e.Seq, e.Run, b.state.Run)
		}
		b.state = next
		b.take(e)
	}
	if b.state.Run == "" {
		return Report{}, fmt.Errorf("report: the journal holds no beginning")
	}
	return b.report(), nil
}

// builder folds what the state does not keep: times, tries and what was
// overtaken later.
type builder struct {
	state   engine.State
	drivers []Driver
	notes   []Note
	items   map[string]*Item
	ended   map[string]engine.Outcome // by item, from the end of the run
}

func (b *builder) take(e engine.Event) {
	if e.Item == "" {
		b.takeRun(e)
		return
	}
	it := b.items[e.Item]
	if it == nil {
		it = &Item{}
		b.items[e.Item] = it
	}
	it.take(e)
}

func (b *builder) takeRun(e engine.Event) {
	switch body := e.Body.(type) {
	case engine.RunStarted:
		b.drivers = append(b.drivers, Driver{Name: body.Driver, From: e.Time})
	case engine.RunResumed:
		b.drivers = append(b.drivers, Driver{Name: body.Driver, From: e.Time, Resumed: true})
		b.ended = nil
	case engine.RunFinished:
		b.ended = map[string]engine.Outcome{}
		for _, o := range body.Items {
			b.ended[o.Item] = o.Outcome
		}
	case engine.Noted, engine.Other:
		b.notes = append(b.notes, noteOf(e))
	}
}

func (b *builder) report() Report {
	s := b.state
	r := Report{
		Schema: Schema, Run: s.Run, JournalSchema: s.Schema, Program: s.Program, Plan: s.Plan,
		Drivers: list(b.drivers), Created: s.Created, LastEvent: s.Updated, Events: s.Seq,
		Outcome: s.Outcome, Downtime: s.Downtime(s.Updated).Seconds(), Notes: list(b.notes), Items: []Item{},
		Threads: s.Threads, Forecast: s.Forecast, Outturn: s.Outturn(),
	}
	if s.Outcome != engine.OutcomeNone && s.Outcome != engine.OutcomeDetached {
		r.Finished = s.Finished
	}
	for _, l := range s.Legs {
		it := b.items[l.Item.Name]
		if it == nil {
			it = &Item{}
		}
		it.finish(l, s.Updated)
		if s.Plan.Direction == engine.ToOnPremises {
			it.Console = s.Plan.ConsoleCommand(l.Item)
		}
		if it.Outcome == engine.OutcomeNone {
			it.Outcome = b.ended[l.Item.Name]
		}
		r.Items = append(r.Items, *it)
	}
	return r
}

// take folds one event of the item.
func (it *Item) take(e engine.Event) {
	switch body := e.Body.(type) {
	case engine.PhaseStarted, engine.PhaseFinished, engine.PhaseFailed:
		it.takePhase(e)
	case engine.GateOpened:
		it.takeGate(e.Time, body)
	case engine.DecisionMade:
		it.takeDecision(e.Time, body.Decision)
	case engine.IntentRecorded:
		it.Operations = append(it.Operations, Operation{Op: body.Op, Request: body.Request, Recorded: e.Time})
	case engine.OperationAccepted:
		it.takeAccepted(e.Time, body)
	case engine.PowerChanged:
		it.Power = append(it.Power, Power{Side: body.Side, Power: body.Power, At: e.Time})
	case engine.SyncProgress:
		it.takeTransfer(Transfer{Phase: e.Phase, SyncProgress: body})
	case engine.BootChecked:
		body.Addresses = list(body.Addresses)
		it.Boot = &Boot{BootChecked: body, At: e.Time}
	case engine.DiskProved:
		it.takeProof(Proof{DiskProved: body, At: e.Time, Claim: claim(body)})
	case engine.CancelRequested:
		if it.Cancel == nil {
			it.Cancel = &Cancel{CancelRequested: body, At: e.Time}
		}
	case engine.GuardChanged:
		it.Guards = append(it.Guards, Guard{GuardChanged: body, At: e.Time})
	case engine.DamageMarked:
		it.Damage = append(it.Damage, Damage{Since: e.Time, Reason: body.Reason})
	case engine.DamageCleared:
		if n := len(it.Damage); n > 0 && it.Damage[n-1].Cleared.IsZero() {
			it.Damage[n-1].Cleared = e.Time
		}
	case engine.Noted, engine.Other:
		it.Notes = append(it.Notes, noteOf(e))
	}
}

// takePhase keeps the first start and the last end; a phase that began again
// has no end.
func (it *Item) takePhase(e engine.Event) {
	i := slices.IndexFunc(it.Phases, func(p Phase) bool { return p.Phase == e.Phase })
	if i < 0 {
		info := e.Phase.Info()
		it.Phases = append(it.Phases, Phase{Phase: e.Phase, Title: info.Title, Portal: info.Portal, Started: e.Time})
		i = len(it.Phases) - 1
	}
	p := &it.Phases[i]
	if _, began := e.Body.(engine.PhaseStarted); began {
		p.Tries++
		p.Ended = time.Time{}
		return
	}
	p.Ended = e.Time
	if f, failed := e.Body.(engine.PhaseFailed); failed {
		it.Failures = append(it.Failures, Failure{Phase: e.Phase, At: e.Time, Failure: f.Failure})
	}
}

// takeGate notes that a gate was asked. A gate that is asked again before an
// answer, after a resume, keeps its first time.
func (it *Item) takeGate(at time.Time, g engine.GateOpened) {
	if n := len(it.Decisions); n > 0 && it.Decisions[n-1].Gate == g.Gate && it.Decisions[n-1].Decided.IsZero() {
		it.Decisions[n-1].Consequences, it.Decisions[n-1].Again = list(g.Consequences), g.Again
		it.Decisions[n-1].Deletes = g.Deletes
		return
	}
	it.Decisions = append(it.Decisions, Decision{
		Gate: g.Gate, Verb: g.Verb, Portal: g.Portal, Consequences: list(g.Consequences), Again: g.Again, Asked: at, Deletes: g.Deletes,
	})
}

func (it *Item) takeDecision(at time.Time, d engine.Decision) {
	i := len(it.Decisions) - 1
	if i < 0 || it.Decisions[i].Gate != d.Gate || !it.Decisions[i].Decided.IsZero() {
		it.Decisions = append(it.Decisions, Decision{Gate: d.Gate, Verb: d.Gate.Verb(), Portal: d.Gate.Portal(), Consequences: []string{}})
		i = len(it.Decisions) - 1
	}
	open := &it.Decisions[i]
	open.Decided, open.By, open.Policy, open.Reason, open.Override = at, d.By, d.Policy, d.Reason, d.Override
}

// takeAccepted finds the intent it answers: the last one of that kind that has
// no answer yet. An acceptance that looking finds again adds nothing.
func (it *Item) takeAccepted(at time.Time, a engine.OperationAccepted) {
	for i := len(it.Operations) - 1; i >= 0; i-- {
		op := &it.Operations[i]
		switch {
		case op.Op != a.Op:
		case op.Accepted.IsZero():
			op.Accepted, op.Job, op.Found = at, a.Job, a.Found
			return
		case op.Job == a.Job:
			return
		}
	}
	it.Operations = append(it.Operations, Operation{Op: a.Op, Request: a.Request, Job: a.Job, Accepted: at, Found: a.Found})
}

func (it *Item) takeTransfer(t Transfer) {
	i := slices.IndexFunc(it.Transfers, func(o Transfer) bool { return o.Phase == t.Phase })
	if i < 0 {
		it.Transfers = append(it.Transfers, t)
		return
	}
	it.Transfers[i] = t
}

func (it *Item) takeProof(p Proof) {
	i := slices.IndexFunc(it.Disks, func(o Proof) bool { return o.Disk == p.Disk })
	if i < 0 {
		it.Disks = append(it.Disks, p)
		return
	}
	it.Disks[i] = p
}

// finish takes from the folded leg how the item stands.
func (it *Item) finish(l *engine.Leg, last time.Time) {
	it.Item, it.Outcome, it.Stands = l.Item, l.Outcome, l.Step().Name()
	it.Findings, it.Hold = list(l.Findings), l.Consistency()
	for _, k := range l.Looks {
		it.Looks = append(it.Looks, Look(k))
	}
	it.Downtime = Downtime{From: l.DowntimeFrom, To: l.DowntimeTo, Seconds: l.Downtime(last).Seconds(), GoesOn: l.InDowntime()}
	for i := range it.Phases {
		p := &it.Phases[i]
		p.Status = l.Phases[p.Phase].Status
		if l.Direct {
			p.Portal = "" // nothing of it was to be seen there
		}
		if !p.Ended.IsZero() {
			p.Seconds = p.Ended.Sub(p.Started).Seconds()
		}
	}
	it.lists()
}

// lists makes every list one, so that the JSON never says null.
func (it *Item) lists() {
	it.Phases, it.Decisions, it.Operations, it.Power = list(it.Phases), list(it.Decisions), list(it.Operations), list(it.Power)
	it.Transfers, it.Disks, it.Damage = list(it.Transfers), list(it.Disks), list(it.Damage)
	it.Failures, it.Notes, it.Looks, it.Guards = list(it.Failures), list(it.Notes), list(it.Looks), list(it.Guards)
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func noteOf(e engine.Event) Note {
	n := Note{At: e.Time, Phase: e.Phase, Level: "info", Text: engine.Sentence(e)}
	if b, said := e.Body.(engine.Noted); said {
		n.Level = b.Level
	}
	return n
}
