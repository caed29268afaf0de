package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/jobs"
)

// jobsOff says why the jobs can't be looked at from the screen in sight.
func (m *Model) jobsOff() string {
	switch m.screen {
	case screen(m.home):
		if _, ok := m.home.Vault(); !ok {
			return "put the cursor on a vault"
		}
		return ""
	case screen(m.wizard), screen(m.live):
		return ""
	}
	return "not from here"
}

// openJobs shows the jobs of the vault that the screen in sight is about.
func (m *Model) openJobs() tea.Cmd {
	m.behind = m.screen
	if m.screen == screen(m.home) {
		profile, _ := m.home.Vault()
		return m.connect(reopenMsg{profile: profile, jobs: true})
	}
	if m.conn != nil {
		return m.showJobs()
	}
	// A run that was resumed has a connection of its own, for itself alone.
	where := m.whereRan(m.state.Plan)
	where.jobs = true
	return m.connect(where)
}

func (m *Model) showJobs() tea.Cmd {
	conn, owners := m.conn, m.deps.JobOwners
	if owners == nil {
		owners = func() (map[string]runs.JobOwner, error) { return nil, nil }
	}
	s := jobs.New(m.ctx, m.look, jobs.Services{
		List: func(ctx context.Context) ([]engine.Job, error) { return conn.Jobs.FindJobs(ctx, engine.JobFilter{}) }, Read: conn.Jobs.Job, Owners: owners, Poll: conn.Poll,
		Act: func(ctx context.Context, job string, consent engine.JobOffer, comment string) error {
			return conn.Act(ctx, job, consent, comment, runs.NewRequestID())
		},
	})
	m.show(s)
	return s.Init()
}

// overlaid reports whether the jobs lie over a screen that goes on below.
func (m *Model) overlaid() bool {
	_, ok := m.screen.(*jobs.Screen)
	return ok && m.behind != nil && m.behind != screen(m.home)
}

// leaveJobs goes back to what the jobs were opened over. A run that ended
// meanwhile shows how.
func (m *Model) leaveJobs() tea.Cmd {
	switch {
	case m.behind == nil || m.behind == screen(m.home):
		return m.goHome()
	case m.behind == screen(m.live) && m.state.Ended():
		m.showOutcome()
		return nil
	}
	m.show(m.behind)
	return nil
}
