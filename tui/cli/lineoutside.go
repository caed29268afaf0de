package cli

import (
	"context"
	"strings"

	"failback/engine"
	"failback/tui/ask"
	"failback/tui/text"
	"failback/tui/wizard"
)

func (l *linePlan) inVault() bool      { return !l.outside }
func (l *linePlan) outsideVault() bool { return l.outside }

// outsiders are the machines that were chosen and that no vault replicates.
func (l *linePlan) outsiders() []engine.Item {
	if !l.outside {
		return nil
	}
	return l.chosen
}

// throughVault reports whether there is a choice of how the data comes home.
func (l *linePlan) throughVault() bool { return l.failback() && !l.outside }

// machines asks for Azure VMs that no vault replicates, and has Azure read them.
func (l *linePlan) machines(ctx context.Context) error {
	l.goStraight()
	for {
		typed, err := l.t.Text(ctx, "Which Azure VM? Its resource id; several with blanks between them.", false)
		if err != nil {
			return err
		}
		ids := strings.Fields(strings.ReplaceAll(typed, ",", " "))
		if l.readMachines(ctx, ids) {
			l.o.items, l.o.recoveryPlan, l.o.each, l.o.direct.machines = nil, "", false, ids
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// readMachines reads the machines, and says what is wrong with one.
func (l *linePlan) readMachines(ctx context.Context, ids []string) bool {
	l.chosen = nil
	for i, id := range ids {
		ids[i] = strings.TrimSuffix(id, "/")
		if why := engine.WrongMachineID(ids[i]); why != "" {
			l.t.Say("%s", why)
			return false
		}
		if it, ok := engine.Replicated(ids[i], l.items); ok && it.Straight() == "" {
			l.t.Say("The vault has this machine, as %s: go back and choose it there.", it.Name)
			return false
		}
		it, err := l.s.conn.DirectItem(ctx, ids[i])
		if err != nil {
			l.a.complain(err)
			return false
		}
		l.t.Say("%s: %s, %s.", it.Name, text.Plural(len(it.Disks), "disk", "disks"), engine.SizeWords(it.Bytes()))
		l.chosen = append(l.chosen, it)
	}
	return len(ids) > 0
}

// hostsBeside are the hosts that the vault does not list, and last of all any other.
func (l *linePlan) hostsBeside() (names []string, choices []ask.Choice) {
	about := "of the configuration; the vault does not list it"
	if l.lost {
		about = "of the configuration; the vault could not be read"
	}
	names = l.s.conn.HostsBeside(l.hosts)
	for _, name := range names {
		choices = append(choices, ask.Choice{Label: "Host " + name, About: about})
	}
	return names, append(choices, ask.Choice{Label: "Another host", About: "by the name that the configuration has for it"})
}

// anotherHost asks for the name of a host.
func (l *linePlan) anotherHost(ctx context.Context) (string, error) {
	for {
		typed, err := l.t.Text(ctx, "Which host? Its name, as the configuration has it.", false)
		if err != nil {
			return "", err
		}
		why := engine.WrongHostName(typed)
		for _, h := range l.hosts {
			if off := wizard.OwnHost(h, l.chosen); why == "" && off != "" && strings.EqualFold(h.Name, typed) {
				why = h.Name + ": " + off
			}
		}
		if why == "" {
			return typed, nil
		}
		l.t.Say("%s", why)
	}
}
