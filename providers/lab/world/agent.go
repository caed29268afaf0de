package world

import (
	"context"
	"math"
	"time"

	"failback/engine/transfer"
	"failback/providers/lab/estate"
)

// piece is how much an agent moves at once: small, so that what is seen of it
// moves smoothly.
const piece = 256 << 10

// defaultStall is how long a synchronisation stalls where the fault does not
// say, in modelled time.
const defaultStall = 5 * time.Minute

// mode says how a disk is synchronised.
type mode int

const (
	compareAll  mode = iota // the first pass of a delta: compare, copy what differs
	changesOnly             // its second pass: what changed since the snapshot
	copyAll                 // full: the whole disk, nothing compared
)

// synchronise brings an item's on-premises disks to what the snapshots hold. It
// runs on the host's agent: bytes come over the storage wire and go to the
// host's files.
func (r *run) synchronise(ctx context.Context, when estate.Moment, m mode) error {
	j, it := r.look()
	host := j.targetHost(&it)
	if err := r.reach(when, it.Name, host); err != nil {
		return err
	}
	if err := r.trouble(when, it.Name, host); err != nil {
		return err
	}
	r.strayStart(when, host, &it)
	vm, err := r.homeVM(host, &it)
	if err != nil {
		return err
	}
	disks, err := r.homeDisks(it, vm)
	if err != nil {
		return err
	}
	defer func() { _ = closeDisks(disks) }()
	s := r.newSync(when, host, it.Name, m)
	for i, d := range it.Disks {
		if err := s.disk(ctx, d, &j, disks[i]); err != nil {
			return err
		}
	}
	if m == compareAll {
		return nil
	}
	return r.leaveSums(ctx, vm, it, disks)
}

// syncing is one synchronisation of an item.
type syncing struct {
	*run
	host  string
	mode  mode
	when  estate.Moment
	item  string
	pace  *pacer
	moved int64 // read from Azure so far
}

func (r *run) newSync(when estate.Moment, host, item string, m mode) *syncing {
	rates, threads := estate.Rates{}, 0
	r.Read(func(s *State) {
		rates = s.Rates
		if h := s.Host(host); h != nil {
			threads = h.Agent.Threads.Download
		}
	})
	rate := overLink(rates.Link, threads)
	if m == compareAll {
		rate = rates.Compare
	}
	return &syncing{run: r, host: host, mode: m, when: when, item: item, pace: r.paced(int64(rate))}
}

// overLink is what crosses the line with so many download threads a VM, read when a
// synchronisation begins. That more of them carry more is documented, how much more is
// not: the root of it is the lab's own choice. Comparing goes by the disks alone.
func overLink(link estate.Size, threads int) estate.Size {
	const usual = 4 // what the rate of an estate is for
	if threads <= 0 {
		return link
	}
	return estate.Size(float64(link) * math.Sqrt(float64(threads)/usual))
}

func (s *syncing) disk(ctx context.Context, d *Disk, j *Job, to homeDisk) error {
	snapshot := j.Phase2
	if s.mode == compareAll {
		snapshot = j.Phase1
	}
	from, err := s.remote(ctx, d.Blob, snapshot)
	if err != nil {
		return err
	}
	opt := transfer.Options{Compare: s.mode == compareAll, Streams: 1, Piece: piece, Request: piece, Limit: s.limit, Report: s.report()}
	if s.mode != changesOnly {
		_, err = transfer.Copy(ctx, from, to, opt)
		return err
	}
	changes, err := from.Changes(ctx, j.Phase1)
	if err != nil {
		return err
	}
	if len(changes.Updated) > 0 && s.strike(s.when, s.item, s.host, estate.DropChangedRange) != nil {
		changes.Updated = changes.Updated[:len(changes.Updated)-1]
	}
	_, err = transfer.Apply(ctx, from, changes, to, opt)
	return err
}

// limit holds the transfer to the modelled rate, and still while the host
// cannot be reached or the sync stalls.
func (s *syncing) limit(ctx context.Context, bytes int) error {
	if f := s.strike(s.when, s.item, s.host, estate.SyncStalls); f != nil {
		still := f.For
		if still == 0 {
			still = defaultStall
		}
		if err := s.sleep(ctx, still); err != nil {
			return err
		}
		s.pace.stalled(s.wall(still))
	}
	const look = 250 * time.Millisecond
	for s.unreachable() {
		if err := pause(ctx, look); err != nil {
			return err
		}
		s.pace.stalled(look)
	}
	s.moved += int64(bytes)
	return s.pace.upTo(ctx, s.moved)
}

func (s *syncing) unreachable() (yes bool) {
	s.Read(func(st *State) { _, yes = st.Holds(estate.HostUnreachable, s.host) })
	return yes
}

// report counts what the agent moved. The counters are saved with the next
// change of the world.
func (s *syncing) report() func(transfer.Progress) {
	var last transfer.Progress
	return func(p transfer.Progress) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if h := s.state.Host(s.host); h != nil {
			h.Read += p.Read - last.Read
			h.Written += p.Written + p.Zeroed - last.Written - last.Zeroed
		}
		last = p
	}
}

// leaveSums reads the disks back from their files and leaves the checksums
// beside them, before anything starts that could write to them.
func (r *run) leaveSums(ctx context.Context, vm VM, it Item, disks []homeDisk) error {
	sums := make([]DiskSum, 0, len(disks))
	for i, d := range disks {
		sum, err := sumOf(ctx, d)
		if err != nil {
			return err
		}
		m, err := mapBlocks(ctx, d.source())
		if err != nil {
			return err
		}
		if err := r.writeBlockMap(vm.rel(i), m); err != nil {
			return err
		}
		sums = append(sums, DiskSum{Disk: it.Disks[i].Name, Bytes: d.Size(), SHA256: sum, At: now()})
	}
	return r.change(func(s *State) {
		if v := s.VM(vm.Host, vm.ID); v != nil {
			v.Sums = sums
		}
	})
}

// strayStart lets somebody start the VM whose disks are being written.
func (r *run) strayStart(when estate.Moment, host string, it *Item) {
	if r.strike(when, it.Name, host, estate.ForeignStart) == nil {
		return
	}
	vmID := it.HyperVID
	r.goes(func(ctx context.Context) {
		if r.sleep(ctx, r.times().Initiate) == nil {
			_ = r.startHome(ctx, host, vmID)
		}
	})
}
