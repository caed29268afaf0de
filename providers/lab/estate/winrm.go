package estate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/winrm"
)

// WinRM is what is odd about a host's WinRM service. What strikes is counted while the
// lab is served, and begins anew with the next process.
type WinRM struct {
	// Shells is how many shells a user may have at once, Windows' 30 where it does not
	// say.
	Shells int `yaml:"shells" json:"shells,omitempty"`
	// Timeout bounds how long one request is held, a minute where it does not say.
	Timeout  time.Duration  `yaml:"timeout" json:"timeout,omitempty"`
	Troubles []WinRMTrouble `yaml:"troubles" json:"troubles,omitempty"`
}

// WinRMTrouble is one thing that the host, or something on the way to it, does wrong.
type WinRMTrouble struct {
	What  string        `yaml:"what" json:"what"`
	At    string        `yaml:"at" json:"at,omitempty"`       // a step of a conversation; every step of the shell where empty
	From  int           `yaml:"from" json:"from,omitempty"`   // the first such request it strikes, from 1
	Times int           `yaml:"times" json:"times,omitempty"` // for ever where 0
	Code  uint32        `yaml:"code" json:"code,omitempty"`   // of a fault
	Bytes int           `yaml:"bytes" json:"bytes,omitempty"` // before a reset
	Every time.Duration `yaml:"every" json:"every,omitempty"` // between two bytes of a drip
}

// For is the trouble as the service of a host knows it.
func (t WinRMTrouble) For(host string) winrm.Trouble {
	return winrm.Trouble{
		Host: host, At: winrm.Step(t.At), From: t.From, Times: t.Times, What: winrm.Mischief(t.What), Code: t.Code, Bytes: t.Bytes, Every: t.Every,
	}
}

// shellSteps are the steps of a shell, in which what is listed by [winrm.Anywhere] can
// strike.
var shellSteps = []winrm.Step{winrm.StepCreate, winrm.StepCommand, winrm.StepSend, winrm.StepReceive, winrm.StepSignal, winrm.StepDelete}

// WinRMTroubles lists all that can go wrong with a host's WinRM service, with the steps at
// which it can.
func WinRMTroubles() map[winrm.Mischief][]winrm.Step {
	all := map[winrm.Mischief][]winrm.Step{winrm.NoExitCode: {winrm.StepReceive}}
	for _, what := range winrm.Anywhere() {
		all[what] = slices.Clone(shellSteps)
	}
	for what, at := range winrm.InSignIn() {
		all[what] = append(all[what], at)
	}
	return all
}

func (w WinRM) odd() string {
	switch {
	case w.Shells < 0:
		return fmt.Sprintf("winrm.shells: %d is negative", w.Shells)
	case w.Timeout < 0:
		return fmt.Sprintf("winrm.timeout: %s is negative", w.Timeout)
	}
	for i, t := range w.Troubles {
		if why := t.odd(); why != "" {
			return fmt.Sprintf("winrm.troubles[%d].%s", i, why)
		}
	}
	return ""
}

func (t WinRMTrouble) odd() string {
	all := WinRMTroubles()
	what := winrm.Mischief(t.What)
	at, known := all[what]
	switch {
	case !known:
		return fmt.Sprintf("what: unknown trouble %q (%s)", t.What, join(slices.Sorted(maps.Keys(all))))
	case t.At != "" && !slices.Contains(at, winrm.Step(t.At)):
		return fmt.Sprintf("at: %s cannot strike at %q (%s)", t.What, t.At, join(at))
	case t.At == "" && !slices.Contains(winrm.Anywhere(), what):
		return fmt.Sprintf("at: say where %s strikes (%s)", t.What, join(at))
	case t.From < 0:
		return fmt.Sprintf("from: %d is negative", t.From)
	case t.Times < 0:
		return fmt.Sprintf("times: %d is negative", t.Times)
	case t.Code != 0 && what != winrm.Refusal:
		return fmt.Sprintf("code: only %s has one", winrm.Refusal)
	case t.Bytes < 0 || t.Bytes != 0 && what != winrm.Reset:
		return fmt.Sprintf("bytes: only %s has them, 0 or more", winrm.Reset)
	case t.Every < 0 || t.Every != 0 && what != winrm.Drip:
		return fmt.Sprintf("every: only %s has it, 0 or more", winrm.Drip)
	}
	return ""
}

func join[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
