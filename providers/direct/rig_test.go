package direct_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/racetest"
	"failback/providers/azure"
	"failback/providers/azure/machines"
	"failback/providers/direct"
	"failback/providers/diskcopy"
	"failback/providers/hyperv"
	"failback/providers/lab"
	"failback/providers/lab/world"
	"failback/providers/siterecovery"
)

const estate = `
name: direct
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - name: db01
    host: hv01
    managed: true
    generation: 2
    cpus: 2
    memory: 8GiB
    in_azure: 3d
    disks: [{size: 16MiB, content: 1MiB}, {size: 16MiB, content: 1MiB}]
`

// rig is a lab and a desk over it, whose files outlive the desk.
type rig struct {
	*testing.T
	lab    *lab.Memory
	vault  engine.Ports
	hosts  *hyperv.Access
	sign   *azure.Session
	azure  *azureDesk
	dir    string // of the jobs
	folder string // of the disks
	plan   engine.Plan
	mover  direct.Mover // nil for the real one
	desk   *direct.Desk
	ports  engine.Ports
}

// unraced skips a long run under the race detector.
var unraced = racetest.Skip

// broughtHome is the job of a failback that succeeds.
func (r *rig) broughtHome(request string) string {
	r.Helper()
	job := r.start(request)
	r.waits(job)
	r.complete(job)
	r.succeeds(job)
	return job
}

func inLab(t *testing.T, estate string, f func(r *rig)) {
	t.Helper()
	state, dir, folder := t.TempDir(), t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: state, Data: []byte(estate), Speed: 1})
		must(t, err)
		defer func() { must(t, m.Close()) }()
		r := &rig{T: t, lab: m, dir: filepath.Join(dir, "direct"), folder: folder}
		r.connect()
		defer r.close()
		f(r)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) connect() {
	e := r.lab.Endpoints()
	var err error
	r.sign, err = azure.Open(azure.Options{
		Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription, Transport: r.lab.Transport(),
	})
	must(r, err)
	vault, err := siterecovery.New(siterecovery.Options{
		Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault,
		Credential: r.sign.Credential(), ClientOptions: r.sign.ClientOptions(), Download: r.sign.Download,
	})
	must(r, err)
	ends := map[string]hyperv.Endpoint{}
	for _, h := range e.Hosts {
		ends[h.Name] = hyperv.Endpoint{URL: h.WinRM, User: r.lab.WinRMUser(), Connect: r.lab.Connect(h.Name), Sealed: true,
			Password: func(context.Context) (string, error) { return e.Token, nil }}
	}
	r.hosts, err = hyperv.New(hyperv.Options{Hosts: ends})
	must(r, err)
	desk, err := machines.New(r.sign)
	must(r, err)
	r.azure = &azureDesk{AzureDesk: desk, fails: map[string]error{}}
	r.vault = engine.Ports{Inventory: vault, Failover: vault, Plans: vault, Hosts: r.hosts, Azure: azure.NewAccess(r.sign)}
	it, err := vault.Items(r.Context())
	must(r, err)
	at := slices.IndexFunc(it, func(it engine.Item) bool { return it.Name == "db01" })
	item := it[at]
	r.azure.vm = item.AzureVM
	r.plan = engine.Plan{
		Version: engine.PlanVersion, Profile: "test", Rehearsal: true, Vault: e.Vault, Owner: "anna", Direction: engine.ToOnPremises, Sync: engine.SyncDelta,
		Direct: &engine.Direct{Folder: r.folder},
		Items:  []engine.PlanItem{{ID: item.ID, Name: item.Name, VMID: item.VMID, Host: item.HostName, Disks: 2, Bytes: item.Bytes()}},
	}
	r.open()
}

// open makes a desk, as another process would.
func (r *rig) open() {
	r.Helper()
	mover := r.realMover()
	if r.mover != nil {
		mover = r.mover
	}
	r.desk = direct.New(direct.Options{
		Folder: r.dir, Vault: r.vault, Machines: r.hosts, Azure: r.azure, Session: r.sign, Poll: 5 * time.Second,
		Mover: mover,
	})
	var err error
	r.ports, err = r.desk.Ports(r.plan)
	must(r, err)
}

// realMover reads snapshots over the rig's sign-in.
func (r *rig) realMover() direct.Mover {
	return diskcopy.New(nil, func(context.Context) (*azure.Session, error) { return r.sign.In(r.sign.Subscription()), nil })
}

func (r *rig) close() {
	r.Helper()
	must(r, r.desk.Close())
	must(r, r.hosts.Close())
	r.sign.Close()
}

// reopen is the end of one process and the beginning of the next.
func (r *rig) reopen() {
	r.Helper()
	must(r, r.desk.Close())
	r.open()
}

func (r *rig) item() engine.Item {
	r.Helper()
	it, err := r.ports.Inventory.Item(r.Context(), r.plan.Items[0].ID)
	must(r, err)
	return it
}

