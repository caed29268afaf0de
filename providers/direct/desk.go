package direct

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/providers/azure"
	"failback/providers/azure/snapshots"
)

// Mover copies single disks and can take a copy back, as diskcopy.Disks does.
type Mover interface {
	Copy(ctx context.Context, o move.Order, report func(move.Progress)) (move.Copied, error)
	Cancel(target string) (move.TakenBack, error)
	Standing(target string) (move.Standing, error)
	Hash(ctx context.Context, o move.HashOrder, report func(move.Progress)) (move.Hashed, error)
}

// Protector enables protection of a VM on a host afresh, where a vault is there.
type Protector interface {
	// Protect asks for it, by the host's name and the VM's Hyper-V GUID, or sees that it
	// was asked for. It may be repeated. A nil error means accepted.
	Protect(ctx context.Context, host, vmID, name, requestID string) error
}

// Options are what a Desk works with.
type Options struct {
	// Folder holds the jobs; it is made when the first one begins.
	Folder string
	// Vault are the ports of the connection, which a plan's ports wrap.
	Vault    engine.Ports
	Machines engine.MachineDesk
	Azure    engine.AzureDesk
	// Session is the sign-in. It stays the caller's.
	Session *azure.Session
	Mover   Mover
	// Protect may be nil: protection is then enabled by hand.
	Protect Protector
	// Poll is how often a machine that has to stop or to start is looked at.
	Poll time.Duration
}

// Desk carries out direct failbacks over one connection. It is safe for concurrent use.
type Desk struct {
	o     Options
	store *store

	ctx  context.Context // of all drivers
	stop context.CancelFunc
	work sync.WaitGroup

	starting sync.Mutex // held while a job is begun

	mu      sync.Mutex
	closed  bool
	drivers map[string]*driver // by job
	moved   map[string]int64   // bytes that travelled to a host since the desk was opened
	disks   map[string]seen    // by the item's id
	limits  map[string]held    // by the run, see record.shared
}

// seen are an Azure VM's disks as they were read a moment ago.
type seen struct {
	disks []snapshots.Disk
	at    time.Time
}

// New prepares a desk. It sends and writes nothing. Close it before the session.
func New(o Options) *Desk {
	ctx, stop := context.WithCancel(context.Background())
	if o.Poll <= 0 {
		o.Poll = 15 * time.Second
	}
	return &Desk{
		o: o, store: &store{dir: o.Folder}, ctx: ctx, stop: stop,
		drivers: map[string]*driver{}, moved: map[string]int64{}, disks: map[string]seen{}, limits: map[string]held{},
	}
}

// Close lets go of the jobs that this process drives and returns when nothing of them
// is under way. They go on where they are read next.
func (d *Desk) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.stop()
	d.work.Wait()
	return nil
}

// Ports are the ports of a plan. They may be asked for again: the jobs are the same.
func (d *Desk) Ports(p engine.Plan) (engine.Ports, error) {
	if p.Direct == nil {
		return d.o.Vault, nil
	}
	if d.o.Folder == "" {
		return engine.Ports{}, engine.Refuse("open the plan", p.Profile, "this connection keeps no jobs of its own, and a direct failback is one", "give a state directory with --state-dir")
	}
	w := planned{Desk: d, plan: p, direct: *p.Direct}
	ports := d.o.Vault
	ports.Inventory, ports.Failover, ports.Direct = inventory{w}, failover{w}, w
	ports.Plans = nil
	ports.Hosts, ports.Azure = hosts{d.o.Vault.Hosts, w}, azureSide{d.o.Vault.Azure, w}
	return ports, nil
}

// planned is a desk for one plan.
type planned struct {
	*Desk
	plan   engine.Plan
	direct engine.Direct
}

// hostOf is the host that an item of the plan goes to.
func (w planned) hostOf(it engine.Item) string {
	if w.plan.Target.Alternate {
		return w.plan.Target.HostName
	}
	for _, p := range w.plan.Items {
		if engine.SameID(p.ID, it.ID) && p.Host != "" {
			return p.Host
		}
	}
	return it.HostName
}

// snapshots is the client for a VM's snapshots, tagged with a run's id.
func (d *Desk) snapshots(vm engine.AzureVMRef, run string, notice func(snapshots.Notice)) (*snapshots.Client, error) {
	session := d.o.Session
	if vm.Subscription != "" {
		session = session.In(vm.Subscription)
	}
	return snapshots.New(session, snapshots.Options{Run: run, Notice: notice})
}

// disksOf reads the managed disks of an Azure VM, at most once in a while.
func (d *Desk) disksOf(ctx context.Context, key string, vm engine.AzureVMRef) ([]snapshots.Disk, error) {
	const fresh = time.Minute
	d.mu.Lock()
	known := d.disks[key]
	d.mu.Unlock()
	if known.disks != nil && time.Since(known.at) < fresh {
		return known.disks, nil
	}
	client, err := d.snapshots(vm, "look", nil)
	if err != nil {
		return nil, err
	}
	disks, err := client.Disks(ctx, vm)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.disks[key] = seen{disks, time.Now()}
	d.mu.Unlock()
	return disks, nil
}

// count notes bytes that travelled to a host.
func (d *Desk) count(host string, n int64) {
	d.mu.Lock()
	d.moved[host] += n
	d.mu.Unlock()
}

// homeFor is where the disks of an item would be written: the first folder of the
// VM's name that nobody has made yet.
func homeFor(folder, name string) (string, error) {
	base := plainName(name)
	for n := 1; ; n++ {
		path := filepath.Join(folder, numbered(base, n))
		switch _, err := os.Lstat(path); {
		case os.IsNotExist(err):
			return path, nil
		case err != nil:
			return "", err
		}
	}
}
