package engine

import "context"

// meter turns the host agent's counters into progress of a synchronisation.
type meter struct {
	l     *leg
	total int64
	base  *Activity
	quiet bool // said once that there are no counters
	looks int
}

// meter begins a picture of a synchronisation. Its whole is what the Azure disks
// hold, since nothing else has to be read; of a final sync after an initial one
// nobody knows the whole beforehand.
func (l *leg) meter(ctx context.Context) *meter {
	m := &meter{l: l, base: l.counted}
	if l.state().Passed(PhaseInitialSync) {
		return m
	}
	it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
	for _, d := range it.Disks {
		if err != nil {
			break
		}
		var n int64
		n, err = l.r.Ports.Azure.Allocated(ctx, d)
		m.total += n
	}
	if err != nil {
		m.total = 0 // a part of the whole would mislead
	}
	return m
}

// tick reads the counters once, and now and then whether the host is in contact.
// Missing counters cost the picture, never the run.
func (m *meter) tick(ctx context.Context) error {
	m.looks++
	if m.looks%4 == 1 {
		if err := m.l.hostContact(ctx, glance); err != nil {
			return err
		}
	}
	if err := m.l.watchHome(ctx); err != nil {
		return err
	}
	return m.read(ctx)
}

// count keeps the agent's counters as they are before bytes begin to move, so
// that a synchronisation quicker than a look is not said to have moved nothing.
// Without it the first look has to serve.
func (l *leg) count(ctx context.Context) {
	if a, err := l.r.Ports.Hosts.Activity(ctx, l.host()); err == nil {
		l.counted = &a
	}
}

// end reads the counters once more when the watched synchronisation has ended.
func (m *meter) end(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return m.read(ctx)
}

func (m *meter) read(ctx context.Context) error {
	a, err := m.l.r.Ports.Hosts.Activity(ctx, m.l.host())
	if err != nil {
		if m.quiet || ctx.Err() != nil {
			return nil
		}
		m.quiet = true
		return m.l.note("info", "the host's agent can't be asked how much it has moved: "+err.Error())
	}
	if m.base == nil || a.Read < m.base.Read || a.Written < m.base.Written {
		m.base = &a // the first look, or the agent was restarted and counts afresh
	}
	return m.l.emit(SyncProgress{
		Read: a.Read - m.base.Read, Written: a.Written - m.base.Written, Total: m.total, Estimate: true,
	})
}
