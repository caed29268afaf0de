package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/text"
	"failback/tui/theme"
)

// heightLine is from which height of the screen the time line of the whole run
// stands below the list.
const heightLine = 32

// fleet is a run of many items: how many stand how, the list, and where there is
// room the one under the cursor and the time line of the whole run.
func (r *Live) fleet(w, h int) []string {
	out := r.fleetHead(w)
	rest := h - len(out)
	var line []string
	if h >= heightLine {
		line = r.wholeTimeline(w, rest-18)
		rest -= len(line)
	}
	if leg := r.leg(); w >= threeColumns && leg != nil {
		lw := w * 9 / 20
		right := append(r.itemHead(leg, w-lw-3), r.details(w-lw-3, rest-2)...)
		out = append(out, r.look.Beside(r.fleetList(lw, rest), right[:min(len(right), rest)], lw, "   ")...)
	} else {
		out = append(out, r.fleetList(w, rest)...)
	}
	for len(line) > 0 && len(out) < h-len(line) {
		out = append(out, "")
	}
	return append(out, line...)
}

// itemHead names the item whose details stand beside the list.
func (r *Live) itemHead(leg *engine.Leg, w int) []string {
	return []string{r.look.Section(r.look.Words(leg.Item.Name), w), ""}
}

// fleetHead is what the run is, how long it goes on, and how many items stand how.
func (r *Live) fleetHead(w int) []string {
	l, p := r.look, r.state.Plan
	name := l.L.Say(text.Plural(len(r.state.Legs), "item", "items"))
	if p.RecoveryPlan != "" {
		name = p.RecoveryPlan + ", " + name
	}
	words := []string{p.Direction.Arrow()}
	if p.Direction == engine.ToOnPremises {
		words = append(words, p.Way(), p.Target.Label())
	}
	left := l.T.Strong.Render(l.Words(name)) + "  " + l.T.Muted.Render(l.Say(strings.Join(words, " · ")))
	out := []string{l.Split(left, l.T.Muted.Render(l.Say("elapsed "))+l.T.Text.Render(text.Clock(r.elapsed())), w), l.Cut(r.countWords(), w)}
	if rates := r.rates; len(rates) > 2 {
		room := max(0, min(60, w-34))
		out = append(out, l.Cut(l.T.Muted.Render(l.Say(r.readLabel()))+l.T.Strong.Render(l.Fit(l.Say(text.Rate(rates[len(rates)-1])), 11))+l.T.Accent.UnsetBold().Render(l.G.Sparkline(rates, room)), w))
	}
	out = append(out, r.saidAbove(w)...)
	if f := r.list.filter; f != nil {
		return append(out, f.View(l, w, r.list.typing))
	}
	return append(out, "")
}

// readLabel says what the speed is of, and where the service itself tells no bytes,
// that it is an estimate.
func (r *Live) readLabel() string {
	for _, leg := range r.state.Legs {
		for _, p := range leg.Sync {
			if p.Estimate {
				return "Read (agents, estimate) "
			}
		}
	}
	return "Read "
}

// countWords are how many items stand how, the worst first.
func (r *Live) countWords() string {
	var out []string
	for b, n := range r.list.counts {
		if n == 0 {
			continue
		}
		mark, style := r.bandMark(band(b))
		out = append(out, style.Render(fmt.Sprintf("%s %d %s", mark, n, r.look.L.SayAs("state", band(b).word()))))
	}
	return strings.Join(out, "   ")
}

func (r *Live) bandMark(b band) (string, theme.Style) {
	l := r.look
	switch b {
	case bandDamaged:
		return l.G.Block, l.T.Bad
	case bandFailed:
		return l.G.Failed, l.T.Bad
	case bandWaits:
		return l.G.Gate, l.T.Warn
	case bandCancelling:
		return l.G.Stopped, l.T.Warn
	case bandDown:
		return l.G.Down, l.T.Downtime
	case bandGoing:
		return l.G.Running, l.T.Accent
	case bandEnded:
		return l.G.Done, l.T.OK
	case bandAhead, bands:
	}
	return l.G.Pending, l.T.Muted
}

