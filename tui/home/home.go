// Package home is the first screen: connect to a vault, rehearse against the
// lab, go on with an unfinished run, read a report.
package home

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/pick"
	"failback/tui/text"
)

// Profile is a vault that can be connected to.
type Profile struct {
	Name  string
	Vault string
}

// OpenMsg asks to connect to a profile, or with "" to the lab.
type OpenMsg struct{ Profile string }

// ResumeMsg asks to go on with a run.
type ResumeMsg struct{ Run engine.RunID }

// ReadMsg asks to see how a run ended. Damaged says that what it left damaged is
// so still.
type ReadMsg struct {
	Run     engine.RunID
	Damaged bool
}

// ReplayMsg asks to see a run that is over once more, as it went.
type ReplayMsg struct{ Run engine.RunID }

// EvidenceMsg asks to read the evidence of a run that is over.
type EvidenceMsg struct{ Run engine.RunID }

// Home is the screen. Use it through a pointer, on the update loop alone.
type Home struct {
	look    look.Look
	tick    look.Tick
	machine Machine
	list    pick.List
	does    []tea.Msg // what each row does; nil for headings
	runs    []runs.Summary
	known   bool // the runs were read
	err     error
	notice  string
}

// Machine is what the screen says of the program on this machine.
type Machine struct {
	Version    string
	ConfigFile string                       // where profiles are written
	Command    func(words ...string) string // a command line for another terminal; nil for the plain one
}

// New makes the screen.
func New(l look.Look, m Machine, profiles []Profile) *Home {
	if m.Command == nil {
		m.Command = func(words ...string) string { return "failback " + strings.Join(words, " ") }
	}
	h := &Home{look: l, machine: m}
	h.fill(profiles)
	return h
}

// Title names the screen.
func (h *Home) Title() string { return "Home" }

// Scope names the keys of the screen.
func (h *Home) Scope() keymap.Scope { return keymap.ScopeHome }

// Modal reports whether letters are typed now.
func (h *Home) Modal() bool { return h.list.Typing() }

// Show hands the screen the runs of the state directory.
func (h *Home) Show(profiles []Profile, list []runs.Summary, err error) {
	h.runs, h.known, h.err = list, true, err
	h.fill(profiles)
}

// Notice says something above the list.
func (h *Home) Notice(s string) { h.notice = s }

func (h *Home) fill(profiles []Profile) {
	h.list.Language = h.look.L
	h.list.Columns = []pick.Column{{Name: true}, {}, {Drop: 1}, {Drop: 2, Name: true}}
	h.does = nil
	var rows []pick.Row
	add := func(r pick.Row, does tea.Msg) {
		rows, h.does = append(rows, r), append(h.does, does)
	}
	heading := func(title string) {
		if len(rows) > 0 {
			add(pick.Row{Heading: true}, nil)
		}
		add(pick.Row{Heading: true, Cells: []string{title}}, nil)
	}
	open, ended := split(h.runs)
	// What was begun and is not finished comes first: it is why one comes back.
	if len(open) > 0 {
		heading("Unfinished runs")
	}
	for _, s := range open {
		add(h.openRow(s))
	}
	heading("Connect")
	for _, p := range profiles {
		vault := "vault " + p.Vault
		if p.Vault == "" {
			vault = "asks for the vault"
		}
		add(pick.Row{Cells: []string{p.Name, vault}}, OpenMsg{p.Name})
	}
	if len(profiles) == 0 {
		add(pick.Row{Cells: []string{h.look.Say("no profile yet"), "name a vault in the configuration"}, Off: h.noProfile()}, nil)
	}
	heading("Rehearse")
	add(pick.Row{Cells: []string{h.look.Say("Rehearsal"), "the embedded lab, touches nothing real"}}, OpenMsg{})
	if len(ended) > 0 {
		heading("Reports")
	}
	for _, s := range ended {
		add(endedRow(s))
	}
	h.list.Set(rows)
}

