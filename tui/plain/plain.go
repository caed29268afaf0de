// Package plain writes a run's events as lines, for logs, scripts and screen
// readers: no cursor movement, no colour, one line a fact. It is one of the
// readers of the event stream and keeps no state of its own beyond the fold.
package plain

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/lang"
	"failback/tui/text"
)

// Printer writes a run as it happens. It is used by one goroutine.
type Printer interface {
	// Event writes one event.
	Event(e engine.Event) error
	// Tick is called about once a second, so that silence can be broken.
	Tick(now time.Time) error
	// Close is called once, after the last event.
	Close() error
}

// silence is the longest time in which the text printer writes nothing while
// something goes on.
const silence = 10 * time.Second

// Text writes sentences with time and item.
type Text struct {
	out   io.Writer
	zone  *time.Location
	state engine.State
	last  time.Time // of the last line, by the caller's clock
	width int       // of the item column
	lang  lang.Language
}

// NewText returns a printer whose times are in zone.
func NewText(out io.Writer, zone *time.Location) *Text { return &Text{out: out, zone: zone} }

// In has the sentences said in a language.
func (t *Text) In(l lang.Language) *Text {
	t.lang = l
	return t
}

// Event writes the event's sentence, if it has one for people.
func (t *Text) Event(e engine.Event) error {
	next, err := t.state.Apply(e)
	if err != nil {
		return fmt.Errorf("event %d can't be shown: %w", e.Seq, err)
	}
	t.state = next
	if p, ok := e.Body.(engine.RunPlanned); ok {
		for _, it := range p.Plan.Items {
			t.width = max(t.width, len([]rune(text.Clean(it.Name))))
		}
	}
	if quiet(e) {
		return nil
	}
	if err := t.line(e.Time, e.Item, t.sentence(e)); err != nil {
		return err
	}
	if g, ok := e.Body.(engine.GateOpened); ok {
		for _, c := range g.Consequences {
			if err := t.line(e.Time, e.Item, "  - "+t.lang.Say(c)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sentence is the event's sentence. The findings that block were lines of their
// own: the failure of the preflight, which names them all, does not say them again.
func (t *Text) sentence(e engine.Event) string {
	f, ok := e.Body.(engine.PhaseFailed)
	if l := t.state.Leg(e.Item); ok && f.Failure != nil && f.Failure.Kind == engine.FailureBlocked && l != nil && SaysWhyBlocked(l) {
		return e.Phase.Info().Title + " failed: blocked by what is named above; nothing was changed"
	}
	return t.state.Sentence(e)
}

// SaysWhyBlocked reports whether the lines of a leg name what blocks it.
func SaysWhyBlocked(l *engine.Leg) bool {
	return slices.ContainsFunc(l.Findings, func(f engine.Finding) bool { return f.Verdict == engine.VerdictBlock })
}

// quiet reports events that say nothing to a reader of lines: passing progress,
// and preflight rules that found nothing.
func quiet(e engine.Event) bool {
	if c, ok := e.Body.(engine.PreflightChecked); ok {
		return c.Unchanged() || c.Verdict == engine.VerdictOK && c.Was == ""
	}
	return engine.Sentence(e) == ""
}

// Tick says what still goes on after ten seconds without a line.
func (t *Text) Tick(now time.Time) error {
	if t.last.IsZero() {
		t.last = now
	}
	if now.Sub(t.last) < silence || t.state.Ended() {
		return nil
	}
	for _, l := range t.state.Legs {
		s := still(t.state, l, now)
		if s == "" {
			continue
		}
		if err := t.line(now, l.Item.Name, s); err != nil {
			return err
		}
	}
	t.last = now
	return nil
}

// Close does nothing: every line is out already.
func (t *Text) Close() error { return nil }

func (t *Text) line(at time.Time, item, sentence string) error {
	t.last = at
	_, err := fmt.Fprintf(t.out, "%s  %s\n", at.In(t.zone).Format(time.TimeOnly),
		strings.TrimRight(fmt.Sprintf("%-*s  %s", t.width, text.Clean(item), text.Clean(t.lang.Say(sentence))), " "))
	return err
}

// Standing says in a sentence what a leg is doing or how it ended.
func Standing(l *engine.Leg, now time.Time) string {
	switch {
	case l.Outcome != engine.OutcomeNone:
		return string(l.Outcome)
	case l.Mode == engine.ModeFailed || l.Mode == engine.ModeEnded:
		return "stopped at: " + l.Phase().Info().Title
	}
	return still(engine.State{}, l, now)
}

// still is what a leg is doing, with how long it has been at it; empty where it
// has ended.
func still(st engine.State, l *engine.Leg, now time.Time) string {
	switch l.Mode {
	case engine.ModeEnded, engine.ModeFailed:
		return ""
	case engine.ModeWaiting:
		return fmt.Sprintf("still waiting for a decision: %s [%s]", l.Gate.Verb, engine.SpanWords(now.Sub(l.GateSince)))
	case engine.ModeReady, engine.ModeRunning, engine.ModeInterrupted, engine.ModeCancelling:
	}
	p := l.Phase()
	s := "still: " + p.Info().Title
	if l.StartedByOthers() {
		s = "THE ON-PREMISES VM RUNS AND MUST NOT: shut it down at once; " + s
	}
	if l.Mode == engine.ModeCancelling {
		s += ", cancelling"
	}
	if missing := (engine.BootChecked{Lines: l.Proving}).Missing(); missing != "" {
		s += ", not seen yet: " + missing
	}
	if y, ok := l.Sync[p]; ok {
		s += y.Words()
	}
	if from := l.Phases[p].Started; !from.IsZero() {
		s += fmt.Sprintf(" [%s elapsed]", engine.SpanWords(now.Sub(from)))
	}
	if r := estimate.Left(st, l.Item.Name, now); r.Known() {
		s += fmt.Sprintf(" [%s left until %s, estimate]", text.Range(r.P50, r.P90), r.Until)
	}
	if age := now.Sub(l.Seen); !l.Seen.IsZero() && age > 2*time.Minute {
		s += fmt.Sprintf(" [job as of %s ago]", engine.SpanWords(age.Truncate(time.Second)))
	}
	if l.InDowntime() {
		s += fmt.Sprintf(" [down %s]", engine.SpanWords(l.Downtime(now)))
	}
	return s
}

// JSON writes one event a line, the same objects that the journal holds.
type JSON struct{ out io.Writer }

// NewJSON returns a printer of JSON lines.
func NewJSON(out io.Writer) *JSON { return &JSON{out} }

// Event writes the event, unless it is passing progress that nobody keeps.
func (j *JSON) Event(e engine.Event) error {
	if e.Seq == 0 {
		return nil
	}
	raw, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = j.out.Write(text.JSON(append(raw, '\n')))
	return err
}

// Tick does nothing: a stream of data may be silent.
func (j *JSON) Tick(time.Time) error { return nil }

// Close does nothing: every line is out already.
func (j *JSON) Close() error { return nil }

// Last writes the run's last event as one JSON document, and nothing before.
type Last struct {
	out  io.Writer
	last *engine.Event
}

// NewLast returns a printer of the outcome alone.
func NewLast(out io.Writer) *Last { return &Last{out: out} }

// Event keeps run.finished. A run that was resumed has several; the last counts.
func (l *Last) Event(e engine.Event) error {
	if e.Type() == (engine.RunFinished{}).Type() {
		l.last = &e
	}
	return nil
}

// Tick does nothing.
func (l *Last) Tick(time.Time) error { return nil }

// Close writes the outcome, if there is one.
func (l *Last) Close() error {
	if l.last == nil {
		return nil
	}
	return NewJSON(l.out).Event(*l.last)
}