// fleetList is as much of the list as there is room for, around the cursor. No
// other row is drawn.
func (r *Live) fleetList(w, h int) []string {
	l := r.look
	if len(r.list.rows) == 0 {
		return []string{l.T.Muted.Render(l.Say("  no item is called that, or stands like that"))}
	}
	h = max(1, h)
	at := max(0, r.cursorAt())
	first := max(0, min(at-h/2, len(r.list.rows)-h))
	rows := r.list.rows[first:min(first+h, len(r.list.rows))]
	nw := 0
	for _, x := range rows {
		if x.leg >= 0 {
			nw = max(nw, min(24, text.Width(r.state.Legs[x.leg].Item.Name)))
		}
	}
	out := make([]string, 0, len(rows))
	for _, x := range rows {
		if x.leg < 0 {
			_, style := r.bandMark(x.of)
			if r.list.byGroup {
				style = l.T.Text
			}
			heading := l.Say(x.heading)
			out = append(out, l.Cut(style.Render(heading)+" "+l.Rule(w-text.Width(heading)-1), w))
			continue
		}
		out = append(out, r.fleetRow(x, nw, w))
	}
	return out
}

// widthState is the column of how an item stands.
const widthState = 28

// fleetRow is one item on one line: symbol, name, how it stands, how long it does,
// downtime, and how fast its data came lately.
func (r *Live) fleetRow(x row, nw, w int) string {
	l, leg := r.look, r.state.Legs[x.leg]
	cursor, name := "  ", l.T.Text
	if x.leg == r.selected {
		cursor, name = l.T.Accent.Render(l.G.Cursor)+" ", l.T.Accent
	}
	mark, words := r.legWords(leg)
	if x.of == bandAhead {
		mark, words = l.T.Muted.Render(l.G.Pending), l.T.Muted.Render(l.Say("waits its turn"))
	}
	line := cursor + mark + " " + name.Render(l.Fit(l.Words(leg.Item.Name), nw)) + "  " + l.Fit(words, widthState)
	used := 6 + nw + widthState
	if used+9 > w {
		return l.Cut(line, w)
	}
	line += l.T.Muted.Render(l.Right(r.standing(leg), 9))
	if used += 9; used+14 > w {
		return line
	}
	down := ""
	if d := leg.Downtime(r.tick.Now); d > 0 {
		down = l.G.Down + " " + text.Clock(d)
	}
	line += "  " + l.T.Downtime.Render(l.Fit(down, 11))
	if used += 13; used+10 <= w && leg.Mode == engine.ModeRunning {
		rates := ratesOf(since(leg.Samples, leg.Phases[leg.Step().Phase].Started))
		if len(rates) > 2 {
			line += " " + l.T.Accent.UnsetBold().Render(l.G.Sparkline(rates, min(20, w-used-1)))
		}
	}
	return line
}

// standing is how long an item has stood as it does.
func (r *Live) standing(leg *engine.Leg) string {
	switch {
	case waits(leg):
		return text.Clock(r.tick.Now.Sub(leg.GateSince))
	case leg.Mode == engine.ModeRunning || leg.Mode == engine.ModeFailed:
		return text.Clock(r.phaseTime(leg, leg.Phase()))
	}
	return ""
}

// Buckets of the run's throughput: how long each is, and how many are kept.
const (
	bucket  = 10 * time.Second
	buckets = 60
)

// ratesOfAll is how fast data was read for all items together, lately. It tells what
// the legs' newest samples tell, nothing where there are none.
func ratesOfAll(s engine.State) []float64 {
	out := make([]float64, buckets)
	from := s.Updated.Add(-buckets * bucket)
	first := buckets
	for _, l := range s.Legs {
		for i := 1; i < len(l.Samples); i++ {
			a, b := l.Samples[i-1], l.Samples[i]
			if b.Read <= a.Read || !b.At.After(from) || b.At.Sub(a.At) > 2*bucket {
				continue
			}
			n := min(int(b.At.Sub(from)/bucket), buckets-1)
			out[n] += float64(b.Read-a.Read) / bucket.Seconds()
			first = min(first, n)
		}
	}
	if first >= buckets-1 || slices.Max(out[buckets-7:]) == 0 { // nothing moves any more
		return nil
	}
	return out[first : buckets-1] // the newest is not full yet
}
