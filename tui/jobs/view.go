package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/jobtree"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/pick"
	"failback/tui/text"
)

// beside is the width from which the details stand beside the list.
const beside = 110

func (s *Screen) row(thin engine.Job) pick.Row {
	// The list is newer than what was read of the job; only its way is not in it.
	run, way := "", thin.Direction()
	if w, ok := s.whole[thin.Name]; ok && w.err == nil {
		way = w.job.Direction()
	}
	if o, ok := s.owners[thin.Name]; ok {
		run = string(o.Run)
	}
	started := ""
	if !thin.Started.IsZero() {
		started = thin.Started.In(s.tick.Now.Location()).Format("01-02 15:04")
	}
	arrow := ""
	if way != engine.DirectionUnknown {
		arrow = way.Arrow()
	}
	return pick.Row{
		Cells: []string{s.look.JobMark(string(thin.State)) + " " + s.look.Say(jobtree.Word(string(thin.State))), thin.Title(), thin.TargetName, arrow, started, run},
		Alarm: thin.State == engine.JobFailed,
	}
}

// View draws the screen into w cells and h lines.
func (s *Screen) View(w, h int) []string {
	l := s.look
	switch {
	case s.act != nil:
		return l.Centre(s.act.form.View(l, w, h), w, h)
	case s.read.IsZero() && s.err == nil:
		return []string{"", l.Cut(l.T.Accent.Render(l.Spinner(s.tick))+" "+l.T.Text.Render(l.Say("Reading the jobs …")), w)}
	}
	head := s.head(w)
	room := max(0, h-len(head))
	j, ok := s.current()
	switch {
	case s.open && ok:
		return append(head, l.Read(s.details(j, w), &s.scroll, room)...)
	case w >= beside:
		lw := w * 11 / 20
		return append(head, l.Beside(s.list.View(l, lw, room), s.preview(j, w-lw-3, room), lw, "   ")...)
	}
	lh := max(min(room, 4), min(len(s.jobs)+2, room*2/5))
	head = append(head, s.list.View(l, w, lh)...)
	if rest := h - len(head) - 1; rest > 1 {
		head = append(head, "")
		head = append(head, s.preview(j, w, rest)...)
	}
	return head
}

// head is what went wrong, and what was said last.
func (s *Screen) head(w int) []string {
	l := s.look
	var out []string
	if s.err != nil {
		f := engine.AsFailure(s.err, "list the jobs", "")
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "The jobs could not be read: "+f.Why, w)...)
	}
	if s.notice != "" {
		out = append(out, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", s.notice, w)...)
	}
	if len(out) > 0 {
		out = append(out, "")
	}
	return out
}

// preview is as much of a job as h lines hold; the rest is a key away.
func (s *Screen) preview(j engine.Job, w, h int) []string {
	lines := s.details(j, w)
	if rest := len(lines) - h; rest > 0 && h > 0 {
		more := s.look.G.More + " " + s.look.Say(fmt.Sprintf("%d more, enter", rest+1))
		return append(lines[:h-1:h-1], s.look.Cut(s.look.T.Muted.Render(more), w))
	}
	return lines
}

// details are one job whole.
func (s *Screen) details(j engine.Job, w int) []string {
	l := s.look
	if j.Name == "" {
		return nil
	}
	title := j.Title() // as the portal has it
	if j.TargetName != "" {
		title += " " + l.L.SayAs("job", "of") + " " + j.TargetName
	}
	if d := j.Direction(); d != engine.DirectionUnknown {
		title += ", " + l.L.Say(d.Arrow())
	}
	out := l.Paragraph(l.T.Strong, "", title, w)
	state := jobtree.Word(string(j.State))
	if j.Detail != "" && j.Detail != string(j.State) && jobtree.Word(j.Detail) != state {
		state += " (" + j.Detail + ")"
	}
	if waits := jobtree.Waits(j); waits != "" {
		state = waits
	}
	out = append(out, l.Paragraph(l.JobTone(string(j.State)), l.JobTone(string(j.State)).Render(l.JobMark(string(j.State)))+" ", state+", job "+j.Name, w)...)
	out = append(out, s.times(j, w)...)
	if o, ok := s.owners[j.Name]; ok {
		out = append(out, l.Cut(l.T.Muted.Render(l.Say("  of run "+string(o.Run))), w))
	}
	read, had := s.whole[j.Name]
	switch {
	case !had:
		return append(out, l.T.Muted.Render(l.Say("  reading its tasks …")))
	case read.err != nil:
		f := engine.AsFailure(read.err, "read the job", j.Name)
		return append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "It can't be read: "+f.Why, w)...)
	}
	out = append(out, "")
	for _, line := range jobtree.Of(j, nil) {
		out = append(out, s.line(line, w)...)
	}
	return out
}

