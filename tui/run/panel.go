package run

import (
	"fmt"

	"failback/engine"
	"failback/tui/text"
	"failback/tui/theme"
)

// panelView is the log, the tasks or the findings over the whole screen.
func (r *Live) panelView(w, h int) []string {
	var title string
	var lines []string
	switch r.panel {
	case panelLog:
		return append([]string{r.look.Section(r.look.Say(r.logTitle()), w)}, r.wholeLog(w, max(1, h-1))...)
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
		lines = []string{r.nothingYet()}
	}
	return append([]string{r.look.Section(r.look.Say(title), w)}, r.look.Read(lines, &r.scroll, max(1, h-1))...)
}

func (r *Live) nothingYet() string { return r.look.T.Muted.Render(r.look.Say("nothing yet")) }

func (r *Live) wholeTasks(w int) []string {
	l := r.look
	var out []string
	for _, t := range r.leg().Tasks {
		right := l.T.Muted.Render(l.Say(t.Task.State))
		if !t.Task.Started.IsZero() && !t.Task.Ended.IsZero() {
			right = l.T.Muted.Render(l.Say(engine.SpanWords(t.Task.Ended.Sub(t.Task.Started)))) + "  " + right
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

func optional(style theme.Style, r *Live, label, words string, w int) []string {
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
		tw = max(tw, min(text.Width(l.Say(f.Title)), w*3/5))
	}
	for _, f := range r.leg().Findings {
		out = append(out, l.Cut(l.Verdict(f.Verdict)+"  "+l.T.Text.Render(l.Fit(l.Say(f.Title), tw))+"  "+l.T.Muted.Render(l.Say(f.Observed)), w))
		if f.Verdict != engine.VerdictOK && f.Remedy != "" {
			out = append(out, l.Paragraph(l.T.Text, "         ", "now: "+f.Remedy, w)...)
		}
	}
	return out
}
