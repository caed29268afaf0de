package run

import (
	"slices"
	"time"

	"failback/engine"
	"failback/tui/theme"
)

// log is the newest lines of the run's log that fit, newest at the bottom.
func (r *Live) log(w, h int) []string {
	var out []string
	for _, line := range r.state.Log[max(0, len(r.state.Log)-h):] {
		out = append(out, r.logLine(line, w))
	}
	return out
}

// clock is a time of day where the operator is; events carry UTC.
func (r *Live) clock(at time.Time) string { return at.In(r.tick.Now.Location()).Format("15:04:05") }

func (r *Live) logLine(line engine.LogLine, w int) string {
	l := r.look
	said := l.L.Say(line.Text)
	if line.Item != "" && len(r.state.Legs) > 1 {
		said = line.Item + ": " + said
	}
	return l.Cut(l.T.Muted.Render(r.clock(line.At))+"  "+r.logStyle(line).Render(l.Words(said)), w)
}

func (r *Live) logStyle(line engine.LogLine) theme.Style {
	switch line.Level {
	case "warn":
		return r.look.T.Warn
	case "error":
		return r.look.T.Bad
	}
	return r.look.T.Text
}

// laid is the whole log as it was laid out for a width. A line is laid out once,
// when it is drawn first: the log is long, and little of it is new in a frame.
type laid struct {
	w     int
	lines map[engine.LogLine][]string
}

// wholeLog is the part of the log that is in sight, with long lines broken instead of
// cut. It begins at its end, where the news are.
func (r *Live) wholeLog(w, room int) []string {
	log := r.state.Log
	if len(log) == 0 {
		return []string{r.nothingYet()}
	}
	if r.laid.lines == nil || r.laid.w != w || len(r.laid.lines) > 2*len(log) {
		r.laid = laid{w: w, lines: make(map[engine.LogLine][]string, len(log))}
	}
	total := 0
	for _, line := range log {
		total += len(r.laidOut(line, w))
	}
	hidden := r.scroll.In(total, room) // below
	out := make([]string, 0, room)
	for _, line := range slices.Backward(log) {
		lines := r.laidOut(line, w)
		skip := min(hidden, len(lines))
		hidden -= skip
		for _, s := range slices.Backward(lines[:len(lines)-skip]) {
			if len(out) < room {
				out = append(out, s)
			}
		}
		if len(out) == room {
			break
		}
	}
	slices.Reverse(out)
	return out
}

// laidOut is one line of the log, broken for the width.
func (r *Live) laidOut(line engine.LogLine, w int) []string {
	if lines, known := r.laid.lines[line]; known {
		return lines
	}
	l := r.look
	mark := r.clock(line.At) + "  "
	if len(r.state.Legs) > 1 {
		mark += l.Fit(l.Words(line.Item), 12) + " "
	}
	lines := l.Paragraph(r.logStyle(line), l.T.Muted.Render(mark), line.Text, w)
	r.laid.lines[line] = lines
	return lines
}
