package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/wizard"
)

// opening is the screen while a connection is made.
type opening struct {
	look   look.Look
	tick   look.Tick
	what   string
	err    error
	cancel context.CancelFunc
	again  tea.Msg // asks for it once more
	signing
}

type (
	openedMsg struct {
		gen    int
		conn   *engine.Connection
		repair *engine.Plan
		jobs   bool
		err    error
	}
	reopenMsg struct {
		profile, vault string
		repair         *engine.Plan
		jobs           bool // look at the jobs, plan nothing
	}
	openingLeftMsg struct{}
)

// open connects to a profile, or with "" to the lab, and goes on to the wizard,
// with the plan to repair if there is one. Where the profile names no vault, which
// one is asked first, unless vault says.
func (m *Model) open(profile, vault string, repair *engine.Plan) tea.Cmd {
	return m.connect(reopenMsg{profile: profile, vault: vault, repair: repair})
}

// connect opens a connection and goes on to what it is for.
func (m *Model) connect(purpose reopenMsg) tea.Cmd {
	profile, vault := purpose.profile, purpose.vault
	m.closeConnection()
	m.gen++
	connect := m.deps.Open
	ctx, cancel := context.WithCancel(m.ctx)
	line := newSignInLine(ctx, m.gen)
	what := "the lab"
	if profile != "" {
		what = "the vault of " + profile
	}
	m.show(&opening{look: m.look, what: what, cancel: cancel, again: purpose})
	if profile != "" && vault == "" && m.namesNoVault(profile) {
		return tea.Batch(line.listen(), m.findVaults(ctx, cancel, line, purpose))
	}
	return tea.Batch(line.listen(), func() tea.Msg {
		defer cancel()
		c, err := connect(ctx, profile, vault, line.person())
		return openedMsg{line.gen, c, purpose.repair, purpose.jobs, err}
	})
}

// signInAsks shows what a sign-in wants of the person. A run that is resumed from
// another screen shows that it connects only now.
func (m *Model) signInAsks(msg tea.Msg, line *signInLine) tea.Cmd {
	if line.gen != m.gen {
		return nil
	}
	o, ok := m.screen.(*opening)
	if !ok && m.resuming != nil {
		o = m.resuming
		m.show(o)
	}
	if o != nil {
		o.asked(msg)
	}
	return line.listen()
}

func (m *Model) namesNoVault(profile string) bool {
	for _, p := range m.deps.Profiles {
		if p.Name == profile {
			return p.Vault == "" && m.deps.Vaults != nil
		}
	}
	return false
}

// repair plans a run again over a connection to where it ran.
func (m *Model) repair(p engine.Plan) tea.Cmd {
	if m.conn != nil && m.conn.Name == p.Profile && m.conn.Vault == p.Vault {
		return m.plan(&p)
	}
	where := m.whereRan(p)
	where.repair = &p
	return m.connect(where)
}

// whereRan is the connection that a plan was run over.
func (m *Model) whereRan(p engine.Plan) reopenMsg {
	var where reopenMsg
	if !p.Rehearsal {
		where.profile = p.Profile
	}
	if m.namesNoVault(where.profile) {
		where.vault = p.Vault
	}
	return where
}

func (m *Model) opened(msg openedMsg) tea.Cmd {
	o, ok := m.screen.(*opening)
	if msg.gen != m.gen || !ok {
		return closing(msg.conn)
	}
	if msg.err != nil {
		o.failed(msg.err)
		return nil
	}
	m.conn = msg.conn
	m.held.mu.Lock()
	m.held.conn = msg.conn
	m.held.mu.Unlock()
	if msg.jobs {
		return m.showJobs()
	}
	return m.plan(msg.repair)
}

// plan shows the wizard over the open connection.
func (m *Model) plan(repair *engine.Plan) tea.Cmd {
	conn := m.conn
	s := wizard.Services{
		Owner: m.deps.User, Certificate: m.deps.Certificate,
		Check: func(ctx context.Context, p engine.Plan, emit func(string, engine.Finding)) error {
			return m.deps.Check(ctx, conn, p, emit)
		},
		Forecast: func(ctx context.Context, items []engine.Item) (estimate.Forecasts, error) {
			return m.deps.Forecast(ctx, conn, items)
		},
	}
	if ask := m.deps.ForecastPlan; ask != nil {
		s.ForecastPlan = func(ctx context.Context, p engine.Plan) (engine.ForecastMade, error) { return ask(ctx, conn, p) }
	}
	m.wizard = wizard.New(m.ctx, m.look, conn, s)
	if repair != nil {
		m.wizard = wizard.Repair(m.ctx, m.look, conn, s, *repair)
	}
	m.show(m.wizard)
	return m.wizard.Init()
}

// closeConnection lets go of the connection, unless a run still goes over it.
func (m *Model) closeConnection() {
	if m.conn == nil || m.driving() {
		return
	}
	m.held.mu.Lock()
	m.held.conn = nil
	m.held.mu.Unlock()
	if m.conn.Close != nil {
		_ = m.conn.Close() // nothing remote hangs on it
	}
	m.conn = nil
}

func closing(c *engine.Connection) tea.Cmd {
	if c == nil || c.Close == nil {
		return nil
	}
	return func() tea.Msg {
		_ = c.Close() // nobody waits for it any more
		return nil
	}
}

// failed shows why there is no connection.
func (o *opening) failed(err error) { o.err, o.signing = err, signing{} }

// Title names the screen.
func (o *opening) Title() string { return "Connecting" }

// Scope names the keys of the screen.
func (o *opening) Scope() keymap.Scope { return keymap.ScopePlan }

// Modal reports whether letters are typed: while a secret is asked for.
func (o *opening) Modal() bool { return o.field != nil }

func (o *opening) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case look.Tick:
		o.tick = msg
	case tea.KeyMsg:
		switch {
		case keymap.Back.Is(msg):
			o.cancel()
			return func() tea.Msg { return openingLeftMsg{} }
		case o.field != nil:
			o.key(msg)
		case keymap.Again.Is(msg) && o.err != nil:
			return func() tea.Msg { return o.again }
		}
	}
	return nil
}

func (o *opening) View(w, h int) []string {
	l := o.look
	if o.err == nil {
		out := []string{"", l.Cut(l.T.Accent.Render(l.Spinner(o.tick))+" "+l.T.Text.Render(l.Say("Connecting to "+o.what+" …")), w)}
		return append(out, o.view(l, w, h-2)...)
	}
	out := []string{""}
	out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "No connection to "+o.what+".", w)...)
	f := engine.AsFailure(o.err, "connect", o.what)
	out = append(out, l.Paragraph(l.T.Text, "  ", f.Why, w)...)
	if f.Remedy != "" {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.Say("  now: ")), f.Remedy, w)...)
	}
	return out
}

func (o *opening) Status() look.Status {
	if o.err != nil {
		return look.Status{Tone: look.Alarm, Text: "Not connected. Nothing was changed."}
	}
	if s, ok := o.status(); ok {
		return s
	}
	return look.Status{Tone: look.Working, Text: "Connecting to " + o.what}
}

func (o *opening) Hints() []keymap.Binding {
	if o.err != nil {
		return []keymap.Binding{keymap.Again.But("try again"), keymap.Back}
	}
	if o.field != nil {
		return []keymap.Binding{keymap.Choose.But("go on"), keymap.Back.But("give up"), keymap.Clear}
	}
	return []keymap.Binding{keymap.Back.But("give up")}
}

func (o *opening) Keys() []keymap.Group {
	return []keymap.Group{{Title: "Connecting", Bindings: o.Hints()}}
}
