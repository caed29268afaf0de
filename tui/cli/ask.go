package cli

import (
	"bufio"
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/plain"
)

// longestLine bounds what is read of one line of a person's typing.
const longestLine = 1 << 16

func scan(in io.Reader, each func(string)) {
	s := bufio.NewScanner(in)
	s.Buffer(nil, longestLine)
	for s.Scan() {
		each(s.Text())
	}
}

// prompt says what an open gate needs. An approval is the item's name, typed
// whole: never a single key, and never the same word for two items. A recovery plan
// is asked about once, by its name, and a manual action by its own.
func (f *follower) prompt(l *engine.Leg) {
	if l == nil || l.Gate == nil || (f.state.Plan.MayAnswer(l.Gate.Gate) && !l.Gate.NeedsReason) || !f.first(l) {
		return
	}
	word := f.word(l)
	f.a.say("%s waits: %s", f.subject(l), l.Gate.Title())
	if a := l.Gate.Action; a != nil {
		f.a.say("%s", a.Text)
		f.a.say("Type  %s: what was done  when it is done, or press Ctrl-C to leave it waiting.", word)
		return
	}
	for _, name := range l.Gate.Unverified {
		f.a.say("%s is not verified: name it in the reason.", name)
	}
	if l.Gate.Gate == engine.GateCommit && l.Direction == engine.ToOnPremises {
		f.a.say("Look for yourself:  %s", f.state.Plan.ConsoleCommand(l.Item))
		f.a.say("Type  look %s: what you saw  to have it recorded with your name; it approves nothing.", l.Item.Name)
	}
	if l.Gate.NeedsReason || f.outsideWindow(l, time.Now()) {
		f.a.say("Type  %s: the reason  to approve it, or press Ctrl-C to leave it waiting.", word)
		return
	}
	f.a.say("Type  %s  to approve it, or press Ctrl-C to leave it waiting.", word)
}

// word is what is typed at the leg's open gate. Where answers may have been written
// down beforehand the gate's own name belongs to it: an answer that was meant for
// one gate is none to another.
func (f *follower) word(l *engine.Leg) string {
	word := f.subject(l)
	if f.ahead && !f.a.deps.Streams.InTerminal && l.Gate.Action == nil {
		word += " " + string(l.Gate.Gate)
	}
	return word
}

// subject is what waits at the leg's open gate.
func (f *follower) subject(l *engine.Leg) string {
	switch {
	case l.Gate.Action != nil:
		return l.Gate.Action.Name
	case f.state.Plan.Shared(l.Gate.Gate):
		return f.state.Plan.RecoveryPlan
	}
	return l.Item.Name
}

// first reports whether no other leg's open gate is answered by the same word.
func (f *follower) first(l *engine.Leg) bool {
	for _, o := range f.state.Legs {
		if o.Gate != nil && f.word(o) == f.word(l) {
			return o.Item.Name == l.Item.Name || !f.state.Plan.Shared(l.Gate.Gate)
		}
	}
	return true
}

func (f *follower) outsideWindow(l *engine.Leg, now time.Time) bool {
	return l.Gate.Gate == engine.GateComplete && !f.state.Plan.Window.Contains(now)
}

// answer takes one typed line: NAME, or NAME: REASON.
func (f *follower) answer(ctx context.Context, line string) {
	line = strings.TrimSpace(line)
	if line == "" || f.looked(line) {
		return
	}
	for _, l := range f.state.Legs {
		if l.Gate == nil {
			continue
		}
		reason, ok := approval(line, f.word(l))
		if !ok {
			continue
		}
		d := engine.Decision{Gate: l.Gate.Gate, By: f.who, Reason: reason}
		if l.Gate.Action != nil {
			d.For = l.Gate.Action.Name
		}
		d.Override = reason != "" && f.outsideWindow(l, time.Now())
		if err := f.handle.Decide(l.Item.Name, d); err != nil {
			f.a.say("not decided: %s", err)
			return
		}
		f.held = true
		return
	}
	if f.command(ctx, line) {
		return
	}
	var waiting []string
	for _, l := range f.state.Legs {
		if l.Gate != nil && !slices.Contains(waiting, f.word(l)) {
			waiting = append(waiting, f.word(l))
		}
	}
	if len(waiting) == 0 {
		f.a.say("nothing is decided: no gate is open")
		return
	}
	f.a.say("nothing is decided: type exactly the name of what waits: %s", quoteAll(waiting))
}

// looked takes a line that says what somebody saw of a machine: look NAME: WHAT.
func (f *follower) looked(line string) bool {
	rest, ok := strings.CutPrefix(line, "look ")
	if !ok {
		return false
	}
	for _, l := range f.state.Legs {
		saw, ok := approval(strings.TrimSpace(rest), l.Item.Name)
		if !ok {
			continue
		}
		if err := f.handle.Look(l.Item.Name, f.who, saw); err != nil {
			f.a.say("not recorded: %s", err)
		}
		return true
	}
	return false
}

// approval reports whether the line approves the item, and the reason given.
func approval(line, item string) (reason string, ok bool) {
	rest, ok := strings.CutPrefix(line, item)
	if !ok {
		return "", false
	}
	if rest == "" {
		return "", true
	}
	reason, ok = strings.CutPrefix(rest, ":")
	return strings.TrimSpace(reason), ok
}

