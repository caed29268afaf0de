package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"failback/engine"
	"failback/tui/ask"
	"failback/tui/text"
)

// linePlan asks what a plan needs, one question after the other, checks it and starts
// it. The answers become the options that `start` has flags for, so that both ways
// plan the same.
type linePlan struct {
	a *app
	t *ask.Talk
	s *session

	items []engine.Item
	plans []engine.RecoveryPlan
	hosts []engine.Host
	lost  bool // the vault could not be read

	o      planOptions
	chosen []engine.Item
	// outside is for Azure VMs that no vault replicates.
	outside bool
	cert    *engine.Certificate
	plan    engine.Plan
}

func (a *app) linePlan(ctx context.Context, t *ask.Talk, s *session) error {
	l := &linePlan{a: a, t: t, s: s}
	if err := l.read(ctx); err != nil {
		if s.conn.Direct == nil || ctx.Err() != nil {
			return err
		}
		a.complain(err)
		l.lost = true
	}
	l.o = planOptions{to: original, point: latestPoint}
	if err := l.walk(ctx); err != nil {
		return err
	}
	return a.startPlan(ctx, s, l.plan)
}

// read reads what the vault has.
func (l *linePlan) read(ctx context.Context) (err error) {
	if l.items, err = l.s.items(ctx); err != nil {
		return err
	}
	if l.plans, err = l.s.conn.Ports.Inventory.RecoveryPlans(ctx); err != nil {
		return err
	}
	l.hosts, err = l.s.conn.Ports.Inventory.Hosts(ctx)
	return err
}

// walk puts the questions that apply. Back goes to the one before; what was
// answered stays until it is answered anew.
func (l *linePlan) walk(ctx context.Context) error {
	questions := []struct {
		applies func() bool
		put     func(context.Context) error
	}{
		{always, l.direction}, {l.inVault, l.what}, {l.outsideVault, l.machines}, {l.recovery, l.job}, {l.commitsFirst, l.commit}, {l.pointed, l.point},
		{l.throughVault, l.sync}, {l.encrypted, l.certificate}, {l.failback, l.target}, {l.straight, l.disks}, {always, l.preflight}, {always, l.review},
	}
	way := 1
	for at := 0; at < len(questions); at += way {
		if at < 0 {
			return ask.ErrBack
		}
		q := questions[at]
		if !q.applies() {
			continue
		}
		switch err := q.put(ctx); {
		case errors.Is(err, ask.ErrBack):
			way = -1
		case err != nil:
			return err
		default:
			way = 1
		}
	}
	return nil
}

func always() bool { return true }

func (l *linePlan) failback() bool { return l.o.direction == string(engine.ToOnPremises) }
func (l *linePlan) recovery() bool { return l.o.recoveryPlan != "" }

