package report

import (
	"fmt"
	"strings"

	"failback/engine"
)

// write writes everything about one item.
func (it Item) write(d *document) {
	d.title(2, "Item "+text(it.Item.Name))
	d.para("%s", it.verdict())
	it.writeDanger(d)
	it.writePhases(d)
	it.writeDowntime(d)
	it.writeProofs(d)
	it.writeDecisions(d)
	it.writeOperations(d)
	it.writeFindings(d)
	if len(it.Notes) > 0 {
		d.title(3, "Notes")
		d.notes(it.Notes)
	}
}

func (it Item) verdict() string {
	stands := it.stands()
	switch it.Outcome {
	case engine.OutcomeNone:
		return fmt.Sprintf("**Not finished.** It stands at: %s.", stands)
	case engine.OutcomeDetached:
		return fmt.Sprintf("**Not finished: left to itself.** It stood at: %s.", stands)
	case engine.OutcomeSucceeded:
		return "**Outcome: succeeded.** Every phase was seen to be complete."
	case engine.OutcomeUnknown:
		return fmt.Sprintf("**Outcome: unknown.** What happened at this step could not be decided: %s.", stands)
	case engine.OutcomeFailed, engine.OutcomeCancelled, engine.OutcomeBlocked:
	}
	return fmt.Sprintf("**Outcome: %s.** It stopped at: %s.", text(string(it.Outcome)), stands)
}

// stands says where the leg stands: a phase, or a gate by what it would do.
func (it Item) stands() string {
	for _, g := range engine.AllGates {
		if string(g) == it.Stands {
			return "the gate “" + text(g.Verb()) + "”"
		}
	}
	return text(engine.Phase(it.Stands).Info().Title)
}

// writeDanger says what a reader must not miss.
func (it Item) writeDanger(d *document) {
	for _, g := range it.Damage {
		if g.Cleared.IsZero() {
			d.para("**The on-premises VM is damaged and must not be started**, since %s: %s. Running the failback again to its end repairs it.", moment(g.Since), text(g.Reason))
			continue
		}
		d.para("The on-premises VM was damaged from %s (%s) until %s, when a synchronisation was complete.", moment(g.Since), text(g.Reason), moment(g.Cleared))
	}
	for _, g := range it.Guards {
		what := "lifted"
		if g.Set {
			what = "set"
		}
		d.para("The start guard was %s on %s at %s: automatic start %s, before it %s%s.", what, text(g.Host), moment(g.At), orDash(text(g.After)), orDash(text(g.Before)),
			yes(g.Clustered, "; it is a role of a cluster, which was told the same"))
	}
	if c := it.Cancel; c != nil {
		d.para("A cancel was asked for by %s at %s. Reason: %s.", text(c.By), moment(c.At), orDash(text(c.Reason)))
	}
	for _, f := range it.Failures {
		if f.Failure == nil {
			d.para("%s failed at %s; no reason was written.", text(f.Phase.Info().Title), moment(f.At))
			continue
		}
		d.para("%s failed at %s (%s): %s", text(f.Phase.Info().Title), moment(f.At), text(string(f.Failure.Kind)), text(f.Failure.Error()))
	}
}

func (it Item) writePhases(d *document) {
	if len(it.Phases) == 0 {
		d.para("No phase began.")
		return
	}
	d.title(3, "Phases")
	var rows [][]string
	for _, p := range it.Phases {
		title, took := text(p.Title), ""
		if p.Portal != "" && p.Portal != p.Title {
			title += ` \[` + text(p.Portal) + `\]`
		}
		if !p.Ended.IsZero() {
			took = span(p.Seconds)
		}
		rows = append(rows, []string{title, text(string(p.Status)), moment(p.Started), moment(p.Ended), took, fmt.Sprint(p.Tries), it.moved(p.Phase)})
	}
	d.table([]string{"Phase", "Result", "Began", "Ended", "Took", "Tries", "Data moved"}, rows)
}

// moved is what the agent's counters said at last; they belong to the host.
func (it Item) moved(p engine.Phase) string {
	for _, t := range it.Transfers {
		if t.Phase != p {
			continue
		}
		s := fmt.Sprintf("%s read, %s written", engine.SizeWords(t.Read), engine.SizeWords(t.Written))
		if t.Shared {
			s += " by the host's agent for several items"
		}
		if t.Uncounted {
			s = "the agent's counters were not read"
		}
		if g := t.GrowthWords(); g != "" {
			s += "; " + text(g)
		}
		if t.Estimate {
			s += " (estimate)"
		}
		return s
	}
	return ""
}

func (it Item) writeDowntime(d *document) {
	if dt := it.Downtime; !dt.From.IsZero() {
		d.title(3, "Downtime")
		if dt.GoesOn {
			d.para("Began at %s and had not ended at the last event, %s later.", moment(dt.From), span(dt.Seconds))
		} else {
			d.para("From %s to %s: %s.", moment(dt.From), moment(dt.To), span(dt.Seconds))
		}
	}
	var rows [][]string
	for _, p := range it.Power {
		rows = append(rows, []string{moment(p.At), text(string(p.Side)), text(string(p.Power))})
	}
	d.table([]string{"When", "Side", "Power seen"}, rows)
}