// sayEnded tells what is left to do after a run that did not succeed.
func (a *app) sayEnded(e *ended) {
	id := e.state.Run
	switch e.status() {
	case exitInterrupted, exitWaiting:
		a.say("run %s is detached; nothing was cancelled, and what was begun in Azure goes on", id)
	case exitCancelled:
		a.say("run %s is cancelled", id)
	default:
		a.say("run %s failed", id)
	}
	said := map[engine.Gate]bool{} // one line for a gate that is answered once
	for _, l := range e.state.Legs {
		if l.Gate != nil && e.state.Plan.Shared(l.Gate.Gate) {
			if said[l.Gate.Gate] && l.Failure == nil && l.Damage == nil {
				continue
			}
			said[l.Gate.Gate] = true
		}
		a.sayLeg(e.state, l)
	}
	for _, h := range e.state.HeldThreads() {
		a.say("download threads on %s: %s", h.Host, h.Words())
	}
	switch again := a.startAgain(e.state); {
	case resumable(e.state):
		a.say("go on with:  %s", a.command("resume", string(id)))
	case again != "":
		a.say("start again with:  %s", again)
	}
	if e.state.Ended() && e.status() != exitCancelled && len(e.state.FailedDirect("")) > 0 {
		a.say("which goes on with what was brought; or remove what it left with:  %s", a.command("cancel", string(id)))
	}
	if p, ok := e.state.WithoutSiteRecovery(); ok {
		a.say("without Site Recovery, which is all that stands in the way (docs/direct.md):  %s", a.straight(e.state, p))
	}
}

// resumable reports whether a resume is what helps. A leg that preflight blocked
// has done nothing yet: it is started again, not gone on with.
func resumable(s engine.State) bool {
	return len(s.HeldThreads()) > 0 || s.Resumable() && slices.ContainsFunc(s.Legs, func(l *engine.Leg) bool {
		return l.Mode != engine.ModeEnded && l.Outcome != engine.OutcomeBlocked
	})
}

// startAgain is the command that begins a run of what has not succeeded; empty
// where everything has.
func (a *app) startAgain(s engine.State) string {
	words := []string{"start"}
	if s.Plan.Rehearsal {
		words = append(words, "--lab")
		if s.Plan.Profile != "" {
			words = append(words, "--estate", shellWord(s.Plan.Profile))
		}
	} else {
		words = append(words, "--profile", shellWord(s.Plan.Profile))
	}
	items := len(words)
	for _, l := range s.Legs {
		if l.Outcome != engine.OutcomeSucceeded && l.Item.OutsideVault() {
			words = append(words, "--azure-vm", shellWord(l.Item.ID))
		} else if l.Outcome != engine.OutcomeSucceeded {
			words = append(words, "--item", shellWord(l.Item.Name))
		}
	}
	if s.Plan.Joint() && len(words) == items+2*len(s.Legs) {
		words = append(words[:items], "--recovery-plan", shellWord(s.Plan.RecoveryPlan))
	}
	if len(words) == items {
		return ""
	}
	if s.Plan.Sync != "" {
		words = append(words, "--sync", string(s.Plan.Sync))
	}
	if s.Plan.Direction == engine.ToAzure {
		words = append(words, "--direction", string(s.Plan.Direction))
	}
	if t := s.Plan.Target; t.Alternate {
		words = append(words, "--to", shellWord(t.HostName))
	}
	if s.Plan.Target.CreateVM && (s.Plan.Direct == nil || !s.Plan.Target.Alternate) {
		words = append(words, "--create-vm")
	}
	words = append(words, directWords(s.Plan.Direct)...)
	if s.Plan.Threads != 0 {
		words = append(words, "--threads", strconv.Itoa(s.Plan.Threads))
	}
	return a.command(words...)
}

func (a *app) sayLeg(s engine.State, l *engine.Leg) {
	id := s.Run
	failed := l.Failure != nil && l.Outcome != engine.OutcomeNone
	switch {
	case failed && a.shown && l.Outcome == engine.OutcomeBlocked && plain.SaysWhyBlocked(l):
		a.say("%s: blocked by the preflight, for the reasons above; mend them and start again, or look at them with:  %s", l.Item.Name, a.command("show", string(id)))
	case failed:
		a.say("%s: %s", l.Item.Name, a.language().Failure(failureOf(l)))
	}
	switch {
	case l.Damage != nil:
		a.say("%s: the on-premises VM is DAMAGED (%s); do not start it. Repair it by running the failback again to its end", l.Item.Name, l.Damage.Reason)
	case l.Gate != nil && (s.Plan.Shared(l.Gate.Gate) || l.Gate.Gate == engine.GateManual):
		a.say("recovery plan %s waits: %s.  Decide with:  %s", s.Plan.RecoveryPlan, l.Gate.Title(),
			a.command("decide", string(id), string(l.Gate.Gate)))
	case l.Gate != nil:
		a.say("%s waits: %s.  Decide with:  %s", l.Item.Name, l.Gate.Title(),
			a.command("decide", string(id), string(l.Gate.Gate), "--item", shellWord(l.Item.Name)))
	case !failed && l.Outcome == engine.OutcomeNone:
		a.say("%s is at: %s", l.Item.Name, l.Phase().Info().Title)
	}
}

// failureOf is a leg's failure for a line that begins with its item: the name is
// not said twice.
func failureOf(l *engine.Leg) string {
	f := *l.Failure
	rest, ok := strings.CutPrefix(f.Where, l.Item.Name)
	if ok && (rest == "" || strings.HasPrefix(rest, ", ")) {
		f.Where = strings.TrimPrefix(rest, ", ")
	}
	return f.Error()
}
