package wizard

import (
	"context"
	"reflect"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/text"
)

// preflightStep checks the plan and shows every finding as it comes. A finding
// that blocks stops the wizard here. When nothing even warns it goes on to the
// review by itself.
type preflightStep struct {
	gen      int
	found    []checked
	at       int // finding under the cursor
	moved    bool
	finished bool
	err      error
	plan     engine.Plan
	results  chan findingMsg
	ctx      context.Context
	stop     context.CancelFunc
	reason   *overriding  // open while a reason against a rule is typed
	maker    *switchMaker // open while a missing switch is created
}

// checked is one finding of one item.
type checked struct {
	item string
	engine.Finding
}

// findingMsg is one finding, or the end of the check. Both come through one
// channel with one reader, so that no finding can come after the end.
type findingMsg struct {
	gen  int
	last bool
	err  error
	checked
}

func (s *preflightStep) name() string       { return "Preflight" }
func (s *preflightStep) applies(Draft) bool { return true }
func (s *preflightStep) typing() bool       { return s.reason != nil || s.maker != nil }

func (s *preflightStep) hints(w *Wizard) []keymap.Binding {
	if s.reason != nil {
		return s.reason.hints()
	}
	if s.maker != nil {
		return s.maker.hints()
	}
	off := ""
	switch {
	case !s.finished:
		off = "the preflight is still running"
	case s.err != nil || s.count(engine.VerdictBlock) > 0:
		off = "a finding blocks the plan"
	}
	out := []keymap.Binding{keymap.Choose.But("to the review").Unless(off), keymap.Again, keymap.CreateSwitch.Unless(s.notToCreate(w)), keymap.Override.Unless(s.notToOverride(w.draft)), keymap.Up, keymap.Down}
	if s.straightHelps(w) {
		out = slices.Insert(out, 1, keymap.Straight)
	}
	return out
}

func (s *preflightStep) enter(w *Wizard) tea.Cmd {
	p, err := w.draft.Plan(w.conn, w.services.Owner)
	if err == nil && s.finished && s.err == nil && samePlan(p, s.plan) {
		return nil
	}
	return s.begin(w, p, err)
}

// samePlan reports whether a finished check still holds: what is checked did
// not change.
func samePlan(a, b engine.Plan) bool {
	if !reflect.DeepEqual(a.Direct, b.Direct) || a.Joint() != b.Joint() || a.Direction != b.Direction || a.Sync != b.Sync || a.Target != b.Target || len(a.Items) != len(b.Items) ||
		a.CertificateThumbprint != b.CertificateThumbprint || !slices.Equal(a.Overrides, b.Overrides) {
		return false
	}
	for i := range a.Items {
		if a.Items[i].ID != b.Items[i].ID || a.Items[i].CommitFailover != b.Items[i].CommitFailover || a.Items[i].RecoveryPoint != b.Items[i].RecoveryPoint {
			return false
		}
	}
	return true
}

func (s *preflightStep) begin(w *Wizard, p engine.Plan, err error) tea.Cmd {
	s.halt()
	w.gen++
	*s = preflightStep{gen: w.gen, plan: p, err: err, finished: err != nil}
	if err != nil {
		return nil
	}
	ctx, stop := context.WithCancel(w.ctx)
	s.results, s.ctx, s.stop = make(chan findingMsg, 64), ctx, stop
	return tea.Batch(s.run(w.services), s.next())
}

