package cli

import (
	"context"
	"errors"
	"fmt"

	"failback/config"
	"failback/engine"
	"failback/engine/runs"
	"failback/tui/ask"
)

// talk begins the conversation on standard input. Whoever follows a run later takes
// the same lines: what was typed ahead is not lost.
func (a *app) talk() *ask.Talk {
	if a.answers == nil {
		a.answers = readLines(a.deps.Streams.In)
	}
	return ask.New(a.answers, a.deps.Streams.Err).In(a.language())
}

// talkEnded is how a conversation that did not come to an end leaves the program.
func talkEnded(err error) error {
	switch {
	case errors.Is(err, ask.ErrLeave), errors.Is(err, ask.ErrBack):
		return nil
	case errors.Is(err, ask.ErrEnded):
		return engine.Usagef("answer every question, or use the commands for scripts (failback help)", "the input ended at a question; nothing was started")
	case errors.Is(err, context.Canceled):
		return errInterrupted
	}
	return err
}

// entry is one line of the first question.
type entry struct {
	ask.Choice
	do func(context.Context) error
}

// lineHome is the first screen in lines. A run ends it, with that run's exit status;
// everything else leads back to it.
func (a *app) lineHome(ctx context.Context) error {
	t := a.talk()
	for {
		entries, err := a.entries(t)
		if err != nil {
			return err
		}
		choices := make([]ask.Choice, len(entries))
		for i, e := range entries {
			choices[i] = e.Choice
		}
		n, err := t.One(ctx, ask.Question{Ask: "What shall be done?", Choices: choices,
			Help: "Nothing is started before its name was typed at the end of the questions."})
		if err != nil {
			return talkEnded(err)
		}
		switch err := entries[n].do(ctx); {
		case errors.Is(err, ask.ErrBack):
		case errors.Is(err, ask.ErrEnded), errors.Is(err, ask.ErrLeave), ctx.Err() != nil:
			return talkEnded(err)
		default:
			return err
		}
	}
}

// entries are unfinished runs first, then what can be begun, then what can be read.
func (a *app) entries(t *ask.Talk) ([]entry, error) {
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	all, err := store.List()
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, r := range all {
		if r.Broken != "" || !r.Live && !r.Resumable {
			continue
		}
		e := entry{Choice: ask.Choice{Label: fmt.Sprintf("Go on with run %s: %s, %s", r.ID, r.Item, runPlace(r))},
			do: func(ctx context.Context) error { return a.resume(ctx, string(r.ID), "") }}
		if r.Live {
			e.Label = fmt.Sprintf("Watch run %s: %s, %s", r.ID, r.Item, runPlace(r))
			e.About = "driven by " + r.Driver
			e.do = func(ctx context.Context) error { return a.watch(ctx, store, r.ID) }
		}
		out = append(out, e)
	}
	file, err := a.configuration()
	if err != nil {
		return nil, err
	}
	for _, name := range file.Names() {
		p := file.Profiles[name]
		out = append(out, entry{Choice: ask.Choice{Label: "Open profile " + name, About: vaultAbout(p)}, do: func(ctx context.Context) error {
			return a.lineVault(ctx, t, Target{Profile: &p, Person: a.person()})
		}})
	}
	if len(file.Names()) == 0 {
		t.Say("No profile is configured. A profile is written in %s; docs/config.md says how.", config.DefaultFile())
	}
	out = append(out, entry{Choice: ask.Choice{Label: "Rehearse a failback in the lab", About: "nothing real is at stake"}, do: func(ctx context.Context) error {
		lab, err := a.theLab()
		if err != nil {
			return err
		}
		return a.lineVault(ctx, t, Target{Lab: lab})
	}})
	read := entry{Choice: ask.Choice{Label: "Read the evidence of a run"}, do: func(ctx context.Context) error { return a.lineEvidence(ctx, t, store, all) }}
	if len(all) == 0 {
		read.Off = "no run was started yet"
	}
	return append(out, read), nil
}

// lineRehearsal plans a rehearsal in lines.
func (a *app) lineRehearsal(ctx context.Context) error {
	lab, err := a.theLab()
	if err != nil {
		return err
	}
	return talkEnded(a.lineVault(ctx, a.talk(), Target{Lab: lab}))
}

