package jobs

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
)

// action is a dialog about what a job offers.
type action struct {
	id      int
	job     string
	offer   engine.JobOffer
	form    dialog.Form
	comment *field.Field // nil where the service keeps none
}

type actedMsg struct {
	of  *Screen
	id  int
	err error
}

// ask opens the dialog about an offer, or says why there is none.
func (s *Screen) ask(offer func(engine.Job) (engine.JobOffer, error)) tea.Cmd {
	j, ok := s.current()
	if !ok {
		return nil
	}
	if w, had := s.whole[j.Name]; !had || w.err != nil {
		s.notice = "The job is being read; what it offers is known then."
		return s.follow()
	}
	o, err := offer(j)
	if err != nil {
		f := engine.AsFailure(err, "", "")
		s.notice = "Not now: " + f.Why + "; " + f.Remedy + "."
		return nil
	}
	if r, mine := s.owners[j.Name]; mine && r.Open {
		s.notice = "The job belongs to run " + string(r.Run) + ", whose journal has to hold what is decided: do it there."
		return nil
	}
	s.acts++
	a := &action{id: s.acts, job: j.Name, offer: o}
	a.form = dialog.Form{Title: o.Title, Portal: o.Portal, Subject: o.Subject, Submit: strings.ToLower(o.Title), Aside: "leave the job alone",
		Fields: []*field.Field{field.Confirm("Type "+o.Subject+":", o.Subject)}}
	for _, c := range o.Consequences {
		tone := dialog.Bullet
		if o.Damages && strings.Contains(c, "DAMAGED") {
			tone = dialog.Danger
		}
		a.form.Lines = append(a.form.Lines, dialog.Line{Tone: tone, Text: c})
	}
	if o.Comment {
		a.comment = field.New("Comment:", "kept with the job")
		a.comment.Required = true
		a.form.Fields = append(a.form.Fields, a.comment)
	}
	s.act = a
	return nil
}

func (s *Screen) updateAct(msg tea.Msg) tea.Cmd {
	a := s.act
	answer, cmd := a.form.Update(msg)
	switch answer {
	case dialog.Aside:
		s.act = nil
		if a.form.Busy {
			s.notice = "The request is on its way; look at the job before anything is repeated."
		}
	case dialog.Submitted:
		a.form.Busy = true
		comment := ""
		if a.comment != nil {
			comment = a.comment.Value()
		}
		// It is not cut off with the screens: its answer is what tells what happened.
		ctx, do := s.ctx, s.do.Act
		return func() tea.Msg { return actedMsg{s, a.id, do(ctx, a.job, a.offer, comment)} }
	case dialog.Unanswered:
	}
	return cmd
}

func (s *Screen) acted(m actedMsg) tea.Cmd {
	if m.of != s {
		return nil
	}
	open := s.act != nil && s.act.id == m.id
	switch {
	case m.err != nil && open:
		f := engine.AsFailure(m.err, s.act.offer.Title, "")
		s.act.form.Busy, s.act.form.Problem = false, strings.TrimSuffix(f.Why+". Now: "+f.Remedy, ". Now: ")
		return nil
	case m.err != nil:
		s.notice = m.err.Error()
	default:
		s.notice = "Accepted. The job shows what comes of it."
	}
	if open {
		delete(s.whole, s.act.job)
		s.act = nil
	}
	s.asked = s.tick.Now
	return tea.Batch(s.refresh(), s.follow())
}
