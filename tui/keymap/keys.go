package keymap

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	tea "github.com/charmbracelet/bubbletea"
)

// Choice is what a configuration says of one action: its keys from then on.
type Choice struct {
	Action Action
	Keys   []string
	Line   int // of the file, for errors
}

// ChoiceError says which choice can't be, and why.
type ChoiceError struct {
	Choice Choice
	Why    string
}

func (e *ChoiceError) Error() string { return string(e.Choice.Action) + ": " + e.Why }

// Keys are one person's keys: the built-in ones, but for the actions that their
// configuration has put elsewhere. The zero value is the built-in ones. It is a
// value and never changes.
type Keys struct{ of map[Action][]string }

// Remap puts actions on other keys. An unknown or fixed action, a key that does
// not exist, and a key that means two things in one place are errors.
func Remap(choices []Choice) (Keys, error) {
	k := Keys{of: map[Action][]string{}}
	for _, c := range choices {
		if why := unfit(c); why != "" {
			return Keys{}, &ChoiceError{c, why}
		}
		if _, twice := k.of[c.Action]; twice {
			return Keys{}, &ChoiceError{c, "given twice"}
		}
		k.of[c.Action] = canonical(c.Keys)
	}
	for _, c := range choices {
		if why := k.clash(c.Action); why != "" {
			return Keys{}, &ChoiceError{c, why}
		}
	}
	return k, nil
}

// unfit says what is wrong with a choice by itself.
func unfit(c Choice) string {
	if _, known := find(c.Action); !known {
		return "there is no such action; docs/keys.md lists them"
	}
	if Fixed(c.Action) {
		return "keeps its key: it is the way out, or works while something is typed"
	}
	if len(c.Keys) == 0 {
		return "name a key, or several in a list"
	}
	for i, name := range c.Keys {
		if _, ok := Named(name); !ok {
			return fmt.Sprintf("%q is no key; write one character, or %s, f2 … f12, ctrl+ or alt+ with a letter", name, strings.Join(namesOfKeys(), ", "))
		}
		if slices.Contains(canonical(c.Keys[:i]), canonical([]string{name})[0]) {
			return fmt.Sprintf("the key %q is given twice", name)
		}
		if b, taken := reserved(name); taken {
			return fmt.Sprintf("the key %q is kept for %q", name, b.Does())
		}
	}
	return ""
}

// reserved finds the fixed action that has a key.
func reserved(name string) (Binding, bool) {
	for _, t := range Scopes() {
		for _, b := range t.Bindings {
			if Fixed(b.Action) && slices.Contains(b.Keys(), canonical([]string{name})[0]) {
				return b, true
			}
		}
	}
	return Binding{}, false
}

// clash says which other action has one of the keys of this one, in a place where
// both work.
func (k Keys) clash(a Action) string {
	for _, t := range Scopes() {
		in := In(t.Scope)
		if t.Scope == ScopeTyping || !slices.ContainsFunc(in, func(b Binding) bool { return b.Action == a }) {
			continue
		}
		for _, b := range in {
			if b.Action == a {
				continue
			}
			for _, name := range k.namesOf(b) {
				if slices.Contains(k.of[a], name) {
					return fmt.Sprintf("the key %q is also that of %s (%s), and both work in one place: %s", shown(name), b.Action, b.Does(), strings.ToLower(t.Title))
				}
			}
		}
	}
	return ""
}

func find(a Action) (Binding, bool) {
	for _, t := range Scopes() {
		for _, b := range t.Bindings {
			if b.Action == a {
				return b, true
			}
		}
	}
	return Binding{}, false
}

// namesOf are the names of a binding's keys, as Bubble Tea has them.
func (k Keys) namesOf(b Binding) []string {
	if names, other := k.of[b.Action]; other {
		return names
	}
	return b.Keys()
}

// Label is the name to show for a binding's keys.
func (k Keys) Label(b Binding) string {
	names, other := k.of[b.Action]
	if !other {
		return b.Label()
	}
	labels := make([]string, len(names))
	for i, name := range names {
		labels[i] = shown(name)
	}
	return strings.Join(labels, "/")
}

