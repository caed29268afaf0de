package wizard

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
)

// inventory is what the vault said when the wizard began.
type inventory struct {
	items  []engine.Item
	hosts  []engine.Host
	plans  []engine.RecoveryPlan
	loaded bool
	err    error
	lost   error // why the vault could not be read, where that is gone on without
	// machines are Azure VMs that no vault replicates and that were named here.
	machines []engine.Item
}

func (i inventory) ready() bool { return i.loaded && i.err == nil }

type inventoryMsg struct {
	gen   int
	world inventory
}

// loadInventory reads items, hosts and recovery plans.
func (w *Wizard) loadInventory() tea.Cmd {
	w.gen++
	w.world, w.coming = inventory{}, newComing()
	gen, ctx, c, conn, outside := w.gen, w.ctx, w.coming, w.conn, w.outside()
	return tea.Batch(c.listen(ctx, gen), func() tea.Msg {
		world := readInventory(ctx, conn.Ports.Inventory, c)
		if world.err != nil && len(outside) > 0 && w.repair.OutsideVault() {
			world = inventory{loaded: true, lost: world.err}
		}
		for _, id := range outside {
			if world.err != nil {
				break
			}
			var it engine.Item
			it, world.err = conn.DirectItem(ctx, id)
			world.machines = append(world.machines, it)
		}
		return inventoryMsg{gen: gen, world: world}
	})
}

func readInventory(ctx context.Context, port engine.Inventory, c *coming) inventory {
	out := inventory{loaded: true}
	if out.items, out.err = c.read(ctx, port); out.err != nil {
		return out
	}
	if out.hosts, out.err = port.Hosts(ctx); out.err != nil {
		return out
	}
	out.plans, out.err = port.RecoveryPlans(ctx)
	return out
}

func (w *Wizard) inventoryCame(m inventoryMsg) tea.Cmd {
	if m.gen != w.gen {
		return nil
	}
	w.world, w.coming = m.world, nil
	if !w.world.ready() {
		return nil
	}
	if w.repair == nil {
		w.at = 0
		return w.step().enter(w)
	}
	d, err := again(*w.repair, slices.Concat(w.world.items, w.world.machines))
	if err != nil {
		w.world.err = err
		return nil
	}
	w.draft = d
	// A certificate is never kept, so it is asked for again.
	for i, s := range w.steps {
		_, cert := s.(*certificateStep)
		_, pre := s.(*preflightStep)
		_, disks := s.(*directStep)
		if (cert || pre || disks) && s.applies(d) {
			w.at = i
			return s.enter(w)
		}
	}
	return nil
}