func (it Item) writeProofs(d *document) {
	d.title(3, "Proof of the boot")
	if b := it.Boot; b == nil {
		d.para("No boot was looked at.")
	} else {
		d.para("%s Seen at %s: state %s, heartbeat %s, uptime %s%s, addresses %s.", bootWords(b.Result), moment(b.At),
			orDash(text(b.State)), orDash(text(b.Heartbeat)), engine.SpanWords(b.Uptime), yes(b.Grew, " and growing"), orDash(text(strings.Join(b.Addresses, ", "))))
	}
	it.writeBootLines(d)
	it.writeLooks(d)
	d.title(3, "Proof of the disks")
	if it.Hold.Words != "" {
		d.para("At the last event the on-premises disks were %s.", text(it.Hold.Words))
	}
	var rows [][]string
	equal := 0
	for _, p := range it.Disks {
		if p.Claim == ClaimEqual {
			equal++
		}
		rows = append(rows, []string{text(p.Disk), engine.SizeWords(p.Bytes), text(p.Source), text(p.Target), claimWords(p), moment(p.At)})
	}
	if len(it.Disks) == 0 {
		d.para("No disk was compared.")
		return
	}
	d.para("%d of %d disks are shown to be equal on both sides, byte for byte.", equal, max(it.Item.Disks, len(it.Disks)))
	d.table([]string{"Disk", "Size", "SHA-256 in Azure", "SHA-256 on-premises", "Result", "When"}, rows)
}

// writeBootLines writes what was looked at, one by one.
func (it Item) writeBootLines(d *document) {
	if it.Boot == nil {
		return
	}
	var rows [][]string
	for _, l := range it.Boot.Lines {
		word := text(l.Result.Word())
		if l.Result != engine.LineOK {
			word = "**" + word + "**"
		}
		rows = append(rows, []string{text(l.What), word, text(l.Saw)})
	}
	d.table([]string{"Looked for", "Result", "Seen"}, rows)
}

// writeLooks writes what people saw, and how the machine is looked at.
func (it Item) writeLooks(d *document) {
	if it.Console != "" && it.Boot != nil {
		d.para("Its console is opened with: %s", text(it.Console))
	}
	var rows [][]string
	for _, k := range it.Looks {
		rows = append(rows, []string{moment(k.At), text(k.By), orDash(text(k.Saw)), yes(k.Decided, "with the answer at the commit gate")})
	}
	d.table([]string{"Looked at", "By", "Saw", "Said"}, rows)
}

func bootWords(r engine.BootResult) string {
	switch r {
	case engine.BootProven:
		return "**Proven.**"
	case engine.BootNotProven:
		return "**Running, not proven.**"
	case engine.BootFailed:
		return "**Failed.**"
	}
	return "**" + text(string(r)) + ".**"
}

func claimWords(p Proof) string {
	switch p.Claim {
	case ClaimEqual:
		return "equal"
	case ClaimDiffers:
		return "**DIFFERS**"
	case ClaimNotCompared:
	}
	if p.Missing == "" {
		return "not compared: a checksum is missing"
	}
	return "not compared: " + text(p.Missing)
}

func (it Item) writeDecisions(d *document) {
	if len(it.Decisions) == 0 {
		return
	}
	d.title(3, "Decisions")
	var rows [][]string
	for _, x := range it.Decisions {
		verb := text(x.Verb)
		if x.Portal != "" {
			verb += ` \[` + text(x.Portal) + `\]`
		}
		decided := moment(x.Decided)
		if x.Decided.IsZero() {
			decided = "no decision was made"
		}
		by := text(x.By) + yes(x.Policy, " (policy)")
		rows = append(rows, []string{verb, moment(x.Asked), decided, by, text(x.Reason) + yes(x.Override, " (outside the window)"), x.shown()})
	}
	d.table([]string{"Gate", "Asked", "Approved", "By", "Reason", "Consequences shown"}, rows)
	for _, x := range it.Decisions {
		x.writeDeletes(d)
	}
}

// writeDeletes lists what the answer agreed to have deleted, by resource.
func (x Decision) writeDeletes(d *document) {
	if x.Deletes == nil {
		return
	}
	d.title(3, "What the commit was to delete")
	var rows [][]string
	add := func(list []engine.AzureThing, what string) {
		for _, t := range list {
			size := ""
			if t.Bytes > 0 {
				size = engine.SizeWords(t.Bytes)
			}
			rows = append(rows, []string{what, text(t.Kind), text(t.Name), size, text(t.ID)})
		}
	}
	add(x.Deletes.Things, "deleted")
	add(x.Deletes.Kept, strings.TrimSpace("kept "+yes(!x.Deletes.Until.IsZero(), "until "+moment(x.Deletes.Until))))
	d.table([]string{"", "Kind", "Name", "Size", "Resource"}, rows)
	if x.Decided.IsZero() {
		d.para("Nobody agreed to it.")
	}
}

// shown is what the operator was told before the answer.
func (x Decision) shown() string {
	s := text(strings.Join(x.Consequences, " "))
	if x.Again != "" {
		s = strings.TrimSpace("Asked again: " + text(x.Again) + ". " + s)
	}
	return s
}

func (it Item) writeOperations(d *document) {
	if len(it.Operations) == 0 {
		return
	}
	d.title(3, "Requests that change something")
	var rows [][]string
	for _, op := range it.Operations {
		accepted := moment(op.Accepted) + yes(op.Found, " (found by looking)")
		if op.Accepted.IsZero() {
			accepted = "no acceptance was seen"
		}
		rows = append(rows, []string{text(string(op.Op)), moment(op.Recorded), accepted, text(op.Job), text(op.Request)})
	}
	d.table([]string{"Request", "Intent written", "Accepted", "Job", "Client request id"}, rows)
}

func (it Item) writeFindings(d *document) {
	if len(it.Findings) == 0 {
		return
	}
	d.title(3, "Preflight")
	var rows [][]string
	for _, f := range it.Findings {
		rows = append(rows, []string{text(f.VerdictWords()), text(f.Title), text(f.Observed), text(f.Remedy), text(f.Basis())})
	}
	d.table([]string{"Verdict", "What should be so", "Observed", "Remedy", "Source"}, rows)
}
