package tui

import (
	"slices"

	"failback/tui/keymap"
)

// KeysOutOfPlace lists the keys that the screen in sight shows and that the table
// does not have in its place: what a person puts on another key has to be there.
func (m Model) KeysOutOfPlace() []string {
	in := append(keymap.In(m.screen.Scope()), keymap.In(keymap.ScopeTyping)...)
	var out []string
	shown := append(m.groups(), keymap.Group{Bindings: m.screen.Hints()})
	for _, g := range shown {
		for _, b := range g.Bindings {
			if !slices.ContainsFunc(in, func(x keymap.Binding) bool { return x.Action == b.Action }) {
				out = append(out, g.Title+": "+string(b.Action))
			}
		}
	}
	return out
}
