package wizard

import "failback/engine"

// Unfit says why a host can't be the alternate location of the items, empty where it
// can.
func Unfit(h engine.Host, items []engine.Item) string { return unfit(h, items) }

// OwnHost says that the host is the one that all the items came from; empty where it
// is not.
func OwnHost(h engine.Host, items []engine.Item) string { return ownHost(h, items) }

// Phrase is what has to be typed to start a run of the draft.
func (d Draft) Phrase() string { return d.phrase() }

// Consequences say in sentences what a run of the draft does and when, for a reader
// who has no screen.
func (d Draft) Consequences() []string {
	var out []string
	for _, l := range consequences(d) {
		out = append(out, l.Text)
	}
	return out
}