func (s *Screen) times(j engine.Job, w int) []string {
	if j.Started.IsZero() {
		return nil
	}
	zone := s.tick.Now.Location()
	said := "started " + j.Started.In(zone).Format("2006-01-02 15:04:05")
	if j.Ended.IsZero() {
		said += ", " + engine.SpanWords(max(0, s.tick.Now.Sub(j.Started))) + " ago"
	} else {
		said += ", took " + engine.SpanWords(j.Ended.Sub(j.Started))
	}
	return []string{s.look.Cut(s.look.T.Muted.Render(s.look.Say("  "+said)), w)}
}

// line is a line of the tree.
func (s *Screen) line(t jobtree.Line, w int) []string {
	l := s.look
	indent := strings.Repeat("  ", t.Depth)
	switch t.Kind {
	case jobtree.Task:
		style := l.JobTone(t.State)
		right := l.T.Muted.Render(l.Say(jobtree.Word(t.State)))
		if t.Took > 0 {
			right = l.T.Muted.Render(l.Say(engine.SpanWords(t.Took)) + "  " + l.Say(jobtree.Word(t.State)))
		}
		left := indent + style.Render(l.JobMark(t.State)) + " " + l.T.Text.Render(l.Words(t.Text))
		if t.Job != "" {
			left += l.T.Muted.Render(l.Say("  job " + t.Job))
		}
		return []string{l.Split(left, right, w)}
	case jobtree.Fault:
		return l.Paragraph(l.T.Bad, indent+l.T.Bad.Render(l.G.Block)+" ", t.Text, w)
	case jobtree.Warning:
		return l.Paragraph(l.T.Warn, indent+l.T.Warn.Render(l.G.Warn)+" ", t.Text, w)
	case jobtree.Advice, jobtree.Detail:
	}
	return l.Paragraph(l.T.Muted, indent+"  ", t.Text, w)
}

// Status is the state line: how old what is shown is, and what waits.
func (s *Screen) Status() look.Status {
	if s.read.IsZero() {
		if s.err != nil {
			return look.Status{Tone: look.Alarm, Text: "The jobs could not be read. Nothing was changed."}
		}
		return look.Status{Tone: look.Working, Text: "Reading the jobs"}
	}
	age := "as of " + engine.SpanWords(s.tick.Now.Sub(s.read).Truncate(time.Second)) + " ago"
	if s.err != nil {
		return look.Status{Tone: look.Alarm, Text: "STALE: jobs " + age + ", no newer answer"}
	}
	waiting, running := 0, 0
	for _, j := range s.jobs {
		switch {
		case j.State == engine.JobSuspended:
			waiting++
		case !j.State.Ended():
			running++
		}
	}
	st := look.Status{Text: text.Plural(len(s.jobs), "job", "jobs") + ", " + age}
	switch {
	case waiting > 0:
		st = look.Status{Tone: look.Asking, Text: text.Plural(waiting, "job waits", "jobs wait") + " of " + strconv.Itoa(len(s.jobs)) + ", " + age}
	case running > 0:
		st = look.Status{Tone: look.Working, Text: text.Plural(running, "job runs", "jobs run") + " of " + strconv.Itoa(len(s.jobs)) + ", " + age}
	}
	return st
}

// Hints are the keys of the screen.
func (s *Screen) Hints() []keymap.Binding {
	if s.act != nil {
		return s.act.form.More()
	}
	return s.keys()
}

// keys are the keys with why those that do nothing now don't.
func (s *Screen) keys() []keymap.Binding {
	j, ok := s.current()
	why := func(offer func(engine.Job) (engine.JobOffer, error)) string {
		if !ok {
			return "there is no job"
		}
		if o, mine := s.owners[j.Name]; mine && o.Open {
			return "it belongs to run " + string(o.Run)
		}
		_, err := offer(j)
		if err == nil {
			return ""
		}
		return engine.AsFailure(err, "", "").Why
	}
	verb := func(v engine.JobVerb) func(engine.Job) (engine.JobOffer, error) {
		return func(j engine.Job) (engine.JobOffer, error) { return j.Offer(v) }
	}
	whole := keymap.Choose.But("whole job")
	if s.open {
		whole = keymap.Choose.But("list")
	}
	return []keymap.Binding{
		whole, keymap.Decide.But("what it waits for").Unless(why(engine.Job.Resumption)), keymap.Restart.Unless(why(verb(engine.VerbRestart))),
		keymap.Cancel.But("cancel the job").Unless(why(verb(engine.VerbCancel))), keymap.Filter, keymap.Refresh, keymap.Back,
	}
}

// Keys are the keys of the screen for the help.
func (s *Screen) Keys() []keymap.Group {
	if s.act != nil {
		return []keymap.Group{{Title: "This question", Bindings: s.act.form.Keys()}}
	}
	return []keymap.Group{{Title: "Jobs", Bindings: s.keys()}, keymap.Moving()}
}
