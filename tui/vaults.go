package tui

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/pick"
)

// vaults asks which vault is meant, where a profile does not say.
type vaults struct {
	look    look.Look
	list    pick.List
	all     []engine.Vault
	purpose reopenMsg // what is opened once the vault is known
}

type vaultsMsg struct {
	gen     int
	all     []engine.Vault
	purpose reopenMsg
	err     error
}

// findVaults lists what the profile's sign-in sees, and goes on to the question.
func (m *Model) findVaults(ctx context.Context, done func(), line *signInLine, purpose reopenMsg) tea.Cmd {
	find := m.deps.Vaults
	return func() tea.Msg {
		defer done()
		all, err := find(ctx, purpose.profile, line.person())
		return vaultsMsg{line.gen, all, purpose, err}
	}
}

func (m *Model) vaultsCame(msg vaultsMsg) {
	o, ok := m.screen.(*opening)
	if msg.gen != m.gen || !ok {
		return
	}
	if len(msg.all) == 0 {
		o.err = msg.err
		if o.err == nil {
			o.err = engine.Refuse("list the vaults", msg.purpose.profile, "the sign-in sees no vault", "ask for the role Site Recovery Operator on the vault, or name another subscription in the profile")
		}
		return
	}
	v := &vaults{look: m.look, all: msg.all, purpose: msg.purpose}
	v.list.Sorts = true
	v.list.Columns = []pick.Column{{Title: "Vault", Name: true}, {Title: "Resource group", Drop: 2, Name: true}, {Title: "Subscription", Drop: 1, Name: true}, {Title: "Location", Drop: 3, Name: true}}
	rows := make([]pick.Row, len(v.all))
	for i, x := range v.all {
		name := x.SubscriptionName
		if name == "" {
			name = x.Subscription
		}
		rows[i] = pick.Row{Cells: []string{x.Name, x.ResourceGroup, name, x.Location}}
	}
	v.list.Set(rows)
	m.show(v)
}

// Title names the screen.
func (v *vaults) Title() string { return "Vaults" }

// Scope names the keys of the screen.
func (v *vaults) Scope() keymap.Scope { return keymap.ScopeLists }

// Modal reports whether letters are typed now.
func (v *vaults) Modal() bool { return v.list.Typing() }

func (v *vaults) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok || v.list.Key(k):
	case keymap.Back.Is(k):
		return func() tea.Msg { return openingLeftMsg{} }
	case keymap.Choose.Is(k):
		i, some := v.list.Current()
		if !some {
			return nil
		}
		chosen := v.purpose
		chosen.vault = v.all[i].ID
		return func() tea.Msg { return chosen }
	}
	return nil
}

func (v *vaults) View(w, h int) []string {
	l := v.look
	out := []string{l.T.Strong.Render(l.Say("Which vault?")), ""}
	return l.Clamp(append(out, v.list.View(l, w, max(1, h-len(out)))...), w, h)
}

func (v *vaults) Status() look.Status {
	return look.Status{Tone: look.Asking, Text: fmt.Sprintf("The profile %s names no vault; its sign-in sees %d", v.purpose.profile, len(v.all))}
}

func (v *vaults) Hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("connect to it"), keymap.Filter, keymap.Sort, keymap.Back}
}

func (v *vaults) Keys() []keymap.Group {
	return []keymap.Group{{Title: "Vaults", Bindings: v.Hints()}}
}
