package engine

import (
	"strings"
	"time"
)

// MachineLooked says that a person has looked at the on-premises VM, and what they
// saw. It decides nothing: a look that speaks against the machine is one, too.
type MachineLooked struct {
	By  string `json:"by"`
	Saw string `json:"saw"`
}

// Type names the event.
func (MachineLooked) Type() EventType { return "machine.looked" }

// Look is what a person said of the on-premises VM, at a gate or beside it.
type Look struct {
	At  time.Time
	By  string
	Saw string // may be empty where the commit gate was answered with a name alone
	// Decided says that it came with the answer at the commit gate.
	Decided bool
}

// Words say the look, without its time.
func (k Look) Words() string {
	s := k.By + " looked"
	if k.Saw != "" {
		s += ", and: " + k.Saw
	}
	return s
}

// mayLook reports whether there is an on-premises VM to look at: Site Recovery has
// begun to start it.
func (l *Leg) mayLook() bool {
	return l.Direction == ToOnPremises && l.reached(PhaseStartOnPremises) && l.Mode != ModeEnded
}

// Look records what a person saw of an item's on-premises VM. It is refused before
// there is one to look at.
func (r *Runner) Look(item, by, saw string) error {
	l := r.Stream.State().Leg(item)
	refuse := func(why, remedy string) error { return Refuse("record a look", item, why, remedy) }
	switch {
	case l == nil:
		return refuse("the run has no such item", "failback show RUN lists them")
	case strings.TrimSpace(by) == "" || strings.TrimSpace(saw) == "":
		return refuse("a look has a name and says what was seen", "give both")
	case !l.mayLook():
		return refuse("there is no on-premises VM of this run to look at; the leg is at "+l.Step().Name(), "wait until it was started")
	}
	return r.Stream.Emit(item, PhaseNone, MachineLooked{By: by, Saw: saw})
}

// ConsoleCommand is what opens the console of the item's on-premises VM on a Windows
// jump box with the Hyper-V tools. Names are data in it: what would end the quoted
// word is taken out.
func (p Plan) ConsoleCommand(it PlanItem) string {
	host := it.Host
	if p.Target.Alternate {
		host = p.Target.HostName
	}
	quoted := func(s string) string {
		return `"` + strings.Map(func(r rune) rune {
			if r == '"' || r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, s) + `"`
	}
	if host == "" || strings.ContainsAny(host, " \t\"&|<>^%'`$();") {
		host = quoted(host)
	}
	return "vmconnect.exe " + host + " " + quoted(it.Name)
}
