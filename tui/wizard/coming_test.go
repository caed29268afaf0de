package wizard

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/theme"
)

// slowVault hands over its pages one by one, when the test asks for them.
type slowVault struct {
	engine.Inventory
	pages [][]engine.Item
	next  chan struct{}
}

func (v *slowVault) Browse(ctx context.Context, came func([]engine.Item)) ([]engine.Item, error) {
	var all []engine.Item
	for _, p := range v.pages {
		select {
		case <-v.next:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		came(p)
		all = append(all, p...)
	}
	return all, nil
}

func (v *slowVault) Hosts(context.Context) ([]engine.Host, error) { return nil, nil }
func (v *slowVault) RecoveryPlans(context.Context) ([]engine.RecoveryPlan, error) {
	return nil, nil
}

func inAzure(from, to int) []engine.Item {
	var out []engine.Item
	for i := from; i < to; i++ {
		out = append(out, engine.Item{
			ID: fmt.Sprintf("/items/%d", i), Name: fmt.Sprintf("app-%04d", i), Active: engine.LocationAzure, State: engine.ItemFailedOver,
			Allowed: []string{engine.AllowFailback}, Disks: []engine.Disk{{Bytes: int64(i) << 30}}, HostName: "hv01",
		})
	}
	return out
}

// keys types them into the wizard.
func keys(w *Wizard, typed ...string) {
	for _, k := range typed {
		w.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(k)})
	}
}

// A large vault is shown while it is read: what came can be looked at and filtered,
// nothing can be chosen, and the end goes on with all of it.
func TestAVaultIsShownWhileItIsRead(t *testing.T) {
	v := &slowVault{pages: [][]engine.Item{inAzure(0, 100), inAzure(100, 200)}, next: make(chan struct{})}
	w := New(t.Context(), look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()},
		&engine.Connection{Name: "prod", Vault: "rsv-prod", Ports: engine.Ports{Inventory: v}}, Services{})
	defer w.Close()
	c := w.loadInventoryNow(t)
	view := func() string { return strings.Join(w.View(100, 20), "\n") }
	if s := view(); !strings.Contains(s, "Reading items") || strings.Contains(s, "so far") {
		t.Errorf("before the first page:\n%s", s)
	}
	v.next <- struct{}{}
	w.Update(<-c.pages)
	if s := view(); !strings.Contains(s, "100 items so far") || !strings.Contains(s, "app-0001") {
		t.Errorf("after a page:\n%s", s)
	}
	keys(w, "/", "0", "0", "4", "2")
	if s := view(); !strings.Contains(s, "app-0042") || strings.Contains(s, "app-0001") || !w.Modal() {
		t.Errorf("filtered while it is read:\n%s", s)
	}
	v.next <- struct{}{}
	w.Update(<-c.pages)
	if s := view(); !strings.Contains(s, "200 items so far") || strings.Contains(s, "app-0001") {
		t.Errorf("another page undid the filter:\n%s", s)
	}
	w.Update(<-c.end)
	if s := view(); !strings.Contains(s, "200 of 200 items are ready") || w.Modal() {
		t.Errorf("at the end:\n%s", s)
	}
}

// commands are what the wizard's reading sends, taken one by one.
type commands struct{ pages, end chan tea.Msg }

func (w *Wizard) loadInventoryNow(t *testing.T) commands {
	t.Helper()
	c := commands{make(chan tea.Msg), make(chan tea.Msg, 1)}
	w.loadInventory()
	gen, coming := w.gen, w.coming
	ctx := w.ctx
	go func() { c.end <- inventoryMsg{gen: gen, world: readInventory(ctx, w.conn.Ports.Inventory, coming)} }()
	go func() {
		for {
			msg := coming.listen(ctx, gen)()
			if msg == nil {
				return
			}
			select {
			case c.pages <- msg:
			case <-ctx.Done():
				return
			}
		}
	}()
	return c
}

// BenchmarkItemsFrame is a frame of the whole step with 5,000 items.
func BenchmarkItemsFrame(b *testing.B) {
	w := New(b.Context(), look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}, &engine.Connection{Vault: "v"}, Services{})
	defer w.Close()
	w.inventoryCame(inventoryMsg{world: inventory{items: inAzure(0, 5000), loaded: true}})
	w.draft.Direction = engine.ToOnPremises
	w.at = 1
	w.step().enter(w)
	b.ReportAllocs()
	for b.Loop() {
		if len(w.View(120, 36)) == 0 {
			b.Fatal("nothing")
		}
	}
}
