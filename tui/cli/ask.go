package cli

import (
	"bufio"
	"io"
	"strings"
	"time"

	"failback/engine"
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
// whole: never a single key, and never the same word for two items.
func (f *follower) prompt(l *engine.Leg) {
	if l == nil || l.Gate == nil || (f.state.Plan.MayAnswer(l.Gate.Gate) && !l.Gate.NeedsReason) {
		return
	}
	f.a.say("%s waits: %s [%s]", l.Item.Name, l.Gate.Verb, l.Gate.Portal)
	if l.Gate.NeedsReason || f.outsideWindow(l, time.Now()) {
		f.a.say("Type  %s: the reason  to approve it, or press Ctrl-C to leave it waiting.", l.Item.Name)
		return
	}
	f.a.say("Type  %s  to approve it, or press Ctrl-C to leave it waiting.", l.Item.Name)
}

func (f *follower) outsideWindow(l *engine.Leg, now time.Time) bool {
	return l.Gate.Gate == engine.GateComplete && !f.state.Plan.Window.Contains(now)
}

// answer takes one typed line: NAME, or NAME: REASON.
func (f *follower) answer(line string) {
	line = strings.TrimSpace(line)
	if line == "" {
		return
	}
	for _, l := range f.state.Legs {
		reason, ok := approval(line, l.Item.Name)
		if !ok || l.Gate == nil {
			continue
		}
		d := engine.Decision{Gate: l.Gate.Gate, By: f.who, Reason: reason}
		d.Override = reason != "" && f.outsideWindow(l, time.Now())
		if err := f.handle.Decide(l.Item.Name, d); err != nil {
			f.a.say("not decided: %s", err)
		}
		return
	}
	waiting := f.state.Waiting()
	if len(waiting) == 0 {
		f.a.say("nothing is decided: no gate is open")
		return
	}
	f.a.say("nothing is decided: type exactly the name of what waits: %s", quoteAll(waiting))
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
	for _, l := range e.state.Legs {
		a.sayLeg(id, l)
	}
	if e.state.Resumable() {
		a.say("go on with:  failback resume %s", id)
	}
}

func (a *app) sayLeg(id engine.RunID, l *engine.Leg) {
	switch {
	case l.Damage != nil:
		a.say("%s: the on-premises VM is DAMAGED (%s); do not start it. Repair it by running the failback again to its end", l.Item.Name, l.Damage.Reason)
	case l.Gate != nil:
		a.say("%s waits: %s [%s].  Decide with:  failback decide %s %s --item %s", l.Item.Name, l.Gate.Verb, l.Gate.Portal, id, l.Gate.Gate, shellWord(l.Item.Name))
	case l.Failure != nil && l.Outcome != engine.OutcomeNone:
		a.say("%s: %s", l.Item.Name, l.Failure.Error())
	case l.Outcome == engine.OutcomeNone:
		a.say("%s is at: %s", l.Item.Name, l.Phase().Info().Title)
	}
}

// shellWord quotes a name for the command that a person may paste.
func shellWord(s string) string {
	plain := strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.", r)
	}) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", "'\\''") + "'"
}
