package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
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
	style := l.T.Text
	switch line.Level {
	case "warn":
		style = l.T.Warn
	case "error":
		style = l.T.Bad
	}
	said := line.Text
	if line.Item != "" && len(r.state.Legs) > 1 {
		said = line.Item + ": " + said
	}
	return l.Cut(l.T.Muted.Render(r.clock(line.At))+"  "+style.Render(l.Words(said)), w)
}

// panelView is the log, the tasks or the findings over the whole screen.
func (r *Live) panelView(w, h int) []string {
	var title string
	var lines []string
	switch r.panel {
	case panelLog:
		title, lines = r.logTitle(), r.wholeLog(w)
	case panelTasks:
		title, lines = r.tasksTitle("Tasks of job "+r.leg().Job, r.leg()), r.wholeTasks(w)
	case panelFindings:
		title, lines = "Findings of the preflight", r.findings(w)
	case panelTimes:
		return r.timelinePanel(w, h)
	case panelPhases:
		return r.body(w, h)
	}
	if len(lines) == 0 {
		lines = []string{r.look.T.Muted.Render("nothing yet")}
	}
	return append([]string{r.look.Section(r.look.Words(title), w)}, r.scrolled(lines, max(1, h-1))...)
}

// scrolled is the part of a panel's lines that is in sight. The log begins at its
// end, where the news are; what is a list begins at its first line.
func (r *Live) scrolled(lines []string, room int) []string {
	if r.panel != panelLog {
		return r.look.Read(lines, &r.scroll, room)
	}
	last := len(lines) - r.scroll.In(len(lines), room)
	return slices.Clone(lines[max(0, last-room):last])
}

// wholeLog is the log with long lines broken instead of cut.
func (r *Live) wholeLog(w int) []string {
	l := r.look
	var out []string
	for _, line := range r.state.Log {
		style := l.T.Text
		switch line.Level {
		case "warn":
			style = l.T.Warn
		case "error":
			style = l.T.Bad
		}
		mark := r.clock(line.At) + "  "
		if len(r.state.Legs) > 1 {
			mark += l.Fit(l.Words(line.Item), 12) + " "
		}
		out = append(out, l.Paragraph(style, l.T.Muted.Render(mark), line.Text, w)...)
	}
	return out
}

func (r *Live) wholeTasks(w int) []string {
	l := r.look
	var out []string
	for _, t := range r.leg().Tasks {
		right := l.T.Muted.Render(l.Words(t.Task.State))
		if !t.Task.Started.IsZero() && !t.Task.Ended.IsZero() {
			right = l.T.Muted.Render(engine.SpanWords(t.Task.Ended.Sub(t.Task.Started))) + "  " + right
		}
		out = append(out, l.Split(r.taskLine(t, w), right, w))
		for _, e := range t.Task.Errors {
			out = append(out, l.Paragraph(l.T.Bad, "    ", fmt.Sprintf("%s: %s", e.Code, e.Message), w)...)
			out = append(out, optional(l.T.Text, r, "possible causes: ", e.PossibleCauses, w)...)
			out = append(out, optional(l.T.Text, r, "recommended: ", e.Recommended, w)...)
		}
	}
	return out
}

func optional(style lipgloss.Style, r *Live, label, words string, w int) []string {
	if words == "" {
		return nil
	}
	return r.look.Paragraph(style, "    ", label+words, w)
}

func (r *Live) findings(w int) []string {
	l := r.look
	var out []string
	tw := 0
	for _, f := range r.leg().Findings {
		tw = max(tw, min(ansi.StringWidth(f.Title), w*3/5))
	}
	for _, f := range r.leg().Findings {
		out = append(out, l.Cut(l.Verdict(f.Verdict)+"  "+l.T.Text.Render(l.Fit(l.Words(f.Title), tw))+"  "+l.T.Muted.Render(l.Words(f.Observed)), w))
		if f.Verdict != engine.VerdictOK && f.Remedy != "" {
			out = append(out, l.Paragraph(l.T.Text, "         ", "now: "+f.Remedy, w)...)
		}
	}
	return out
}