// noProfile says where a profile is written.
func (h *Home) noProfile() string {
	const how = "; docs/config.md shows how"
	if h.machine.ConfigFile == "" {
		return "no profile is configured" + how
	}
	return "no profile is configured. Write one in " + h.machine.ConfigFile + how
}

// split tells the runs that somebody can go on with from those that are over.
func split(list []runs.Summary) (open, ended []runs.Summary) {
	for _, s := range list {
		if s.Live || s.Resumable && s.Outcome != engine.OutcomeBlocked {
			open = append(open, s)
			continue
		}
		ended = append(ended, s)
	}
	return open, ended
}

func endedRow(s runs.Summary) (pick.Row, tea.Msg) {
	r := pick.Row{Cells: []string{s.Item, outcome(s), started(s), string(s.ID)}, Alarm: s.Damaged}
	if s.Broken != "" {
		r.Off = "the journal can't be read: " + s.Broken
	}
	return r, ReadMsg{Run: s.ID, Damaged: s.Damaged}
}

func (h *Home) openRow(s runs.Summary) (pick.Row, tea.Msg) {
	where := s.Phase.Info().Title
	if s.Gate != engine.GateNone {
		where = "waits: " + s.Gate.Verb()
	}
	if s.Outcome == engine.OutcomeFailed {
		where = "failed at " + where
	}
	r := pick.Row{Cells: []string{s.Item, where, started(s), string(s.ID)}, Alarm: s.Damaged}
	switch {
	case s.Broken != "":
		r.Off = "the journal can't be read: " + s.Broken
	case s.Live:
		r.Off = "driven by " + s.Driver + " now; watch it with: " + h.machine.Command("attach", string(s.ID))
	}
	return r, ResumeMsg{s.ID}
}

func outcome(s runs.Summary) string {
	words := string(s.Outcome)
	if words == "" {
		words = "not ended"
	}
	if s.Damaged {
		words += ", DAMAGED"
	}
	if s.Rehearsal {
		words += " (rehearsal)"
	}
	return words
}

func started(s runs.Summary) string {
	if s.Started.IsZero() {
		return ""
	}
	return s.Started.Format("2006-01-02 15:04")
}

// Vault is the profile under the cursor, "" for the lab, and whether one is.
func (h *Home) Vault() (profile string, ok bool) {
	i, on := h.list.Current()
	if !on || h.list.Row(i).Off != "" {
		return "", false
	}
	m, ok := h.does[i].(OpenMsg)
	return m.Profile, ok
}

// ended is the run under the cursor that is over, and whether one is.
func (h *Home) ended() (engine.RunID, bool) {
	i, on := h.list.Current()
	if !on || h.list.Row(i).Off != "" {
		return "", false
	}
	m, ok := h.does[i].(ReadMsg)
	return m.Run, ok
}

// Update takes in a message.
func (h *Home) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case look.Tick:
		h.tick = m
	case tea.KeyMsg:
		h.notice = ""
		if !h.list.Key(m) && keymap.Choose.Is(m) {
			return h.choose()
		}
		if id, ok := h.ended(); ok && !h.list.Typing() {
			switch {
			case keymap.Replay.Is(m):
				return func() tea.Msg { return ReplayMsg{id} }
			case keymap.Read.Is(m):
				return func() tea.Msg { return EvidenceMsg{id} }
			}
		}
	}
	return nil
}

func (h *Home) choose() tea.Cmd {
	i, ok := h.list.Current()
	if !ok {
		return nil
	}
	if off := h.list.Row(i).Off; off != "" {
		h.notice = "Not now: " + off
		return nil
	}
	does := h.does[i]
	return func() tea.Msg { return does }
}

// View draws the screen.
func (h *Home) View(w, height int) []string {
	l := h.look
	out := []string{
		l.Cut(l.T.Strong.Render(l.Say("Bring Hyper-V machines home from Azure"))+"  "+l.T.Muted.Render(l.Words(h.machine.Version)), w),
		"",
	}
	foot := h.foot(w)
	out = append(out, h.list.View(l, w, max(1, height-len(out)-len(foot)))...)
	return l.Clamp(append(out, foot...), w, height)
}

