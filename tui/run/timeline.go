package run

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/text"
	"failback/tui/theme"
)

// axis places moments of the run in cells.
type axis struct {
	from, to time.Time
	cells    int
}

func (r *Live) axis(cells int) axis {
	a := axis{from: r.state.Created, to: r.tick.Now, cells: max(1, cells)}
	if r.state.Ended() {
		a.to = r.state.Finished
	}
	if !a.to.After(a.from) {
		a.to = a.from.Add(time.Second)
	}
	return a
}

func (a axis) cell(t time.Time) int {
	return max(0, min(int(float64(t.Sub(a.from))/float64(a.to.Sub(a.from))*float64(a.cells)), a.cells-1))
}

// track is one line of a time line: in how many legs something went on, by cell.
type track struct {
	title string
	diff  []int
	now   int // legs in which it goes on
	style theme.Style
	glyph string // of one leg
}

func (t *track) add(a axis, from, to time.Time) {
	if t.diff == nil {
		t.diff = make([]int, a.cells+1)
	}
	t.diff[a.cell(from)]++
	t.diff[a.cell(to)+1]--
}

// timeline draws when each phase was on: a bar for one leg; for several how many
// were in it at once, on one scale. The band below is the downtime. It takes at
// most h lines, and none where that is too few.
func (r *Live) timeline(legs []*engine.Leg, w, h int) []string {
	const label, counts = 24, 9
	lw := min(label, w/3)
	cells := w - lw - 1
	if len(legs) > 1 {
		cells -= counts
	}
	if cells < 10 || h < 5 {
		return nil
	}
	a := r.axis(cells)
	tracks := r.tracks(legs, a)
	tracks = tracks[max(0, len(tracks)-(h-2)):]
	most := 1
	for _, t := range tracks {
		sum := 0
		for _, d := range t.diff {
			sum += d
			most = max(most, sum)
		}
	}
	title := "Time line"
	if len(legs) > 1 {
		title += fmt.Sprintf(": items at once, at most %d", most)
	}
	out := []string{r.look.Section(r.look.Say(title), w)}
	for _, t := range tracks {
		line := r.look.Fit(t.style.Render(r.look.Say(t.title)), lw) + " " + r.drawTrack(t, cells, most, len(legs))
		if len(legs) > 1 && t.now > 0 {
			line = r.look.Fit(line, lw+1+cells) + r.look.T.Text.Render(r.look.Say(fmt.Sprintf(" %d now", t.now)))
		}
		out = append(out, line)
	}
	return append(out, r.look.T.Muted.Render(strings.Repeat(" ", lw+1)+r.look.Split(r.clock(a.from), r.clock(a.to), cells)))
}

// drawnTimes is the time line of the whole run as it was drawn last: it goes over all
// legs, and moves once a second.
type drawnTimes struct {
	news  int
	at    time.Time
	w, h  int
	lines []string
}

// wholeTimeline is the time line of all legs. Nobody changes its lines.
func (r *Live) wholeTimeline(w, h int) []string {
	d := drawnTimes{news: r.news, at: r.tick.Now.Truncate(time.Second), w: w, h: h}
	if was := r.times; was.news == d.news && was.at.Equal(d.at) && was.w == w && was.h == h {
		return was.lines
	}
	d.lines = r.timeline(r.state.Legs, w, h)
	r.times = d
	return d.lines
}

// drawTrack draws a line: a solid one for one leg, levels for several.
func (r *Live) drawTrack(t track, cells, most, of int) string {
	var b strings.Builder
	sum := 0
	for c := range cells {
		if t.diff != nil {
			sum += t.diff[c]
		}
		switch {
		case sum <= 0:
			b.WriteByte(' ')
		case of == 1:
			b.WriteString(t.glyph)
		default:
			b.WriteString(r.look.G.Level(float64(sum) / float64(most)))
		}
	}
	return t.style.Render(strings.TrimRight(b.String(), " "))
}

// phaseEnd is when a phase ended, and whether it still goes on.
func phaseEnd(leg *engine.Leg, rec engine.PhaseRecord, a axis) (time.Time, bool) {
	switch {
	case rec.Status == engine.StatusRunning && leg.Mode != engine.ModeEnded:
		return a.to, true
	case !rec.Ended.Before(rec.Started):
		return rec.Ended, false
	case leg.Ended.After(rec.Started):
		return leg.Ended, false
	}
	return rec.Started, false
}

