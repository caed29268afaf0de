package wizard

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/text"
)

// overriding asks for the reason against one rule.
type overriding struct {
	rule  string
	given bool // there is a reason already
	field *field.Field
}

func (o *overriding) hints() []keymap.Binding {
	enter := keymap.Choose.But("override and check again")
	if o.given {
		enter = keymap.Choose.But("check again; nothing typed takes it back")
	}
	return []keymap.Binding{enter, keymap.Clear}
}

// reasonFor is the operator's reason against a rule; "" without one.
func (d Draft) reasonFor(rule string) string {
	for _, o := range d.Overrides {
		if o.Rule == rule {
			return o.Reason
		}
	}
	return ""
}

// notToOverride says why no reason can be given against the finding under the cursor;
// "" where one can.
func (s *preflightStep) notToOverride(d Draft) string {
	switch {
	case !s.finished || s.err != nil:
		return "the preflight has not finished"
	case s.at >= len(s.found):
		return "there is no finding"
	}
	c := s.found[s.at]
	switch {
	case d.reasonFor(c.Rule) != "":
		return ""
	case c.Verdict != engine.VerdictBlock:
		return "the finding blocks nothing"
	case !c.Overridable():
		return "nobody may override it: do away with its cause"
	}
	return ""
}

// anyToOverride reports whether a finding blocks that may be overridden.
func (s *preflightStep) anyToOverride(d Draft) bool {
	return slices.ContainsFunc(s.found, func(c checked) bool {
		return c.Verdict == engine.VerdictBlock && c.Overridable() && d.reasonFor(c.Rule) == ""
	})
}

// override opens the question for a reason.
func (s *preflightStep) override(w *Wizard) {
	if why := s.notToOverride(w.draft); why != "" {
		w.notice = "Not overridden: " + why + "."
		return
	}
	rule := s.found[s.at].Rule
	reason := w.draft.reasonFor(rule)
	label := "Your reason:"
	if n := len(w.draft.Items); n > 1 {
		label = "Your reason, for " + text.Plural(n, "item", "items") + ":"
	}
	s.reason = &overriding{rule: rule, given: reason != "", field: field.New(label, "the journal and the evidence keep it with your name").Set(reason)}
}

// keyReason edits the reason. Enter makes it part of the plan and checks once more:
// the rule itself says what it makes of the reason.
func (s *preflightStep) keyReason(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Back.Is(k):
		s.reason = nil
	case keymap.Choose.Is(k):
		reason := strings.TrimSpace(s.reason.field.Value())
		if reason == "" && !s.reason.given {
			w.notice = "Nothing is overridden without a reason; esc leaves it."
			return nil
		}
		w.draft.Overrides = slices.DeleteFunc(slices.Clone(w.draft.Overrides), func(o engine.Override) bool { return o.Rule == s.reason.rule })
		if reason != "" {
			w.draft.Overrides = append(w.draft.Overrides, engine.Override{Rule: s.reason.rule, Reason: reason})
		}
		p, err := w.draft.Plan(w.conn, w.services.Owner)
		return s.begin(w, p, err)
	default:
		s.reason.field.Key(k)
	}
	return nil
}

// viewReason is the question, below what it is about.
func (s *preflightStep) viewReason(w *Wizard, width int) []string {
	if s.reason == nil {
		return nil
	}
	return []string{s.reason.field.View(w.look, width, true)}
}
