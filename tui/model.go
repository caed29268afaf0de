package tui

import (
	"context"
	"io"
	"runtime"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/glyph"
	"failback/tui/home"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/palette"
	"failback/tui/replay"
	"failback/tui/report"
	"failback/tui/run"
	"failback/tui/theme"
	"failback/tui/wizard"
)

// screen is what is in sight. Screens are used through pointers on the update
// loop alone; View must not change anything.
type screen interface {
	Update(tea.Msg) tea.Cmd
	// View draws at most h lines of at most w cells.
	View(w, h int) []string
	Title() string
	// Status is the state line, which is in sight at every size.
	Status() look.Status
	Hints() []keymap.Binding
	Keys() []keymap.Group
	// Modal reports whether letters are typed, so that no letter is a command.
	Modal() bool
	// Scope says which keys the screen has of its own.
	Scope() keymap.Scope
}

// held is what must be let go of at the end, whatever became of the model.
type held struct {
	mu     sync.Mutex
	handle runs.Handle
	conn   *engine.Connection
}

// Model is the root of the screens. Make one with [New].
type Model struct {
	deps Deps
	opts Options
	look look.Look
	ctx  context.Context // of everything that is asked for; ends with the program
	end  context.CancelFunc
	held *held

	width, height int
	sized         bool // they are the terminal's
	tick          look.Tick
	gen           int
	help          bool
	helpAt        *look.Scroll
	palette       *palette.Palette // open over the screen; nil otherwise

	screen  screen
	home    *home.Home
	wizard  *wizard.Wizard
	live    *run.Live
	outcome *report.Outcome
	replay  *replay.Screen
	reader  *report.Browser
	// fromOutcome says that the replay or the evidence was opened over the outcome.
	fromOutcome bool
	behind      screen // what the jobs were opened over

	conn     *engine.Connection
	resuming *opening // shown where resuming a run needs the person
	handle   runs.Handle
	state    engine.State
	follows  int // generation of the mailbox that is read
	leaving  bool
	result   Result
}

var _ tea.Model = Model{}

// New makes the screens, in colours for the standard output. Nothing is opened
// before [Model.Init] runs.
func New(d Deps, o Options) Model {
	return newModel(context.Background(), d, o, lipgloss.DefaultRenderer().Output().Writer())
}

func newModel(ctx context.Context, d Deps, o Options, out io.Writer) Model {
	if o.Theme == "" {
		o.Theme = theme.Auto
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := look.Look{T: theme.New(o.Theme, out), G: glyph.Unicode(), K: o.Keys, L: o.Language, Still: o.NoMotion}
	if o.ASCII {
		l.G = glyph.ASCII()
	}
	ctx, end := context.WithCancel(ctx)
	m := Model{deps: d, opts: o, look: l, ctx: ctx, end: end, held: &held{handle: o.Start.handle},
		width: 80, height: 24, helpAt: &look.Scroll{}}
	m.home = home.New(l, home.Machine{Version: d.Version, ConfigFile: d.ConfigFile, Command: d.Command}, m.profiles())
	m.screen = m.home
	return m
}

func (m *Model) profiles() []home.Profile {
	out := make([]home.Profile, len(m.deps.Profiles))
	for i, p := range m.deps.Profiles {
		out[i] = home.Profile{Name: p.Name, Vault: p.Vault}
	}
	return out
}

// Init begins where the options say.
func (m Model) Init() tea.Cmd {
	return tea.Batch(m.beat(time.Millisecond), func() tea.Msg { return beginMsg{} })
}

// Result is what happened so far.
func (m Model) Result() Result {
	r := m.result
	if m.handle != nil {
		r.Outcome, r.State = m.state.Outcome, m.state
	}
	return r
}

type (
	beginMsg struct{}
	tickMsg  struct{}
)

// How often the clock moves: with and without motion.
const (
	beatMoving = 500 * time.Millisecond
	beatStill  = time.Second
)

// beat asks for the next tick of the clock. One tick drives all that moves.
func (m *Model) beat(after time.Duration) tea.Cmd {
	return tea.Tick(after, func(time.Time) tea.Msg { return tickMsg{} })
}

// Update takes in a message: size, clock, engine events, keys, answers.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	cmd := m.update(msg)
	if m.palette != nil && m.screen.Modal() {
		m.palette = nil // a question that comes up meanwhile is not hidden by it
	}
	return m, cmd
}

func (m *Model) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height, m.sized = max(1, msg.Width), max(1, msg.Height), true
		return nil
	case beginMsg:
		return m.begin()
	case tickMsg:
		return m.ticked()
	case engineEventsMsg:
		return m.eventsCame(msg)
	case tea.KeyMsg:
		return m.keys(msg)
	}
	if cmd, taken := m.answer(msg); taken {
		return cmd
	}
	if m.overlaid() { // what the screen below asked for is answered there
		return tea.Batch(m.screen.Update(msg), m.behind.Update(msg))
	}
	return m.screen.Update(msg)
}

