package wizard

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/pick"
)

// coming is a long list of items while it is read: to look at, to filter and to sort,
// with nothing to choose yet, since names and damage are known at the end alone.
type coming struct {
	list  pick.List
	count int
	pages chan []engine.Item // closed when all is read
}

type itemsCameMsg struct {
	gen   int
	items []engine.Item
}

func newComing() *coming {
	c := &coming{pages: make(chan []engine.Item)}
	c.list.Sorts = true
	c.list.Columns = []pick.Column{{Title: "Item", Name: true}, {Title: "Runs", Drop: 1}, {Title: "Size", Right: true, Drop: 2}, {Title: "State", Drop: 3}}
	return c
}

// read reads the items and hands their pages over as they come.
func (c *coming) read(ctx context.Context, port engine.Inventory) ([]engine.Item, error) {
	defer close(c.pages)
	browser, ok := port.(engine.Browser)
	if !ok {
		return port.Items(ctx)
	}
	return browser.Browse(ctx, func(page []engine.Item) {
		select {
		case c.pages <- page:
		case <-ctx.Done():
		}
	})
}

// listen waits for the next page.
func (c *coming) listen(ctx context.Context, gen int) tea.Cmd {
	return func() tea.Msg {
		select {
		case page, more := <-c.pages:
			if !more {
				return nil
			}
			return itemsCameMsg{gen, page}
		case <-ctx.Done():
			return nil
		}
	}
}

func (w *Wizard) itemsCame(m itemsCameMsg) tea.Cmd {
	if m.gen != w.gen || w.coming == nil {
		return nil
	}
	w.coming.list.Language = w.look.L
	rows := make([]pick.Row, len(m.items))
	for i, it := range m.items {
		rows[i] = pick.Row{
			Cells: []string{it.Name, runsAt(it.Active), engine.SizeWords(it.Bytes()), string(it.State)},
			Keys:  []string{"", "", sizeKey(it)}, Off: "the vault is still being read",
		}
	}
	w.coming.list.Add(rows)
	w.coming.count += len(rows)
	return w.coming.listen(w.ctx, w.gen)
}

// sizeKey sorts sizes by what they are, not by how they are written.
func sizeKey(it engine.Item) string { return fmt.Sprintf("%020d", it.Bytes()) }

func (w *Wizard) comingView(width, height int) []string {
	l := w.look
	words := "Reading items, hosts and recovery plans of " + w.conn.Vault + " …"
	out := []string{"", l.Cut(l.T.Text.Render(l.Say(words)), width)}
	if w.coming == nil || w.coming.count == 0 {
		return out
	}
	out[1] = l.Cut(l.T.Text.Render(l.Say(fmt.Sprintf("%s %d items so far", words, w.coming.count))), width)
	return append(append(out, ""), w.coming.list.View(l, width, max(1, height-len(out)-1))...)
}

func (w *Wizard) comingHints() []keymap.Binding {
	if w.coming != nil && w.coming.count > 0 {
		return []keymap.Binding{keymap.Filter, keymap.Sort, keymap.Back}
	}
	if w.world.err != nil {
		return w.lostHints()
	}
	return []keymap.Binding{keymap.Back}
}
