// Package jobs is the screen of Site Recovery's jobs: all of them, newest first,
// one of them whole beside the list, and what it offers behind dialogs that say
// what it would lead to. What it shows has an age, which it says.
package jobs

import (
	"context"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/pick"
)

// Services is what the screen asks for. The functions are called off the update
// loop and may block until their context ends.
type Services struct {
	// List may return jobs beside an error, where they are not all.
	List func(ctx context.Context) ([]engine.Job, error)
	Read func(ctx context.Context, name string) (engine.Job, error)
	Act  func(ctx context.Context, job string, consent engine.JobOffer, comment string) error
	// Owners tells which jobs belong to runs of this machine.
	Owners func() (map[string]runs.JobOwner, error)
	// Poll is how old what is shown gets before it is asked for again.
	Poll time.Duration
}

// LeaveMsg says that the operator goes back to where they came from.
type LeaveMsg struct{}

// Screen is the screen. Use it through a pointer, on the update loop alone.
type Screen struct {
	look look.Look
	do   Services
	ctx  context.Context
	tick look.Tick

	list   pick.List
	jobs   []engine.Job
	owners map[string]runs.JobOwner
	whole  map[string]read // jobs that were read whole
	read   time.Time       // of the list; zero before the first
	err    error           // of the last look
	busy   bool            // a list is on its way
	asking string          // the job that is on its way, "" for none
	asked  time.Time       // the last look, whatever came of it
	open   bool            // the details take the whole screen
	scroll look.Scroll
	notice string
	act    *action
	acts   int // dialogs so far; an answer of an older one is dropped
}

// read is a job as it was at a time, or why it could not be read.
type read struct {
	job engine.Job
	at  time.Time
	err error
}

type (
	listedMsg struct {
		of     *Screen
		jobs   []engine.Job
		owners map[string]runs.JobOwner
		err    error
	}
	readMsg struct {
		of   *Screen
		name string
		job  engine.Job
		err  error
	}
)

// New makes the screen; what it asks for ends with ctx.
func New(ctx context.Context, l look.Look, s Services) *Screen {
	if s.Poll <= 0 {
		s.Poll = 15 * time.Second
	}
	j := &Screen{look: l, do: s, ctx: ctx, whole: map[string]read{}}
	j.list.Language = l.L
	j.list.Columns = []pick.Column{{Title: "STATE"}, {Title: "WHAT", Name: true}, {Title: "ITEM", Name: true}, {Title: "WAY", Drop: 2}, {Title: "STARTED", Drop: 1}, {Title: "RUN", Drop: 3, Name: true}}
	return j
}

// Init asks for the jobs.
func (s *Screen) Init() tea.Cmd { return s.refresh() }

// Title names the screen.
func (s *Screen) Title() string { return "Jobs" }

// Scope names the keys of the screen.
func (s *Screen) Scope() keymap.Scope { return keymap.ScopeJobs }

// Modal reports whether letters are typed.
func (s *Screen) Modal() bool { return s.act != nil || s.list.Typing() }

func (s *Screen) refresh() tea.Cmd {
	if s.busy {
		return nil
	}
	s.busy, s.asked = true, s.tick.Now
	ctx, do := s.ctx, s.do
	return func() tea.Msg {
		m := listedMsg{of: s}
		if m.jobs, m.err = do.List(ctx); m.err == nil || len(m.jobs) > 0 {
			owners, err := do.Owners()
			m.owners, m.err = owners, errors.Join(m.err, err)
		}
		return m
	}
}

// Update takes in a message.
func (s *Screen) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case look.Tick:
		s.tick = m
		return s.ticked()
	case listedMsg:
		if m.of == s {
			s.listed(m)
			return s.follow()
		}
		return nil
	case readMsg:
		if m.of == s {
			s.asking = ""
			s.whole[m.name] = read{m.job, s.tick.Now, m.err}
			s.fill()
			return s.follow()
		}
		return nil
	case actedMsg:
		return s.acted(m)
	}
	if s.act != nil {
		return s.updateAct(msg)
	}
	if k, ok := msg.(tea.KeyMsg); ok {
		s.notice = ""
		return s.key(k)
	}
	return nil
}