func vaultAbout(p config.Profile) string {
	if p.NamesVault() {
		return "vault " + p.Vault
	}
	return "its vaults are looked for"
}

func runPlace(r runs.Summary) string {
	if r.Damaged {
		return place(r) + ", DAMAGED on-premises VM"
	}
	return place(r)
}

func (a *app) lineEvidence(ctx context.Context, t *ask.Talk, store *runs.Store, all []runs.Summary) error {
	choices := make([]ask.Choice, len(all))
	for i, r := range all {
		choices[i] = ask.Choice{Label: fmt.Sprintf("%s: %s, %s", r.ID, r.Item, standing(r))}
		if r.Broken != "" {
			choices[i].Off = r.Broken
		}
	}
	n, err := t.One(ctx, ask.Question{Ask: "Which run?", Choices: choices})
	if err != nil {
		return err
	}
	r, err := buildReport(store, all[n].ID)
	if err != nil {
		return err
	}
	if err := r.WriteMarkdown(a.deps.Streams.Out); err != nil {
		return err
	}
	return ask.ErrBack // to the first question
}

// lineVault opens a target and asks what to do there.
func (a *app) lineVault(ctx context.Context, t *ask.Talk, target Target) error {
	s, err := a.lineConnect(ctx, t, target)
	if err != nil {
		return err
	}
	defer s.close(a)
	where := "vault " + s.conn.Vault
	if s.conn.Rehearsal {
		where += ", in the lab: nothing real is at stake"
	}
	for {
		n, err := t.One(ctx, ask.Question{Ask: "What shall be done in " + where + "?", Choices: []ask.Choice{
			{Label: "Plan a failback or a planned failover"}, {Label: "List the items"}, {Label: "List the hosts"}, {Label: "Look after jobs"},
		}})
		if err != nil {
			return err
		}
		switch n {
		case 0:
			err = a.linePlan(ctx, t, s)
		case 1:
			err = a.lineItems(ctx, s)
		case 2:
			err = a.lineHosts(ctx, s)
		default:
			err = a.lineJobs(ctx, t, s)
		}
		if !errors.Is(err, ask.ErrBack) {
			return err
		}
	}
}

// lineConnect opens a target; where its profile leaves the vault open, it is asked for.
func (a *app) lineConnect(ctx context.Context, t *ask.Talk, target Target) (*session, error) {
	if target.Profile == nil || target.Profile.NamesVault() || a.flags.vault != "" {
		return a.connectTo(ctx, target)
	}
	found, err := a.vaults(ctx, target)
	if err != nil && len(found) == 0 {
		return nil, err
	}
	choices := make([]ask.Choice, len(found))
	for i, v := range found {
		choices[i] = ask.Choice{Label: v.Name, About: fmt.Sprintf("resource group %s, subscription %s", v.ResourceGroup, v.Subscription)}
	}
	if len(found) == 0 {
		return nil, engine.Refuse("open a vault", "profile "+target.Profile.Name, "this sign-in sees none", "name subscription, resource_group and vault in the profile")
	}
	n, err := t.One(ctx, ask.Question{Ask: "Which vault?", Choices: choices})
	if err != nil {
		return nil, err
	}
	return a.connectToVault(ctx, target, found[n].ID)
}

func (a *app) lineItems(ctx context.Context, s *session) error {
	items, err := s.items(ctx)
	if err != nil {
		return err
	}
	rows := make([]itemRow, 0, len(items))
	for _, it := range items {
		rows = append(rows, newItemRow(it))
	}
	if err := itemTable(rows).write(a.deps.Streams.Out, 0); err != nil {
		return err
	}
	return ask.ErrBack
}

func (a *app) lineHosts(ctx context.Context, s *session) error {
	hosts, err := s.conn.Ports.Inventory.Hosts(ctx)
	if err != nil {
		return err
	}
	if err := a.hostTable(hosts).write(a.deps.Streams.Out, 0); err != nil {
		return err
	}
	return ask.ErrBack
}
