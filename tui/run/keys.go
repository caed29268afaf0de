package run

import "failback/tui/keymap"

// Hints are the keys of the screen or of the dialog over it.
func (r *Live) Hints() []keymap.Binding {
	switch {
	case r.leave != nil:
		return r.leave.Keys()
	case r.cancel != nil:
		return r.cancel.form.More()
	case r.gate != nil:
		return r.gate.form.More()
	case r.list.typing:
		return filterKeys()
	}
	return r.keys()
}

func (r *Live) keys() []keymap.Binding {
	decideOff, cancelOff := "", ""
	if len(r.waiting()) == 0 {
		decideOff = "nothing waits for a decision"
	}
	if r.cancellable() == nil {
		cancelOff = "nothing is left that a cancel could undo"
	}
	if r.watch != "" {
		decideOff, cancelOff = r.watch, r.watch
	}
	keys := []keymap.Binding{keymap.Decide.Unless(decideOff), keymap.Log, keymap.Tasks, keymap.Checks, keymap.Cancel.Unless(cancelOff)}
	if r.watch != "" {
		return r.moving(append(keys, keymap.Times))
	}
	if r.state.Ended() {
		keys = append([]keymap.Binding{keymap.Choose.But("outcome")}, keys...)
	}
	leave := keymap.Interrupt
	if r.state.Ended() {
		leave = keymap.Quit
	}
	return r.moving(append(keys, leave, keymap.Times, keymap.Jobs))
}

// moving adds the keys that go from item to item, where there are several.
func (r *Live) moving(keys []keymap.Binding) []keymap.Binding {
	if len(r.state.Legs) > 1 {
		keys = append(keys, keymap.Up, keymap.Down)
	}
	if r.many() {
		keys = append(r.fleetKeys(), keys...)
	}
	return keys
}

// Keys are the keys of the screen for the help.
func (r *Live) Keys() []keymap.Group {
	switch {
	case r.leave != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.leave.Keys()}}
	case r.cancel != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.cancel.form.Keys()}}
	case r.gate != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.gate.form.Keys()}}
	case r.list.typing:
		return []keymap.Group{{Title: "Filter", Bindings: filterKeys()}}
	}
	return []keymap.Group{
		{Title: "Live run", Bindings: r.keys()},
		{Title: "Log, tasks, findings", Bindings: []keymap.Binding{keymap.PageUp, keymap.PageDown, keymap.Back.But("back to the phases")}},
	}
}
