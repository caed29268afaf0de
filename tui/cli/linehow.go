package cli

import (
	"context"
	"fmt"
	"slices"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/ask"
	"failback/tui/text"
	"failback/tui/wizard"
)

func (l *linePlan) sync(ctx context.Context) error {
	l.o.direct.on = false
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
	choices := []ask.Choice{
		{Label: "delta [Synchronize data before failover]", About: about(made.Delta, "the Azure VM keeps running while what differs comes home")},
		{Label: "full [Synchronize data during failover only]", About: about(made.Full, "the Azure VM stops at once and everything comes home")},
	}
	if i := slices.IndexFunc(l.chosen, l.onlyStraight); i >= 0 {
		choices[0].Off = "Site Recovery does not take " + l.chosen[i].Name
		choices[1].Off = choices[0].Off
	}
	if l.both() {
		choices = append(choices, ask.Choice{Label: "without Site Recovery", About: "this program takes snapshots, writes new disks and has the host run them: where Site Recovery can't"})
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "How does the data come home? There is no default.", Choices: choices})
	switch {
	case err != nil:
		return err
	case n == len(options):
		l.goStraight()
	default:
		l.o.sync = string(options[n])
	}
	return nil
}

func (l *linePlan) encrypted() bool {
	l.cert, l.o.certificate = nil, ""
	if l.straight() {
		return false
	}
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
	if l.outside {
		choices[0] = ask.Choice{Label: "The original location", Off: "nobody knows where it was"}
	}
	var hosts []string
	for _, h := range l.hosts {
		c := ask.Choice{Label: "Host " + h.Name, Off: wizard.Unfit(h, l.chosen)}
		if l.straight() { // what the vault knows of the host counts for nothing
			c.Off = wizard.OwnHost(h, l.chosen)
		}
		if l.recovery() && !l.o.each {
			c.Off = "a recovery plan's own job takes no host"
		}
		hosts, choices = append(hosts, h.Name), append(choices, c)
	}
	if l.straight() {
		more, rows := l.hostsBeside()
		hosts, choices = append(hosts, more...), append(choices, rows...)
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Where does it go?", Choices: choices})
	if err != nil {
		return err
	}
	l.o.to, l.o.createVM = original, false
	switch {
	case n > len(hosts):
		if l.o.to, err = l.anotherHost(ctx); err != nil {
			return err
		}
	case n > 0:
		l.o.to = hosts[n-1]
	}
	if n > 0 && l.straight() {
		l.o.createVM = true
		return nil
	}
	if n == 0 && !l.straight() && (!l.recovery() || l.o.each) {
		return nil
	}
	n, err = l.t.One(ctx, ask.Question{Ask: "A VM that does not exist there:", Choices: []ask.Choice{{Label: "is created"}, {Label: "is not created, and stops the run"}}})
	l.o.createVM = err == nil && n == 0
	return err
}
