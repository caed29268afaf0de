package run

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
)

// manyItems is from how many items on a run is shown by groups, the worst first,
// and asks no question by itself: what waits stands at the top.
const manyItems = 9

func (r *Live) many() bool { return len(r.state.Legs) >= manyItems }

// band is how a leg stands, the worst first.
type band int

const (
	bandDamaged band = iota
	bandFailed
	bandWaits
	bandCancelling
	bandDown
	bandGoing
	bandAhead
	bandEnded
	bands
)

// title is the heading of what stands alike.
func (b band) title() string {
	return [...]string{
		bandDamaged: "Damaged or in danger", bandFailed: "Failed", bandWaits: "Wait for a decision", bandCancelling: "Being cancelled",
		bandDown: "Down now", bandGoing: "Going on", bandAhead: "Not begun", bandEnded: "Done",
	}[b]
}

// word is the same in a word or two.
func (b band) word() string {
	return [...]string{
		bandDamaged: "in danger", bandFailed: "failed", bandWaits: "wait", bandCancelling: "cancelling",
		bandDown: "down", bandGoing: "going on", bandAhead: "not begun", bandEnded: "done",
	}[b]
}

func bandOf(l *engine.Leg) band {
	switch {
	case l.Damage != nil || l.StartedByOthers():
		return bandDamaged
	case l.Mode == engine.ModeCancelling:
		return bandCancelling
	case l.Failure != nil || l.Outcome != engine.OutcomeNone && l.Outcome != engine.OutcomeSucceeded && l.Outcome != engine.OutcomeDetached:
		return bandFailed
	case waits(l):
		return bandWaits
	case l.Outcome == engine.OutcomeSucceeded:
		return bandEnded
	case l.InDowntime():
		return bandDown
	case len(l.Phases) == 0:
		return bandAhead
	}
	return bandGoing
}

// row is one line of the list: a leg, or a heading over several.
type row struct {
	leg     int // index into the state's legs; -1 for a heading
	heading string
	of      band
}

// list is the legs as they are shown: grouped, filtered, in order.
type list struct {
	rows    []row
	counts  [bands]int // of all legs, whatever the filter says
	byGroup bool       // by the recovery plan's groups instead of by how they stand
	touched bool       // the cursor was moved: until then it stays on the worst
	filter  *field.Field
	typing  bool
}

// arrange lists the legs anew. Where there are few they stay in the plan's order.
func (r *Live) arrange() {
	legs := r.state.Legs
	r.list.counts = [bands]int{}
	of := make([]band, len(legs))
	shown := make([]int, 0, len(legs))
	for i, l := range legs {
		of[i] = bandOf(l)
		r.list.counts[of[i]]++
		if r.lets(l, of[i]) {
			shown = append(shown, i)
		}
	}
	r.list.rows = r.list.rows[:0]
	if !r.many() {
		for _, i := range shown {
			r.list.rows = append(r.list.rows, row{leg: i, of: of[i]})
		}
		r.settle()
		return
	}
	group := func(i int) int {
		if r.list.byGroup {
			return legs[i].Item.Group
		}
		return int(of[i])
	}
	slices.SortStableFunc(shown, func(a, b int) int {
		return cmp.Or(cmp.Compare(group(a), group(b)), cmp.Compare(of[a], of[b]), worse(legs[a], legs[b]))
	})
	for n := 0; n < len(shown); {
		end := n
		for end < len(shown) && group(shown[end]) == group(shown[n]) {
			end++
		}
		title := of[shown[n]].title()
		if r.list.byGroup {
			title = fmt.Sprintf("Group %d", max(1, group(shown[n])))
		}
		r.list.rows = append(r.list.rows, row{leg: -1, heading: fmt.Sprintf("%s (%d)", title, end-n), of: of[shown[n]]})
		for _, i := range shown[n:end] {
			r.list.rows = append(r.list.rows, row{leg: i, of: of[i]})
		}
		n = end
	}
	r.settle()
}

// worse puts what has been down longest first, then what has come least far.
func worse(a, b *engine.Leg) int {
	since := func(t time.Time) int64 {
		if t.IsZero() {
			return 1 << 62
		}
		return t.UnixNano()
	}
	if a.InDowntime() || b.InDowntime() {
		if c := cmp.Compare(since(a.DowntimeFrom), since(b.DowntimeFrom)); c != 0 {
			return c
		}
	}
	return cmp.Compare(a.At, b.At)
}

