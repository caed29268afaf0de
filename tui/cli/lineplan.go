package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/ask"
	"failback/tui/text"
	"failback/tui/wizard"
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

	o      planOptions
	chosen []engine.Item
	cert   *engine.Certificate
	plan   engine.Plan
}

func (a *app) linePlan(ctx context.Context, t *ask.Talk, s *session) error {
	l := &linePlan{a: a, t: t, s: s}
	var err error
	if l.items, err = s.items(ctx); err != nil {
		return err
	}
	if l.plans, err = s.conn.Ports.Inventory.RecoveryPlans(ctx); err != nil {
		return err
	}
	if l.hosts, err = s.conn.Ports.Inventory.Hosts(ctx); err != nil {
		return err
	}
	l.o = planOptions{to: original, point: latestPoint}
	if err := l.walk(ctx); err != nil {
		return err
	}
	return a.startPlan(ctx, s, l.plan)
}

// walk puts the questions that apply. Back goes to the one before; what was
// answered stays until it is answered anew.
func (l *linePlan) walk(ctx context.Context) error {
	questions := []struct {
		applies func() bool
		put     func(context.Context) error
	}{
		{always, l.direction}, {always, l.what}, {l.recovery, l.job}, {l.commitsFirst, l.commit}, {l.pointed, l.point},
		{l.failback, l.sync}, {l.encrypted, l.certificate}, {l.failback, l.target}, {always, l.preflight}, {always, l.review},
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
		if n+first == 0 {
			choices[i].Off = "no item is ready for it"
		}
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which way do the machines go?", Choices: choices})
	if err != nil {
		return err
	}
	if d := string(ways[n]); d != l.o.direction {
		l.o, l.chosen = planOptions{direction: d, to: original, point: latestPoint}, nil
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

func (l *linePlan) sync(ctx context.Context) error {
	l.t.Say("Predicting both synchronisation options.")
	made, err := forecast(l.s.store)(ctx, l.s.conn, l.chosen)
	if err != nil {
		l.t.Say("No forecast could be made: %s.", err)
	}
	about := func(f estimate.Forecast, says string) string {
		if err == nil {
			says += fmt.Sprintf(". Expected: %s over the wire, downtime %s, %s in all", engine.SizeWords(f.Bytes),
				text.Range(f.Downtime.P50, f.Downtime.P90), text.Range(f.Total.P50, f.Total.P90))
		}
		return says
	}
	if err == nil {
		for _, w := range made.Assumed {
			l.t.Say("Assumed, not measured: %s.", w)
		}
		for _, w := range made.Learnt {
			l.t.Say("Learnt: %s.", w)
		}
		for _, w := range made.Why {
			l.t.Say("For the choice: %s.", w)
		}
	}
	options := []engine.SyncOption{engine.SyncDelta, engine.SyncFull}
	n, err := l.t.One(ctx, ask.Question{Ask: "How does the data come home? There is no default.", Choices: []ask.Choice{
		{Label: "delta [Synchronize data before failover]", About: about(made.Delta, "the Azure VM keeps running while what differs comes home")},
		{Label: "full [Synchronize data during failover only]", About: about(made.Full, "the Azure VM stops at once and everything comes home")},
	}})
	if err == nil {
		l.o.sync = string(options[n])
	}
	return err
}

func (l *linePlan) encrypted() bool {
	l.cert, l.o.certificate = nil, ""
	for _, it := range l.chosen {
		if it.Kind == engine.KindVMM && it.Encryption {
			return true
		}
	}
	return false
}

// certificate asks for the file; its password is asked without echo, or taken from
// the environment.
func (l *linePlan) certificate(ctx context.Context) error {
	for {
		path, err := l.t.Text(ctx, "An item has the retired VMM data encryption. Which PFX file did provider setup issue?", false)
		if err != nil {
			return err
		}
		if l.cert, err = l.a.certificate(ctx, path); err == nil {
			l.o.certificate = path
			return nil
		}
		l.a.complain(err)
	}
}

func (l *linePlan) target(ctx context.Context) error {
	choices := []ask.Choice{{Label: "The original location", About: "each VM on the host it came from, found by its id"}}
	for _, h := range l.hosts {
		c := ask.Choice{Label: "Host " + h.Name, Off: wizard.Unfit(h, l.chosen)}
		if l.recovery() && !l.o.each {
			c.Off = "a recovery plan's own job takes no host"
		}
		choices = append(choices, c)
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Where does it go?", Choices: choices})
	if err != nil {
		return err
	}
	l.o.to, l.o.createVM = original, false
	if n > 0 {
		l.o.to = l.hosts[n-1].Name
	}
	if n == 0 && (!l.recovery() || l.o.each) {
		return nil
	}
	n, err = l.t.One(ctx, ask.Question{Ask: "A VM that does not exist there:", Choices: []ask.Choice{{Label: "is created"}, {Label: "is not created, and stops the run"}}})
	l.o.createVM = err == nil && n == 0
	return err
}

// preflight makes the plan and checks it, as often as is asked for. What blocks is
// mended, or taken out with a reason where its rule allows that, or gone back from.
func (l *linePlan) preflight(ctx context.Context) error {
	for {
		if err := l.o.check(); err != nil {
			return err
		}
		l.o.notices = nil
		var err error
		if l.plan, err = l.o.plan(ctx, l.s); err != nil {
			l.a.complain(err)
			return ask.ErrBack
		}
		l.plan.CertificateThumbprint = l.cert.Thumbprint()
		for _, n := range l.o.notices {
			l.t.Say("%s", n)
		}
		l.t.Say("")
		l.t.Say("Checking everything that can go wrong.")
		rows, stopped, err := checkAll(ctx, l.s, l.plan)
		if err != nil {
			return err
		}
		rows = append(rows, membersRows(l.plan, stopped)...)
		l.tell(rows)
		if len(stopped) == 0 {
			return nil
		}
		n, err := l.t.One(ctx, ask.Question{Ask: "The preflight blocks " + quoteAll(stopped) + ".", Choices: []ask.Choice{
			{Label: "Check again"}, {Label: "Override a rule", About: "only rules that may be overridden, with a reason that the evidence keeps"},
		}})
		if err != nil {
			return err
		}
		if n == 1 {
			if err := l.override(ctx, rows); err != nil {
				return err
			}
		}
	}
}

// tell says what is not fine, and counts the rest.
func (l *linePlan) tell(rows []checkRow) {
	fine := 0
	for _, r := range rows {
		if r.Verdict == engine.VerdictOK {
			fine++
			continue
		}
		l.t.Say("%s, %s: %s: %s", r.Verdict, r.Item, r.Title, r.Observed)
		if r.Remedy != "" {
			l.t.Say("   now: %s", r.Remedy)
		}
		l.t.Say("   rule %s, %s", r.Rule, r.Basis())
	}
	l.t.Say("%d of %d rules are fine.", fine, len(rows))
}

func (l *linePlan) override(ctx context.Context, rows []checkRow) error {
	var ids []string
	var choices []ask.Choice
	seen := map[string]bool{}
	for _, r := range rows {
		if r.Verdict != engine.VerdictBlock || seen[r.Rule] {
			continue
		}
		seen[r.Rule] = true
		c := ask.Choice{Label: r.Rule, About: r.Title}
		if err := l.s.rules.Overridable(r.Rule); err != nil {
			c.Off = "nobody may override it"
		}
		ids, choices = append(ids, r.Rule), append(choices, c)
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which rule?", Choices: choices})
	if errors.Is(err, ask.ErrBack) {
		return nil
	}
	if err != nil {
		return err
	}
	why, err := l.t.Text(ctx, "Why may it be overridden? The evidence keeps it with your name.", false)
	if err == nil {
		l.o.override = append(l.o.override, ids[n]+"="+why)
	}
	return err
}

func (l *linePlan) review(ctx context.Context) error {
	p := l.plan
	draft := wizard.Draft{Direction: p.Direction, RecoveryPlan: p.RecoveryPlan, Sync: p.Sync, Target: p.Target}
	l.t.Say("")
	l.t.Say("Review.")
	for _, it := range p.Items {
		for _, known := range l.items {
			if engine.SameID(known.ID, it.ID) {
				draft.Items = append(draft.Items, known)
			}
		}
		l.t.Say("Item: %s, %s, %s, host %s.", it.Name, text.Plural(it.Disks, "disk", "disks"), engine.SizeWords(it.Bytes), it.Host)
	}
	for _, x := range p.Skipped {
		l.t.Say("Stays behind: %s: %s.", x.Name, x.Reason)
	}
	l.t.Say("Direction: %s.", p.Direction.Arrow())
	if l.failback() {
		l.t.Say("Synchronisation: %s. Target: %s.", p.Sync, p.Target.Label())
	}
	for _, c := range draft.Consequences() {
		l.t.Say("%s", c)
	}
	var err error
	if l.plan.Reason, err = l.t.Text(ctx, "A reason, for the journal and the report?", true); err != nil {
		return err
	}
	if l.plan.Budget, err = l.budget(ctx); err != nil {
		return err
	}
	if l.failback() {
		if l.plan.Threads, err = l.threads(ctx); err != nil {
			return err
		}
	}
	if err := l.t.Word(ctx, "start the run", draft.Phrase()); err != nil {
		return err
	}
	if !l.failback() {
		l.s.cert = l.cert
	}
	return nil
}

func (l *linePlan) budget(ctx context.Context) (time.Duration, error) {
	for {
		typed, err := l.t.Text(ctx, "The downtime that the owner accepts, such as 30m?", true)
		if err != nil || typed == "" {
			return 0, err
		}
		if d, err := time.ParseDuration(typed); err == nil && d > 0 {
			return d, nil
		}
		l.t.Say("A downtime budget is a length of time like 30m or 1h30m, not %q.", typed)
	}
}

func (l *linePlan) threads(ctx context.Context) (int, error) {
	for {
		typed, err := l.t.Text(ctx, fmt.Sprintf("Download threads a VM for this run, 1 to %d? What was there is put back; without an answer nothing is changed.", engine.MostThreads), true)
		if err != nil || typed == "" {
			return 0, err
		}
		n, err := strconv.Atoi(typed)
		if err == nil {
			err = engine.CheckThreads(n)
		}
		if err == nil {
			return n, nil
		}
		l.t.Say("Download threads are a number from 1 to %d, not %q.", engine.MostThreads, typed)
	}
}
