package world

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// found makes a new world from an estate: in a folder aside, renamed into place
// when it is whole, so that nothing half-made is ever opened.
func (w *World) found(ctx context.Context, e estate.Estate) (*State, error) {
	final := w.dir
	w.dir = filepath.Join(filepath.Dir(final), "."+filepath.Base(final)+".new")
	if err := os.RemoveAll(w.dir); err != nil {
		return nil, fmt.Errorf("make the lab: %w", err)
	}
	s, err := w.furnish(ctx, e)
	if err != nil {
		_ = os.RemoveAll(w.dir) // what is left is cleared away next time
		return nil, fmt.Errorf("make the lab of estate %s: %w", e.Name, err)
	}
	// The folder exists already, empty but for its lock.
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		return nil, fmt.Errorf("make the lab: %w", err)
	}
	for _, entry := range ordered(entries) {
		to := filepath.Join(final, entry)
		if err := os.RemoveAll(to); err != nil {
			return nil, fmt.Errorf("make the lab: %w", err)
		}
		if err := os.Rename(filepath.Join(w.dir, entry), to); err != nil {
			return nil, fmt.Errorf("make the lab: %w", err)
		}
	}
	if err := os.Remove(w.dir); err != nil {
		return nil, fmt.Errorf("make the lab: %w", err)
	}
	w.dir = final
	if w.blobs, err = blob.OpenStore(filepath.Join(final, blobsDir)); err != nil {
		return nil, err
	}
	return s, nil
}

// ordered puts the state last: a folder without one is not a world.
func ordered(entries []os.DirEntry) []string {
	var names []string
	for _, e := range entries {
		if e.Name() != stateFile {
			names = append(names, e.Name())
		}
	}
	return append(names, stateFile)
}

// furnish builds state and disks in the world's directory.
func (w *World) furnish(ctx context.Context, e estate.Estate) (*State, error) {
	if err := os.MkdirAll(w.dir, 0o700); err != nil {
		return nil, err
	}
	var err error
	if w.blobs, err = blob.OpenStore(filepath.Join(w.dir, blobsDir)); err != nil {
		return nil, err
	}
	s := newState(e)
	if err := s.addPlaces(e); err != nil {
		return nil, err
	}
	for _, it := range e.Items {
		if err := s.addItem(it); err != nil {
			return nil, err
		}
	}
	s.addPlans(e)
	if err := w.fillDisks(ctx, s, e); err != nil {
		return nil, err
	}
	if err := w.blobs.Close(); err != nil {
		return nil, err
	}
	return s, save(w.dir, s)
}

func newState(e estate.Estate) *State {
	s := &State{
		Schema: schema, Estate: e.Name, Seed: e.Seed, Speed: e.Speed, Token: newToken(),
		Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault, Location: e.Location,
		Account: "labstorage", Created: now(), Rates: e.Rates, Times: e.Times, GuestEvery: e.GuestEvery,
		Faults: newFaults(e.Faults),
	}
	return s
}

func (s *State) addPlaces(e estate.Estate) error {
	for _, f := range e.Fabrics {
		fabric := &Fabric{Name: f.Name, Friendly: f.Name, VMM: f.Kind == estate.KindVMM, Internal: s.mint(), Thumbprint: f.KeyThumbprint}
		fabric.Container = "cloud_" + fabric.Internal
		if fabric.VMM {
			// A VMM fabric's name is 64 hexadecimal digits, its cloud's a GUID.
			fabric.Name = strings.ReplaceAll(s.mint()+s.mint(), "-", "")
			fabric.Container = s.mint()
		}
		if f.KeyExpires != "" {
			at, err := time.Parse("2006-01-02", f.KeyExpires)
			if err != nil {
				return err
			}
			fabric.KeyExpires = at
		}
		s.Fabrics = append(s.Fabrics, fabric)
	}
	for _, h := range e.Hosts {
		host := &Host{Host: h, ID: s.mint(), Machine: s.mint()}
		fabric := find(s.Fabrics, func(f *Fabric) bool { return f.Friendly == h.Fabric })
		host.Fabric = fabric.Name
		s.Hosts = append(s.Hosts, host)
	}
	return nil
}