func (l *linePlan) direction(ctx context.Context) error {
	ways := []engine.Direction{engine.ToOnPremises, engine.ToAzure}
	choices := make([]ask.Choice, len(ways))
	for i, d := range ways {
		n, first := 0, 0
		for _, it := range l.items {
			switch r := it.Ready(d); {
			case r.Ready:
				n++
			case r.CommitFirst:
				first++
			}
		}
		choices[i] = ask.Choice{Label: d.Arrow(), About: fmt.Sprintf("%d of %d items are ready", n, len(l.items))}
		if l.lost {
			choices[i] = ask.Choice{Label: d.Arrow(), Off: "the vault could not be read"}
		} else if n+first == 0 && !(d == engine.ToOnPremises && slices.ContainsFunc(l.items, l.inAzure)) {
			choices[i].Off = "no item is ready for it"
		}
	}
	if l.s.conn.Direct != nil {
		choices = append(choices, ask.Choice{Label: engine.ToOnPremises.Arrow() + ", an Azure VM that no vault replicates",
			About: "named by its resource id; it comes home without Site Recovery"})
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which way do the machines go?", Choices: choices})
	if err != nil {
		return err
	}
	outside := n == len(ways)
	if outside {
		n = 0
	}
	if d := string(ways[n]); d != l.o.direction || outside != l.outside {
		l.o, l.chosen, l.outside = planOptions{direction: d, to: original, point: latestPoint}, nil, outside
	}
	return nil
}

// what asks for items, or for a recovery plan.
func (l *linePlan) what(ctx context.Context) error {
	whole := 0
	if len(l.plans) > 0 {
		var err error
		if whole, err = l.t.One(ctx, ask.Question{Ask: "Single items, or a recovery plan?", Choices: []ask.Choice{{Label: "Single items"}, {Label: "A recovery plan"}}}); err != nil {
			return err
		}
	}
	if whole == 1 {
		return l.recoveryPlan(ctx)
	}
	d := engine.Direction(l.o.direction)
	choices := make([]ask.Choice, len(l.items))
	for i, it := range l.items {
		choices[i] = ask.Choice{Label: fmt.Sprintf("%s, %s, on %s", it.Name, engine.SizeWords(it.Bytes()), it.HostName)}
		switch r := it.Ready(d); {
		case r.CommitFirst:
			choices[i].About = "its failover is not committed: this run commits it first"
		case l.onlyStraight(it):
			choices[i].About = "only without Site Recovery, which does not take it: " + r.Reason
		case !r.Ready:
			choices[i].Off = r.Reason
		case it.Damaged != nil:
			choices[i].About = "damaged on-premises: this run repairs it"
		}
	}
	picked, err := l.t.Many(ctx, ask.Question{Ask: "Which items?", Choices: choices})
	if err != nil {
		return err
	}
	l.o.items, l.o.recoveryPlan, l.o.each, l.chosen = nil, "", false, nil
	for _, i := range picked {
		l.o.items = append(l.o.items, l.items[i].Name)
		l.chosen = append(l.chosen, l.items[i])
	}
	return nil
}

func (l *linePlan) recoveryPlan(ctx context.Context) error {
	choices := make([]ask.Choice, len(l.plans))
	for i, p := range l.plans {
		members := p.Members(l.items, engine.Direction(l.o.direction))
		ready := 0
		for _, m := range members {
			if m.Reason == "" || m.CommitFirst {
				ready++
			}
		}
		choices[i] = ask.Choice{Label: p.Name, About: fmt.Sprintf("%d of %d items are ready", ready, len(members))}
		if ready == 0 {
			choices[i].Off = "none of its items can go"
		}
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which recovery plan?", Choices: choices})
	if err != nil {
		return err
	}
	l.o.items, l.o.recoveryPlan, l.chosen = nil, l.plans[n].Name, nil
	for _, m := range l.plans[n].Members(l.items, engine.Direction(l.o.direction)) {
		if m.Item.ID != "" && (m.Reason == "" || m.CommitFirst) {
			l.chosen = append(l.chosen, m.Item)
		}
	}
	return nil
}

// job asks how a recovery plan goes.
func (l *linePlan) job(ctx context.Context) error {
	rp, err := findRecoveryPlan(l.o.recoveryPlan, l.plans)
	if err != nil {
		return err
	}
	scripts, manual := rp.Count(engine.Direction(l.o.direction))
	n, err := l.t.One(ctx, ask.Question{Ask: "As the recovery plan's own job, or each VM by itself?", Choices: []ask.Choice{
		{Label: "Its own job", About: fmt.Sprintf("all its items or none, with %s and %s", text.Plural(scripts, "script", "scripts"), text.Plural(manual, "manual action", "manual actions"))},
		{Label: "Each VM by itself", About: "its scripts and manual actions are not run; items that are not ready stay behind"},
	}})
	l.o.each = n == 1
	return err
}

func (l *linePlan) commitsFirst() bool {
	l.o.commitFailover = false
	for _, it := range l.chosen {
		if l.failback() && it.Ready(engine.ToOnPremises).CommitFirst {
			return true
		}
	}
	return false
}

func (l *linePlan) commit(ctx context.Context) error {
	_, err := l.t.One(ctx, ask.Question{Ask: "An earlier failover to Azure is not committed. Without that commit there is no failback.", Choices: []ask.Choice{
		{Label: "The run commits it first", About: "its recovery points go away; a gate asks before"},
	}})
	l.o.commitFailover = err == nil
	return err
}

func (l *linePlan) pointed() bool { return !l.failback() && !l.recovery() && len(l.chosen) == 1 }

func (l *linePlan) point(ctx context.Context) error {
	points, err := l.s.conn.Ports.Inventory.RecoveryPoints(ctx, l.chosen[0].ID)
	if err != nil {
		return err
	}
	choices := []ask.Choice{{Label: "The latest", About: "made after the on-premises VM was shut down: nothing is lost"}}
	for _, p := range points {
		choices = append(choices, ask.Choice{Label: p.Kind + ", " + l.a.when(p.Time), About: "what was written after it will not be in Azure"})
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which recovery point comes up in Azure?", Choices: choices})
	if err != nil {
		return err
	}
	if l.o.point = latestPoint; n > 0 {
		l.o.point = points[n-1].ID
	}
	return nil
}
