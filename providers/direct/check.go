package direct

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"failback/engine"
	"failback/providers/azure/snapshots"
)

// check looks at everything that a failback needs, and notes what it will work with.
func (v *driver) check(ctx context.Context) error {
	if err := v.begin(engine.TaskPrerequisites); err != nil {
		return err
	}
	r := v.look()
	machine, err := v.d.o.Azure.Machine(ctx, r.Item.AzureVM)
	if err != nil {
		return err
	}
	disks, err := v.azureDisks(ctx)
	if err != nil {
		return err
	}
	for _, disk := range disks {
		if err := disk.Exportable("check the disks"); err != nil {
			return err
		}
	}
	if err := fitsFormat(r.Direct.Format, disks); err != nil {
		return err
	}
	if at, err := os.Stat(r.Direct.Folder); err != nil || !at.IsDir() {
		return engine.Refuse("check the folder of the disks", r.Direct.Folder, folderWhy(err), "name a folder of this machine, or a share of the host, that is there")
	}
	id, err := v.checkHost(ctx, disks)
	if err != nil {
		return err
	}
	return v.change(func(r *record) {
		r.Failback.Machine, r.Failback.VM = machine, id
		r.Item.Disks = nil
		for _, disk := range disks {
			r.Item.Disks = append(r.Item.Disks, diskOf(disk))
		}
		r.finish(engine.TaskPrerequisites, engine.TaskStateSucceeded, now())
		r.Step = stepPrepare
	})
}