// lets reports whether the filter shows a leg: by its name, host, phase, or how it
// stands.
func (r *Live) lets(l *engine.Leg, b band) bool {
	if r.list.filter == nil {
		return true
	}
	want := strings.ToLower(strings.TrimSpace(r.list.filter.Value()))
	for _, s := range []string{l.Item.Name, l.Item.Host, l.Phase().Info().Title, b.title(), r.look.Say(l.Phase().Info().Title), r.look.Say(b.title())} {
		if strings.Contains(strings.ToLower(s), want) {
			return true
		}
	}
	return false
}

// settle keeps the cursor on a leg that is shown.
func (r *Live) settle() {
	at := r.cursorAt()
	if at >= 0 && (r.list.touched || !r.many()) {
		return
	}
	for _, x := range r.list.rows {
		if x.leg >= 0 {
			r.selected = x.leg
			return
		}
	}
}

// cursorAt is the row under the cursor; -1 for none.
func (r *Live) cursorAt() int {
	return slices.IndexFunc(r.list.rows, func(x row) bool { return x.leg == r.selected })
}

// moveRows moves the cursor over the legs that are shown.
func (r *Live) moveRows(by int) {
	r.list.touched = true
	step := 1
	if by < 0 {
		step, by = -1, -by
	}
	for i := r.cursorAt() + step; i >= 0 && i < len(r.list.rows) && by > 0; i += step {
		if x := r.list.rows[i]; x.leg >= 0 {
			r.selected = x.leg
			by--
		}
	}
}

// keyList is a key for the list of many items.
func (r *Live) keyList(k tea.KeyMsg) bool {
	if r.panel != panelPhases || r.item {
		return false
	}
	switch {
	case keymap.Filter.Is(k):
		r.list.typing, r.list.filter = true, field.New("Filter", "a name, a host, a phase, how it stands")
	case keymap.Sort.Is(k) && r.grouped():
		r.list.byGroup = !r.list.byGroup
		r.arrange()
	case keymap.Top.Is(k):
		r.moveRows(-len(r.list.rows))
	case keymap.Bottom.Is(k):
		r.moveRows(len(r.list.rows))
	case keymap.PageUp.Is(k):
		r.moveRows(-10)
	case keymap.PageDown.Is(k):
		r.moveRows(10)
	case keymap.Choose.Is(k) && len(r.list.rows) > 0 && r.opens():
		r.item = true
	default:
		return false
	}
	return true
}

// opens reports whether enter opens the item under the cursor: of a run that has
// ended it shows the outcome, which has all of them.
func (r *Live) opens() bool { return !r.state.Ended() || r.watch != "" }

// keyFilter is a key while the filter is typed.
func (r *Live) keyFilter(k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Choose.Is(k):
		r.list.typing = false
		if r.list.filter.Value() == "" {
			r.list.filter = nil
		}
	case keymap.Back.Is(k):
		r.list.typing, r.list.filter = false, nil
	default:
		r.list.filter.Key(k)
	}
	r.arrange()
	return nil
}

// grouped reports whether the recovery plan has its items in several groups.
func (r *Live) grouped() bool {
	return slices.ContainsFunc(r.state.Legs, func(l *engine.Leg) bool { return l.Item.Group > 1 })
}

// fleetKeys are the keys that only a run of many items has.
func (r *Live) fleetKeys() []keymap.Binding {
	off := ""
	if !r.grouped() {
		off = "the items are in no groups"
	}
	sort := keymap.Sort.But("by group or by state").Unless(off)
	if r.item || r.panel != panelPhases {
		return []keymap.Binding{keymap.Back.But("all items"), keymap.Filter.Unless("go back to all items"), sort.Unless("go back to all items")}
	}
	keys := []keymap.Binding{keymap.Filter, sort}
	if r.opens() {
		keys = append([]keymap.Binding{keymap.Choose.But("open the item")}, keys...)
	}
	return keys
}

func filterKeys() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("go through what is left"), keymap.Back.But("no filter"), keymap.Clear}
}