func (s *preflightStep) halt() {
	if s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// run carries the check out and sends what it finds through the channel.
func (s *preflightStep) run(services Services) tea.Cmd {
	gen, plan, results, ctx := s.gen, s.plan, s.results, s.ctx
	send := func(m findingMsg) {
		select {
		case results <- m:
		case <-ctx.Done():
		}
	}
	return func() tea.Msg {
		err := services.Check(ctx, plan, func(item string, f engine.Finding) {
			send(findingMsg{gen: gen, checked: checked{item, f}})
		})
		send(findingMsg{gen: gen, last: true, err: err})
		return nil
	}
}

// next waits for what the check sends.
func (s *preflightStep) next() tea.Cmd {
	results, ctx := s.results, s.ctx
	return func() tea.Msg {
		select {
		case m := <-results:
			return m
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *preflightStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case findingMsg:
		switch {
		case m.gen != s.gen:
			return nil
		case m.last:
			return s.done(w, m.err)
		}
		s.add(m.checked)
		return s.next()
	case networkMsg, switchMsg:
		return s.switchCame(w, m)
	case tea.KeyMsg:
		return s.key(w, m)
	}
	return nil
}

func (s *preflightStep) add(c checked) {
	s.found = append(s.found, c)
	if !s.moved && c.Verdict == engine.VerdictBlock && s.count(engine.VerdictBlock) == 1 {
		s.at = len(s.found) - 1
	}
}

// done ends the check.
func (s *preflightStep) done(w *Wizard, err error) tea.Cmd {
	s.finished, s.err = true, err
	s.halt()
	s.worstFirst()
	if err == nil && len(s.found) > 0 && len(s.found) == s.count(engine.VerdictOK) {
		return w.forward()
	}
	return nil
}

// worstFirst puts the findings in the order in which somebody should look at
// them. A cursor that was moved stays where it is.
func (s *preflightStep) worstFirst() {
	var at checked
	if s.at < len(s.found) {
		at = s.found[s.at]
	}
	slices.SortStableFunc(s.found, func(a, b checked) int {
		return slices.Index(verdicts, a.Verdict) - slices.Index(verdicts, b.Verdict)
	})
	s.at = 0
	for i, c := range s.found {
		if s.moved && c.item == at.item && c.Rule == at.Rule {
			s.at = i
		}
	}
}

// verdicts are in order of urgency.
var verdicts = []engine.Verdict{engine.VerdictBlock, engine.VerdictWarn, engine.VerdictUnknown, engine.VerdictOK}

func (s *preflightStep) count(v engine.Verdict) int {
	n := 0
	for _, c := range s.found {
		if c.Verdict == v {
			n++
		}
	}
	return n
}

func (s *preflightStep) key(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case s.reason != nil:
		return s.keyReason(w, k)
	case s.maker != nil:
		return s.keySwitch(w, k)
	case keymap.CreateSwitch.Is(k):
		return s.createSwitch(w)
	case keymap.Override.Is(k):
		s.override(w)
	case keymap.Straight.Is(k):
		return s.goStraight(w)
	case keymap.Back.Is(k):
		s.halt()
		return w.back()
	case keymap.Again.Is(k):
		p, err := w.draft.Plan(w.conn, w.services.Owner)
		return s.begin(w, p, err)
	case keymap.Choose.Is(k):
		return s.choose(w)
	case keymap.Up.Is(k):
		s.move(-1)
	case keymap.Down.Is(k):
		s.move(1)
	case keymap.PageUp.Is(k):
		s.move(-10)
	case keymap.PageDown.Is(k):
		s.move(10)
	}
	return nil
}

func (s *preflightStep) move(by int) {
	s.moved = true
	s.at = max(0, min(s.at+by, len(s.found)-1))
}

func (s *preflightStep) choose(w *Wizard) tea.Cmd {
	switch n := s.count(engine.VerdictBlock); {
	case !s.finished:
		w.notice = "The preflight is still running."
	case s.err != nil:
		w.notice = "The preflight did not finish: check again, or go back."
	case n > 0:
		w.notice = "Blocked: " + text.Plural(n, "finding", "findings") + " must be put right first, or another answer chosen. Then check again."
		if s.straightHelps(w) {
			w.notice += " All of it is about Site Recovery: the machine can come home without (" + w.look.KeyName(keymap.Straight) + ")."
		}
		if s.anyToOverride(w.draft) {
			w.notice += " One that may be overridden takes a reason instead."
		}
	default:
		return w.forward()
	}
	return nil
}