// tracks are the lines of a time line: the phases that began, in order, and the
// downtime.
func (r *Live) tracks(legs []*engine.Leg, a axis) []track {
	l := r.look
	var out []track
	index := map[engine.Phase]int{}
	down := track{title: "Downtime", style: l.T.Downtime, glyph: l.G.Down}
	for _, leg := range legs {
		for _, s := range leg.Steps {
			rec, began := leg.Phases[s.Phase]
			if s.IsGate() || !began || rec.Started.IsZero() {
				continue
			}
			i, known := index[s.Phase]
			if !known {
				i = len(out)
				index[s.Phase] = i
				out = append(out, track{title: s.Phase.Info().Title, style: l.T.Accent.UnsetBold(), glyph: l.G.Full})
			}
			end, on := phaseEnd(leg, rec, a)
			if on {
				out[i].now++
			}
			if len(legs) == 1 && rec.Status == engine.StatusFailed {
				out[i].style = l.T.Bad
			}
			out[i].add(a, rec.Started, end)
		}
		if leg.DowntimeFrom.IsZero() {
			continue
		}
		end := leg.DowntimeTo
		if end.IsZero() {
			end = a.to
			down.now++
		}
		down.add(a, leg.DowntimeFrom, end)
	}
	if down.diff != nil {
		out = append(out, down)
	}
	return out
}

// timelinePanel is the time line over the whole screen, with a line for each item
// where there are several. Only the lines in sight are drawn.
func (r *Live) timelinePanel(w, h int) []string {
	legs := r.state.Legs
	if len(legs) == 1 {
		return r.timeline(legs, w, h)
	}
	out := slices.Clone(r.wholeTimeline(w, min(h, max(min(h-6, 14), h/2))))
	room := h - len(out) - 2
	if room < 2 {
		return out
	}
	l := r.look
	var order []int
	for _, x := range r.list.rows {
		if x.leg >= 0 {
			order = append(order, x.leg)
		}
	}
	out = append(out, "", l.Cut(l.T.Muted.Render(l.Say("Items: "))+l.T.Accent.UnsetBold().Render(l.G.Empty)+l.T.Muted.Render(l.Say(" at work   "))+
		l.T.Downtime.Render(l.G.Down)+l.T.Muted.Render(" "+l.L.SayAs("state", "down")+"   ")+l.T.OK.Render(l.G.Full)+l.T.Muted.Render(l.Say(" runs at its new side")), w))
	first := r.scroll.In(len(order), room)
	lw := min(24, w/3)
	a := r.axis(w - lw - 1)
	for _, i := range order[first:min(len(order), first+room)] {
		out = append(out, l.Fit(l.T.Text.Render(l.Words(legs[i].Item.Name)), lw)+" "+r.itemBar(legs[i], a))
	}
	return out
}

// itemBar is one leg on one line: at work, down, and running at its new side.
func (r *Live) itemBar(leg *engine.Leg, a axis) string {
	const idle, work, down, home = 0, 1, 2, 3
	cells := make([]byte, a.cells)
	paint := func(from, to time.Time, with byte) {
		for c := a.cell(from); c <= a.cell(to); c++ {
			cells[c] = max(cells[c], with)
		}
	}
	for _, rec := range leg.Phases {
		if rec.Started.IsZero() {
			continue
		}
		end, _ := phaseEnd(leg, rec, a)
		paint(rec.Started, end, work)
	}
	if !leg.DowntimeFrom.IsZero() {
		end := leg.DowntimeTo
		if end.IsZero() {
			end = a.to
		} else {
			paint(end, a.to, home)
		}
		for c := a.cell(leg.DowntimeFrom); c <= a.cell(end); c++ {
			cells[c] = down
		}
	}
	l := r.look
	var b strings.Builder
	for i := 0; i < len(cells); {
		n := i
		for n < len(cells) && cells[n] == cells[i] {
			n++
		}
		switch cells[i] {
		case idle:
			b.WriteString(strings.Repeat(" ", n-i))
		case work:
			b.WriteString(l.T.Accent.UnsetBold().Render(strings.Repeat(l.G.Empty, n-i)))
		case down:
			b.WriteString(l.T.Downtime.Render(strings.Repeat(l.G.Down, n-i)))
		case home:
			b.WriteString(l.T.OK.Render(strings.Repeat(l.G.Full, n-i)))
		}
		i = n
	}
	if d := leg.Downtime(r.tick.Now); d > 0 && len(leg.Phases) > 0 {
		if end := " " + text.Clock(d); a.cells > 40 && cells[a.cells-1] == idle {
			return ansi.Truncate(b.String(), a.cells-len(end), "") + l.T.Downtime.Render(end)
		}
	}
	return b.String()
}
