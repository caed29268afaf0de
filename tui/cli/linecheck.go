package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"failback/engine"
	"failback/tui/ask"
	"failback/tui/text"
	"failback/tui/wizard"
)

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
		if err := l.mend(ctx, rows, stopped); err != nil {
			return err
		}
	}
}

// mend asks what to do about what blocks, and does it. Then it is checked again.
func (l *linePlan) mend(ctx context.Context, rows []checkRow, stopped []string) error {
	choices := []ask.Choice{
		{Label: "Check again"}, {Label: "Override a rule", About: "only rules that may be overridden, with a reason that the evidence keeps"},
	}
	switches := missingSwitches(rows)
	for _, name := range switches {
		choices = append(choices, l.switchChoice(name))
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "The preflight blocks " + quoteAll(stopped) + ".", Choices: choices})
	switch {
	case err != nil || n == 0:
		return err
	case n == 1:
		return l.override(ctx, rows)
	}
	return l.createSwitch(ctx, switches[n-2])
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
	draft := wizard.Draft{Direction: p.Direction, RecoveryPlan: p.RecoveryPlan, Sync: p.Sync, Target: p.Target, Direct: p.Direct}
	l.t.Say("")
	l.t.Say("Review.")
	for _, it := range p.Items {
		for _, known := range slices.Concat(l.items, l.outsiders()) {
			if engine.SameID(known.ID, it.ID) {
				draft.Items = append(draft.Items, known)
			}
		}
		if it.OutsideVault() {
			l.t.Say("Item: %s, %s, %s, named by its resource id.", it.Name, text.Plural(it.Disks, "disk", "disks"), engine.SizeWords(it.Bytes))
			continue
		}
		l.t.Say("Item: %s, %s, %s, host %s.", it.Name, text.Plural(it.Disks, "disk", "disks"), engine.SizeWords(it.Bytes), it.Host)
	}
	for _, x := range p.Skipped {
		l.t.Say("Stays behind: %s: %s.", x.Name, x.Reason)
	}
	l.t.Say("Direction: %s.", p.Direction.Arrow())
	if l.straight() {
		l.t.Say("Way home: %s. Target: %s.", p.Direct.Words(), p.Target.Label())
		for _, line := range directForecast(ctx, l.s, p) {
			l.t.Say("%s.", line)
		}
	} else if l.failback() {
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
	if l.failback() && !l.straight() {
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