func (h *Home) foot(w int) []string {
	l := h.look
	switch {
	case h.notice != "":
		return append([]string{""}, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", h.notice, w)...)
	case h.err != nil:
		return append([]string{""}, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "The runs could not be listed: "+h.err.Error(), w)...)
	}
	i, ok := h.list.Current()
	if !ok {
		return nil
	}
	return append([]string{""}, l.Paragraph(l.T.Muted, "  ", h.about(i), min(w, 92))...)
}

// about says what choosing the row would do.
func (h *Home) about(i int) string {
	if off := h.list.Row(i).Off; off != "" {
		return "Not now: " + off
	}
	switch m := h.does[i].(type) {
	case OpenMsg:
		if m.Profile == "" {
			return "Starts an Azure, a Hyper-V site and its guests inside this program and plans a failback there. Every step is the real one; Azure itself offers no way to practise it. With names and sizes of your own: failback rehearse --estate FILE (docs/lab.md)."
		}
		return "Reads the vault and plans a failback. Nothing is changed before you confirm the plan by typing."
	case ResumeMsg:
		return "Goes on with run " + string(m.Run) + ": it looks first at what happened meanwhile."
	case ReadMsg:
		if h.list.Row(i).Alarm {
			return "Shows how run " + string(m.Run) + " ended. From there R repairs the machine: it runs the failback again."
		}
		return "Shows how run " + string(m.Run) + " ended. " + h.look.KeyName(keymap.Read) + " reads its evidence, " + h.look.KeyName(keymap.Replay) + " plays it again."
	}
	return ""
}

// Status is the state line.
func (h *Home) Status() look.Status {
	waiting, damaged, live := 0, 0, 0
	for _, s := range h.runs {
		if s.Live {
			live++
		}
		if s.Gate != engine.GateNone && (s.Outcome == engine.OutcomeNone || s.Outcome == engine.OutcomeDetached) {
			waiting++
		}
		if s.Damaged {
			damaged++
		}
	}
	switch {
	case !h.known:
		return look.Status{Tone: look.Working, Text: "Looking for runs"}
	case damaged > 0:
		return look.Status{Tone: look.Alarm, Text: fmt.Sprintf("%s left a DAMAGED machine on-premises: repair before it is started", text.Plural(damaged, "run", "runs"))}
	case waiting > 0:
		return look.Status{Tone: look.Asking, Text: text.Plural(waiting, "run waits", "runs wait") + " for a decision"}
	case live > 0:
		return look.Status{Text: text.Plural(live, "run goes", "runs go") + " on in another process"}
	}
	return look.Status{Text: "Nothing runs here"}
}

// Hints are the keys of the screen.
func (h *Home) Hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose, keymap.Up, keymap.Down, keymap.Filter, h.ofEnded(keymap.Read), h.ofEnded(keymap.Replay.But("replay")), keymap.Quit, h.jobs()}
}

// Keys are the keys of the screen for the help.
func (h *Home) Keys() []keymap.Group {
	return []keymap.Group{{Title: "Home", Bindings: []keymap.Binding{keymap.Choose, h.ofEnded(keymap.Read), h.ofEnded(keymap.Replay), h.jobs()}}, keymap.Moving()}
}

// ofEnded is a key for the run under the cursor that is over.
func (h *Home) ofEnded(key keymap.Binding) keymap.Binding {
	off := ""
	if _, ok := h.ended(); !ok {
		off = "put the cursor on a run that is over"
	}
	return key.Unless(off)
}

// jobs is the key to the jobs of the vault under the cursor.
func (h *Home) jobs() keymap.Binding {
	off := ""
	if _, ok := h.Vault(); !ok {
		off = "put the cursor on a vault"
	}
	return keymap.Jobs.Unless(off)
}