func (m *Model) begin() tea.Cmd {
	list := m.listRuns()
	switch s := m.opts.Start; {
	case s.player != nil:
		return tea.Batch(list, m.play(s.player))
	case s.handle != nil:
		return tea.Batch(list, m.drive(s.handle))
	case s.open:
		return tea.Batch(list, m.open(s.profile, "", nil))
	}
	return list
}

func (m *Model) ticked() tea.Cmd {
	m.tick = look.Tick{Now: m.opts.Now(), Beat: m.tick.Beat + 1}
	next := m.beat(beatMoving)
	if m.look.Still {
		next = m.beat(beatStill)
	}
	if runtime.GOOS == "windows" { // no signal tells of a new size there
		next = tea.Batch(next, tea.WindowSize())
	}
	return tea.Batch(m.screen.Update(m.tick), next)
}

// show puts another screen in sight and tells it the time.
func (m *Model) show(s screen) {
	m.screen, m.help, m.palette = s, false, nil
	s.Update(m.tick)
}

// keys takes letters that came together one by one. A slow line delivers what was
// typed in one piece; a command that got lost in it would leave the enter after
// it to act on something else. What was pasted stays text.
func (m *Model) keys(k tea.KeyMsg) tea.Cmd {
	if k.Type != tea.KeyRunes || k.Paste || k.Alt || len(k.Runes) < 2 {
		return m.key(k)
	}
	var cmds []tea.Cmd
	for _, r := range k.Runes {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return tea.Batch(cmds...)
}

// key takes a key for what the person means by it.
func (m *Model) key(k tea.KeyMsg) tea.Cmd {
	typing := m.screen.Modal() && !m.help || m.palette != nil
	k, means := m.look.K.Means(k, m.screen.Scope(), typing)
	switch {
	case !means:
		return nil
	case keymap.Interrupt.Is(k):
		return m.interrupt()
	case m.palette != nil:
		return m.keyPalette(k)
	case m.help:
		m.keyHelp(k)
		return nil
	}
	return m.act(k)
}

// act handles what works everywhere; the rest is the screen's.
func (m *Model) act(k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Help.Is(k) && (!m.screen.Modal() || keymap.HelpKey.Is(k)):
		m.help = true
		m.helpAt.Reset()
		return nil
	case m.screen.Modal():
	case keymap.Palette.Is(k):
		m.palette = palette.New(m.look, m.groups())
		return nil
	case keymap.Jobs.Is(k) && m.jobsOff() == "":
		return m.openJobs()
	case keymap.Jobs.Is(k) && m.screen == screen(m.home):
		m.home.Notice("Not now: " + m.jobsOff())
		return nil
	case keymap.Quit.Is(k) && m.quitOff() == "":
		if m.driving() {
			return m.interrupt()
		}
		return m.quit()
	}
	return m.screen.Update(k)
}

// keyHelp moves in the help; every other key closes it.
func (m *Model) keyHelp(k tea.KeyMsg) {
	switch {
	case keymap.Down.Is(k):
		m.helpAt.Move(1)
	case keymap.Up.Is(k):
		m.helpAt.Move(-1)
	case keymap.PageDown.Is(k):
		m.helpAt.Move(10)
	case keymap.PageUp.Is(k):
		m.helpAt.Move(-10)
	default:
		m.help = false
	}
}

// keyPalette is a key while the palette is open. What is chosen there is done as
// if its key had been pressed.
func (m *Model) keyPalette(k tea.KeyMsg) tea.Cmd {
	chosen, some, closed := m.palette.Key(k)
	if closed {
		m.palette = nil
	}
	if !some {
		return nil
	}
	if keymap.Interrupt.Is(chosen) {
		return m.interrupt()
	}
	return m.act(chosen)
}

// quitOff says why a single q does not end the program: a letter that was meant
// for elsewhere must not throw the answers of a plan away.
func (m *Model) quitOff() string {
	if m.screen == screen(m.wizard) || m.overlaid() && m.behind == screen(m.wizard) {
		return "the answers would be lost; esc goes back, ctrl+c leaves"
	}
	return ""
}

// interrupt is ctrl+c: while a run goes on it asks what is meant, and the
// second one leaves the run running; where nothing runs it ends the program.
func (m *Model) interrupt() tea.Cmd {
	if m.leaving {
		return m.quit()
	}
	if m.driving() {
		if m.screen != screen(m.live) {
			m.show(m.live)
		}
		m.help, m.palette = false, nil
		return m.live.Interrupt()
	}
	m.result.Interrupted = true
	return m.quit()
}

// driving reports whether a run goes on in this process.
func (m *Model) driving() bool { return m.handle != nil && !m.state.Ended() && !m.leaving }

func (m *Model) quit() tea.Cmd {
	m.end()
	return tea.Quit
}