func folderWhy(err error) string {
	if err == nil {
		return "it is no folder"
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// mostVHD is the biggest disk that a VHD can be.
const mostVHD = 2040 << 30

func fitsFormat(format string, disks []snapshots.Disk) error {
	for _, d := range disks {
		if strings.EqualFold(format, "vhd") && d.Bytes > mostVHD {
			return engine.Refuse("check the disks", d.Name, "it has "+engine.SizeWords(d.Bytes)+", and a VHD at most "+engine.SizeWords(mostVHD), "write VHDX")
		}
	}
	return nil
}

// checkHost looks at the VM that gets other disks, or sees that a new one may be made,
// and returns the id of the former.
func (v *driver) checkHost(ctx context.Context, disks []snapshots.Disk) (string, error) {
	r := v.look()
	const what = "check the target"
	if !r.Target.Alternate {
		if r.Item.HyperVID == "" {
			return "", engine.Refuse(what, r.Item.Name, "nobody says which VM of which host it was", "name the host with --to, and it is made there")
		}
		vm, err := v.d.o.Vault.Hosts.VM(ctx, r.Host, r.Item.HyperVID)
		switch {
		case err == nil:
			return vm.ID, swappable(vm, r.Host, len(disks))
		case engine.KindOf(err) != engine.FailureNotFound || !r.Target.CreateVM:
			return "", err
		}
	}
	vms, err := v.d.o.Vault.Hosts.VMs(ctx, r.Host)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(vms, func(vm engine.VM) bool { return strings.EqualFold(vm.Name, r.Item.Name) }); i >= 0 {
		return "", engine.Refuse(what, r.Item.Name+" on "+r.Host, "a VM of that name is there already ("+vms[i].ID+")", "rename or remove that one, or name another host")
	}
	return "", v.checkSwitch(ctx)
}

// checkSwitch sees that the switch that the plan names is there.
func (v *driver) checkSwitch(ctx context.Context) error {
	r := v.look()
	if r.Direct.Switch == "" {
		return nil
	}
	facts, err := v.d.o.Vault.Hosts.Facts(ctx, r.Host)
	if err != nil || slices.ContainsFunc(facts.Switches, func(s engine.Switch) bool { return s.Name == r.Direct.Switch }) {
		return err
	}
	return engine.Refuse("check the target", r.Host, "it has no virtual switch "+r.Direct.Switch, "make one of exactly that name, or name another")
}

// swappable says why a VM can't get other disks.
func swappable(vm engine.VM, host string, disks int) error {
	refuse := func(why, remedy string) error {
		return engine.Refuse("check the VM that gets the disks", vm.Name+" on "+host, why, remedy)
	}
	switch {
	case vm.State != "Off":
		return refuse("it is "+vm.State+", and its disks are changed only while it is off", "shut it down: the machine that counts is in Azure")
	case vm.Checkpoints > 0:
		return refuse(fmt.Sprintf("it has %d checkpoints", vm.Checkpoints), "remove them")
	case len(vm.Disks) != disks:
		return refuse(fmt.Sprintf("it has %d disks, the Azure VM %d", len(vm.Disks), disks), "give both as many, or name another host: there the VM is made with the disks that it has in Azure")
	}
	return nil
}

func diskOf(d snapshots.Disk) engine.Disk {
	return engine.Disk{ID: d.ID, Name: d.Name, Bytes: d.Bytes, OS: d.OS, LUN: d.LUN, Managed: true}
}

// azureDisks reads the disks of the Azure VM as they are now.
func (v *driver) azureDisks(ctx context.Context) ([]snapshots.Disk, error) {
	r := v.look()
	client, err := v.client()
	if err != nil {
		return nil, err
	}
	return client.Disks(ctx, r.Item.AzureVM)
}

// client is the one for this job's own snapshots.
func (v *driver) client() (*snapshots.Client, error) {
	r := v.look()
	return v.d.snapshots(r.Item.AzureVM, r.run(), func(n snapshots.Notice) { v.say(errors.New(n.Disk + ": " + n.Why)) })
}

// homes has folders made one after the other: two jobs never get the same.
var homes sync.Mutex

// prepare makes the folder of the disks, or takes over that of a job that came to
// nothing.
func (v *driver) prepare(context.Context) error {
	if err := v.begin(engine.TaskPrepare); err != nil {
		return err
	}
	homes.Lock()
	defer homes.Unlock()
	if v.look().Failback.Home == "" {
		if err := v.settle(); err != nil {
			return err
		}
	}
	home := v.look().Failback.Home
	if err := os.MkdirAll(home, 0o700); err != nil {
		return engine.Refuse("make the folder of the disks", home, folderWhy(err), "see that this program may write there")
	}
	return v.finish(stepInitial, engine.TaskPrepare)
}

// settle decides where the disks go.
func (v *driver) settle() error {
	r := v.look()
	old, err := v.d.repairable(r)
	if err != nil {
		return err
	}
	if old != nil {
		if on, err := v.goOnWith(old.Name); on || err != nil {
			return err
		}
	}
	home, err := homeFor(r.Direct.Folder, r.Item.Name)
	if err != nil {
		return engine.Refuse("choose the folder of the disks", r.Direct.Folder, folderWhy(err), "see that this program may read it")
	}
	return v.change(func(r *record) {
		r.Failback.Home, r.Failback.Runs = home, []string{r.run()}
		r.Failback.Disks = nil
		for i, d := range r.Item.Disks {
			rec := diskRecord{Disk: d}
			rec.File, rec.There = files(r.Direct, home, d.Name, i)
			r.Failback.Disks = append(r.Failback.Disks, rec)
		}
	})
}

// repairable is an earlier failback of the item that failed before its host was asked
// for anything and whose disks lie where this one's would; nil where there is none.
func (d *Desk) repairable(r *record) (*record, error) {
	all, err := d.store.list()
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, other := range all {
		if other.Failback != nil {
			taken[other.Failback.Repairs] = true
		}
	}
	for _, old := range all {
		f := old.Failback
		if f == nil || old.Name == r.Name || !old.sameAs(r.Item.ID) || old.State != engine.JobFailed || old.Cancel != "" || f.Touched || taken[old.Name] || f.Home == "" || f.Set == nil {
			continue
		}
		if old.Direct.Folder == r.Direct.Folder && old.Direct.HostFolder == r.Direct.HostFolder && old.Direct.Format == r.Direct.Format && filepath.Dir(f.Home) == filepath.Clean(r.Direct.Folder) {
			return old, nil
		}
	}
	return nil, nil
}

// goOnWith takes over what an earlier job has brought: only what changed since then
// travels. It reports false where somebody clears that away.
func (v *driver) goOnWith(name string) (on bool, err error) {
	lock, err := v.d.store.lock(name)
	if lock == nil || err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	old, err := v.d.store.load(name)
	if err != nil || old.Cancel != "" {
		return false, err
	}
	return true, v.change(func(r *record) {
		f := old.Failback
		r.Failback.Home, r.Failback.Disks, r.Failback.Set, r.Failback.Older = f.Home, slices.Clone(f.Disks), f.Set, slices.Clone(f.Older)
		r.Failback.Runs = append(slices.Clone(f.Runs), r.run())
		r.Failback.Repairs = old.Name
	})
}

func now() time.Time { return time.Now().UTC() }