func (s *Screen) ticked() tea.Cmd {
	if !s.asked.IsZero() && s.tick.Now.Sub(s.asked) >= s.do.Poll {
		return tea.Batch(s.refresh(), s.follow())
	}
	return s.follow()
}

func (s *Screen) listed(m listedMsg) {
	s.busy, s.err = false, m.err
	if m.err != nil && len(m.jobs) == 0 {
		return
	}
	s.jobs, s.owners, s.read = m.jobs, m.owners, s.tick.Now
	s.fill()
}

// fill draws the rows anew. The cursor stays on its job, and the filter stays.
func (s *Screen) fill() {
	at := ""
	if j, ok := s.current(); ok && s.list.Len() > 0 {
		at = j.Name
	}
	rows, point := make([]pick.Row, len(s.jobs)), 0
	for i, j := range s.jobs {
		rows[i] = s.row(j)
		if j.Name == at {
			point = i
		}
	}
	s.list.Renew(rows, point)
}

// current is the job under the cursor, whole where it was read.
func (s *Screen) current() (engine.Job, bool) {
	i, ok := s.list.Current()
	if !ok || i >= len(s.jobs) {
		return engine.Job{}, false
	}
	return s.known(s.jobs[i]), true
}

// known is a job as the list has it, with what was read of it since.
func (s *Screen) known(thin engine.Job) engine.Job {
	w, ok := s.whole[thin.Name]
	if !ok || w.err != nil {
		return thin
	}
	return w.job
}

// follow reads the job under the cursor where it was not read yet, has changed, or
// may have.
func (s *Screen) follow() tea.Cmd {
	i, ok := s.list.Current()
	if !ok || i >= len(s.jobs) || s.asking != "" {
		return nil
	}
	thin := s.jobs[i]
	w, had := s.whole[thin.Name]
	fresh := had && (s.tick.Now.Sub(w.at) < s.do.Poll || w.err == nil && w.job.State.Ended())
	if fresh && (w.err != nil || w.job.State == thin.State || w.at.After(s.read)) {
		return nil
	}
	s.asking = thin.Name
	ctx, do, name := s.ctx, s.do.Read, thin.Name
	return func() tea.Msg {
		j, err := do(ctx, name)
		return readMsg{s, name, j, err}
	}
}

func (s *Screen) key(k tea.KeyMsg) tea.Cmd {
	if s.open && !s.list.Typing() {
		return s.keyOpen(k)
	}
	if s.list.Key(k) {
		s.scroll.Reset()
		return s.follow()
	}
	if keymap.Choose.Is(k) {
		_, s.open = s.current()
		s.scroll.Reset()
		return nil
	}
	return s.keyJob(k)
}

// keyOpen is a key while the details take the whole screen.
func (s *Screen) keyOpen(k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Back.Is(k), keymap.Choose.Is(k):
		s.open = false
		s.scroll.Reset()
	case keymap.Up.Is(k):
		s.scroll.Move(-1)
	case keymap.Down.Is(k):
		s.scroll.Move(1)
	case keymap.PageUp.Is(k):
		s.scroll.Move(-10)
	case keymap.PageDown.Is(k):
		s.scroll.Move(10)
	default:
		return s.keyJob(k)
	}
	return nil
}

func (s *Screen) keyJob(k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Back.Is(k), keymap.Jobs.Is(k):
		return func() tea.Msg { return LeaveMsg{} }
	case keymap.Refresh.Is(k):
		return s.refresh()
	case keymap.Decide.Is(k):
		return s.ask(engine.Job.Resumption)
	case keymap.Restart.Is(k):
		return s.ask(func(j engine.Job) (engine.JobOffer, error) { return j.Offer(engine.VerbRestart) })
	case keymap.Cancel.Is(k):
		return s.ask(func(j engine.Job) (engine.JobOffer, error) { return j.Offer(engine.VerbCancel) })
	}
	return nil
}
