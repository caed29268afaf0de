package engine

import (
	"context"
	"strings"
)

// meter turns the host agent's counters, and the sizes of the files that it writes,
// into progress of a synchronisation.
type meter struct {
	l     *leg
	total int64
	base  *Activity
	files fileSizes // as the synchronisation found them
	disks []DiskGrowth
	quiet bool // said once that there are no counters
	looks int
}

// fileSizes are the sizes of a VM's disk files by their paths; nil where nobody has
// looked yet.
type fileSizes map[string]int64

// meter begins a picture of a synchronisation. Its whole is what the Azure disks
// hold, since nothing else has to be read; of a final sync after an initial one
// nobody knows the whole beforehand.
func (l *leg) meter(ctx context.Context) *meter {
	m := &meter{l: l, base: l.counted, files: l.files}
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
	// The VM may not exist yet, or its host not answer; the next look is at the next poll.
	if vm, err := m.l.glimpseVM(ctx); err == nil {
		if err := m.l.sawHome(ctx, vm); err != nil {
			return err
		}
		if !m.l.direct() { // its disks are not those that are written
			m.grown(vm)
		}
	}
	return m.read(ctx)
}

// grown holds the disk files against what they were.
func (m *meter) grown(vm VM) {
	if m.files == nil {
		m.files = sizesOf(vm)
	}
	m.disks = nil
	for _, d := range vm.Disks {
		was, known := m.files[d.Path]
		g := DiskGrowth{Disk: baseName(d.Path), Silent: silent(d)}
		if g.Silent == "" {
			if known && d.File < was { // made anew, or made smaller
				m.files[d.Path], was = d.File, d.File
			}
			g.Grown = d.File - was // a file that was not there began at nothing
		}
		m.disks = append(m.disks, g)
	}
}

// silent says why the file of a disk tells nothing of what is written to it.
func silent(d VMDisk) string {
	switch {
	case d.PassThrough:
		return "a disk of the host itself, it has no file"
	case d.Problem != "":
		return "its file can't be read: " + d.Problem
	case strings.EqualFold(d.Type, "Fixed"):
		return "of fixed size, its file does not grow"
	case d.Type == "":
		return "nobody says whether its file can grow"
	}
	return ""
}

func sizesOf(vm VM) fileSizes {
	out := fileSizes{}
	for _, d := range vm.Disks {
		out[d.Path] = d.File
	}
	return out
}

// baseName is the name of a file on a Windows host.
func baseName(path string) string {
	return path[strings.LastIndexAny(path, `\/`)+1:]
}

// count keeps the agent's counters as they are before bytes begin to move, so
// that a synchronisation quicker than a look is not said to have moved nothing.
// Without it the first look has to serve.
func (l *leg) count(ctx context.Context) {
	l.counted, l.files = nil, nil
	if a, err := l.r.Ports.Hosts.Activity(ctx, l.host()); err == nil {
		l.counted = &a
	}
	vm, err := l.glimpseVM(ctx)
	if err == nil || KindOf(err) == FailureNotFound {
		l.files = sizesOf(vm) // none where there is no VM yet
	}
}

// end reads the counters once more when the watched synchronisation has ended.
func (m *meter) end(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	if vm, err := m.l.glimpseVM(ctx); err == nil {
		m.grown(vm)
	}
	return m.read(ctx)
}

func (m *meter) read(ctx context.Context) error {
	a, err := m.l.r.Ports.Hosts.Activity(ctx, m.l.host())
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		if !m.quiet {
			m.quiet = true
			if err := m.l.note("info", "the host's agent can't be asked how much it has moved: "+err.Error()); err != nil {
				return err
			}
		}
		if len(m.disks) == 0 {
			return nil
		}
		return m.l.emit(SyncProgress{Estimate: true, Uncounted: true, Disks: m.disks})
	}
	if m.base == nil || a.Read < m.base.Read || a.Written < m.base.Written {
		m.base = &a // the first look, or the agent was restarted and counts afresh
	}
	return m.l.emit(SyncProgress{
		Read: a.Read - m.base.Read, Written: a.Written - m.base.Written, Total: m.total, Estimate: true,
		Disks: m.disks, Shared: m.shared(),
	})
}

// shared reports whether other legs of the run move data through the same agent now.
func (m *meter) shared() bool {
	s := m.l.r.Stream.State()
	for _, o := range s.Legs {
		p := o.Step().Phase
		moves := o.Mode == ModeRunning && (p == PhaseInitialSync || p == PhaseFinalSync)
		if o.Item.Name != m.l.item.Name && moves && (s.Plan.Target.Alternate || o.Item.Host == m.l.item.Host) {
			return true
		}
	}
	return false
}

// Words say in a line's continuation what is known of the bytes, each number with its
// source; empty where nothing is.
func (p SyncProgress) Words() string {
	s := ""
	switch {
	case p.Uncounted:
	case p.Total > 0 && !p.Shared:
		s = ", " + SizeWords(p.Read) + " of " + SizeWords(p.Total) + " read by the host's agent"
	case p.Read > 0 || p.Written > 0:
		s = ", " + SizeWords(p.Read) + " read and " + SizeWords(p.Written) + " written by the host's agent"
	}
	if s != "" && p.Shared {
		s += " for several items"
	}
	if g := p.GrowthWords(); g != "" {
		s += ", " + g
	}
	if s != "" && p.Estimate {
		s += " (estimate)"
	}
	return s
}

// GrowthWords say how far the disk files have grown, by source and without pretending
// to more; empty where no file was looked at.
func (p SyncProgress) GrowthWords() string {
	var grown int64
	speaks := 0
	var quiet []string
	for _, d := range p.Disks {
		if d.Silent != "" {
			quiet = append(quiet, d.Disk+": "+d.Silent)
			continue
		}
		speaks++
		grown += d.Grown
	}
	var out []string
	if speaks > 0 {
		out = append(out, DiskWords(speaks)+" grown by "+SizeWords(grown)+" on the host")
	}
	return strings.Join(append(out, quiet...), "; ")
}