func (r *rig) start(request string) string {
	r.Helper()
	job, err := r.ports.Failover.Start(r.Context(), engine.StartRequest{
		Item: r.item(), Direction: engine.ToOnPremises, Sync: engine.SyncDelta, CreateVM: r.plan.Target.CreateVM, HostID: r.plan.Target.HostID, RequestID: request,
	})
	must(r, err)
	return job
}

// until reads a job until it is as wanted, at most for a day.
func (r *rig) until(job string, there func(engine.Job) bool) engine.Job {
	r.Helper()
	for end := time.Now().Add(24 * time.Hour); ; time.Sleep(2 * time.Second) {
		j, err := r.ports.Inventory.Job(r.Context(), job)
		must(r, err)
		if there(j) {
			return j
		}
		if time.Now().After(end) || j.State.Ended() {
			r.Fatalf("it never was so: %s %q %+v", j.State, j.Detail, j.Errors)
		}
	}
}

func (r *rig) waits(job string) engine.Job {
	r.Helper()
	return r.until(job, engine.Job.WaitsForComplete)
}

func (r *rig) ends(job string) engine.Job {
	r.Helper()
	return r.until(job, func(j engine.Job) bool { return j.State.Ended() })
}

func (r *rig) succeeds(job string) engine.Job {
	r.Helper()
	j := r.ends(job)
	if !j.State.Good() {
		r.Fatalf("%s: %+v", j.State, j.Errors)
	}
	return j
}

// stop stops the Azure VM, as a run does before it completes.
func (r *rig) stop() {
	r.Helper()
	_, err := r.lab.World().Deallocate(r.azure.vm.Name)
	must(r, err)
	for {
		p, err := r.ports.Azure.Power(r.Context(), r.azure.vm)
		must(r, err)
		if p.Off() {
			return
		}
		time.Sleep(time.Second)
	}
}

// complete stops the machine and has the job go on.
func (r *rig) complete(job string) {
	r.Helper()
	r.stop()
	must(r, r.ports.Failover.Complete(r.Context(), job, "by hand", "request-complete"))
}

// vm is the item's VM on a host.
func (r *rig) vm(host string) engine.VM {
	r.Helper()
	vms, err := r.hosts.VMs(r.Context(), host)
	must(r, err)
	at := slices.IndexFunc(vms, func(v engine.VM) bool { return v.Name == "db01" })
	if at < 0 {
		r.Fatalf("%s has no db01", host)
	}
	vm, err := r.hosts.VM(r.Context(), host, vms[at].ID)
	must(r, err)
	return vm
}

// boots waits until the guest has checked its disks and answers.
func (r *rig) boots(host string) {
	r.Helper()
	for range 120 {
		if vm := r.vm(host); len(vm.Addresses) > 0 && strings.HasPrefix(vm.Heartbeat, "Ok") {
			return
		}
		time.Sleep(10 * time.Second)
	}
	r.Fatalf("it does not boot: %+v", r.vm(host))
}

// snapshots are the names of those that the lab has.
func (r *rig) snapshots() (names []string) {
	r.lab.World().Read(func(s *world.State) {
		for _, d := range s.Snapshots {
			names = append(names, d.Name)
		}
	})
	return names
}

// files are the names in the folder of the disks.
func (r *rig) files() (names []string) {
	r.Helper()
	must(r, filepath.WalkDir(r.folder, func(path string, e os.DirEntry, err error) error {
		if err == nil && path != r.folder {
			names = append(names, strings.TrimPrefix(path, r.folder+string(filepath.Separator)))
		}
		return err
	}))
	return names
}

// azureDesk is the real one, which says what it was told to delete.
type azureDesk struct {
	engine.AzureDesk
	vm engine.AzureVMRef

	mu    sync.Mutex
	more  []engine.AzureThing // what else belongs to the VM by now
	order []engine.AzureThing // what was to be deleted
	fails map[string]error    // by kind, once
}

func (a *azureDesk) Belongings(ctx context.Context, vm engine.AzureVMRef) ([]engine.AzureThing, error) {
	out, err := a.AzureDesk.Belongings(ctx, vm)
	a.mu.Lock()
	defer a.mu.Unlock()
	return append(out, a.more...), err
}

func (a *azureDesk) Remove(ctx context.Context, t engine.AzureThing) error {
	a.mu.Lock()
	err := a.fails[t.Kind]
	delete(a.fails, t.Kind)
	a.order = append(a.order, t)
	a.mu.Unlock()
	if err != nil {
		return err
	}
	return a.AzureDesk.Remove(ctx, t)
}

// done are the kinds of what was deleted, in order; what was asked for twice, because
// nobody knew of the first time, counts once.
func (a *azureDesk) done() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var once []engine.AzureThing
	for _, t := range a.order {
		if !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	return kindsOf(once)
}