func (s *State) addItem(it estate.Item) error {
	ago, err := it.Ago()
	if err != nil {
		return err
	}
	host := s.Host(it.Host)
	fabric := s.Fabric(host.Fabric)
	item := &Item{
		Name: it.Name, Foreign: it.State == estate.StateForeign, HyperVID: s.mint(), Fabric: fabric.Name, Host: host.Name,
		OS: it.OS, Generation: it.Generation, InAzure: it.AzureGeneration, CPUs: it.CPUs, Memory: int64(it.Memory), Switch: it.Switch,
		Managed: it.Managed, Encryption: it.Encryption, Replicated: now(), Home: it.Home, TestFailover: it.TestFailover, Ailing: it.Ailing,
	}
	item.VMID = item.HyperVID
	if fabric.VMM {
		item.VMID = s.mint()
	}
	for lun, d := range it.Disks {
		disk := s.newDisk(item, lun, int64(d.Size))
		disk.Straight, disk.Home = d.Managed, d.Home
		item.Disks = append(item.Disks, disk)
	}
	item.place(it.State, ago)
	s.addPoints(item)
	s.Items = append(s.Items, item)
	if item.AtRecovery {
		item.AzureVM = it.Name
		s.AzureVMs = append(s.AzureVMs, &AzureVM{
			Name: it.Name, ID: s.mint(), Item: it.Name, Power: PowerRunning, Booted: true, Created: item.FailedOver,
		})
	}
	if it.State != estate.StateDeletedHome && !item.Foreign {
		s.VMs = append(s.VMs, s.newHome(item, it.State == estate.StateProtected, it.Snapshots))
	}
	return nil
}

func (s *State) newDisk(it *Item, lun int, size int64) *Disk {
	kind := "data" + fmt.Sprint(lun)
	if lun == 0 {
		kind = "os"
	}
	return &Disk{
		ID:    strings.ToUpper(it.HyperVID + "_" + s.mint() + fmt.Sprintf("_0_%d", lun)),
		VHDID: s.mint(), Name: it.Name + "-" + kind, Bytes: size, OS: lun == 0, LUN: lun,
	}
}

// place puts an item into the state that the estate wants.
func (it *Item) place(state string, ago time.Duration) {
	it.Protection = Protected
	switch state {
	case estate.StateProtected, estate.StateForeign:
	case estate.StatePending:
		it.Protection, it.AtRecovery = FailoverPending, true
	default:
		it.Protection, it.AtRecovery = FailedOver, true
	}
	it.Inner = it.Protection
	if it.AtRecovery {
		it.FailedOver = now().Add(-ago)
	}
}

// mediumPriority is what a cluster gives a new role.
const mediumPriority = 2000

func (s *State) newHome(it *Item, running bool, checkpoints int) *VM {
	vm := &VM{
		ID: it.HyperVID, Item: it.Name, Name: it.Name, Host: it.Host, State: VMOff, Since: it.FailedOver,
		AutoStart: "StartIfRunning", Snapshots: checkpoints,
	}
	if running {
		vm.State, vm.Booted, vm.Since = VMRunning, true, now()
	}
	vm.Name, vm.State = cmp.Or(it.Home.Name, vm.Name), cmp.Or(it.Home.State, vm.State)
	vm.AutoStart = cmp.Or(it.Home.AutoStart, vm.AutoStart)
	if it.Home.Clustered {
		vm.Priority = mediumPriority
	}
	for _, d := range it.Disks {
		vm.Files = append(vm.Files, diskFile(it.Host, it.HyperVID, d.LUN))
	}
	return vm
}

func (s *State) addPlans(e estate.Estate) {
	for _, p := range e.RecoveryPlans {
		plan := &RecoveryPlan{Name: p.Name, ID: s.mint()}
		plan.act(PlaceShutdown, p.Shutdown)
		plan.act(PlaceFailover, p.Failover)
		for i, g := range p.Groups {
			plan.Groups = append(plan.Groups, g.Items)
			plan.act(PlaceOf(i), g.Actions)
			if len(g.Items) > 0 && plan.Fabric == "" {
				plan.Fabric = s.Item(g.Items[0]).Fabric
			}
		}
		s.Plans = append(s.Plans, plan)
	}
}

func (p *RecoveryPlan) act(place string, a estate.Actions) {
	for _, x := range a.Before {
		p.Actions = append(p.Actions, PlanAction{Action: x, Place: place, Before: true})
	}
	for _, x := range a.After {
		p.Actions = append(p.Actions, PlanAction{Action: x, Place: place})
	}
}