// shown is a key's name for people.
func shown(name string) string {
	switch name {
	case " ":
		return "space"
	case "pgdown":
		return "pgdn"
	}
	if at := slices.Index([]string{"up", "down", "left", "right"}, name); at >= 0 {
		return []string{"↑", "↓", "←", "→"}[at]
	}
	return name
}

// Means turns the key that was pressed in a scope into the built-in key of the
// action that the person has put on it, which screens know. It is false for a
// built-in key whose action lies elsewhere now: such a key does nothing. Where
// letters are typed a letter stays what it is, and no key is lost.
func (k Keys) Means(msg tea.KeyMsg, s Scope, typing bool) (tea.KeyMsg, bool) {
	if len(k.of) == 0 || text(msg) || typing && (msg.Type == tea.KeyRunes || msg.Type == tea.KeySpace) {
		return msg, true
	}
	name := msg.String()
	if _, kept := reserved(name); kept {
		return msg, true
	}
	lost := false
	for _, b := range In(s) {
		names, other := k.of[b.Action]
		switch {
		case other && slices.Contains(names, name):
			return b.Press(), true
		case other:
			lost = lost || slices.Contains(b.Keys(), name)
		case slices.Contains(b.Keys(), name):
			return msg, true
		}
	}
	return msg, typing || !lost
}

// special are the keys that are no character, by the names that a configuration
// may use.
var special = map[string]tea.KeyType{
	"up": tea.KeyUp, "down": tea.KeyDown, "left": tea.KeyLeft, "right": tea.KeyRight, "home": tea.KeyHome, "end": tea.KeyEnd,
	"pgup": tea.KeyPgUp, "pgdown": tea.KeyPgDown, "insert": tea.KeyInsert, "delete": tea.KeyDelete, "backspace": tea.KeyBackspace,
	"space": tea.KeySpace, "tab": tea.KeyTab, "shift+tab": tea.KeyShiftTab, "enter": tea.KeyEnter, "esc": tea.KeyEsc,
	"f1": tea.KeyF1, "f2": tea.KeyF2, "f3": tea.KeyF3, "f4": tea.KeyF4, "f5": tea.KeyF5, "f6": tea.KeyF6,
	"f7": tea.KeyF7, "f8": tea.KeyF8, "f9": tea.KeyF9, "f10": tea.KeyF10, "f11": tea.KeyF11, "f12": tea.KeyF12,
}

// namesOfKeys are the names of keys that may be chosen, but for f1 and its like.
func namesOfKeys() []string {
	var out []string
	for name := range maps.Keys(special) {
		if _, kept := reserved(name); !kept && (name[0] != 'f' || len(name) > 3) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Named is the message of a key by its name: one character, or a name such as
// "pgdown", "f5", "ctrl+r" or "alt+x".
func Named(name string) (tea.KeyMsg, bool) {
	if t, ok := special[canonicalName(name)]; ok {
		if t == tea.KeySpace {
			return tea.KeyMsg{Type: t, Runes: []rune{' '}}, true
		}
		return tea.KeyMsg{Type: t}, true
	}
	if rest, ok := strings.CutPrefix(name, "alt+"); ok {
		msg, ok := character(rest)
		msg.Alt = true
		return msg, ok
	}
	if rest, ok := strings.CutPrefix(name, "ctrl+"); ok && len(rest) == 1 && rest[0] >= 'a' && rest[0] <= 'z' {
		t := tea.KeyCtrlA + tea.KeyType(rest[0]-'a')
		// ctrl+i and ctrl+m are tab and enter to a terminal.
		return tea.KeyMsg{Type: t}, t.String() == name
	}
	return character(name)
}

func character(name string) (tea.KeyMsg, bool) {
	r := []rune(name)
	if len(r) != 1 || !unicode.IsGraphic(r[0]) {
		return tea.KeyMsg{}, false
	}
	if r[0] == ' ' {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: r}, true
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: r}, true
}

// canonicalName takes the other spellings of a key.
func canonicalName(name string) string {
	switch name {
	case "pgdn":
		return "pgdown"
	case " ":
		return "space"
	}
	return name
}

// canonical are names of keys as Bubble Tea writes them.
func canonical(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = name
		if msg, ok := Named(name); ok {
			out[i] = msg.String()
		}
	}
	return out
}
