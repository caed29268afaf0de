package world

import (
	"cmp"
	"context"
	"path"
	"strconv"
	"strings"

	"failback/providers/lab/estate"
)

// Candidate is a VM that a site tells the vault of.
type Candidate struct {
	ID     string // of the protectable item, and Site Recovery's of the VM
	VM     string // Hyper-V's id
	Name   string
	Host   string
	Fabric string
	// Item protects it, or did; nil where none ever has.
	Item  *Item
	Disks []*Disk
	Shape Shape
}

// Candidates are the VMs that the sites tell of: those of the items, and those that
// were made on hosts.
func (s *State) Candidates() (list []Candidate) {
	known := map[string]bool{}
	for _, it := range s.Items {
		home := s.Home(it)
		if it.Foreign || it.Unprotected && home == nil {
			continue
		}
		known[it.HyperVID] = true
		c := Candidate{ID: it.VMID, VM: it.HyperVID, Name: it.Friendly(), Host: it.Host, Fabric: it.Fabric, Item: it, Disks: it.Disks}
		c.Shape = Shape{Generation: it.Generation, CPUs: it.CPUs, Memory: it.Memory, Switch: it.Switch}
		if home != nil {
			c.Shape = s.ShapeOf(home)
		}
		list = append(list, c)
	}
	for _, vm := range s.VMs {
		h := s.Host(vm.Host)
		if known[vm.ID] || vm.Shape == nil || h == nil {
			continue
		}
		list = append(list, Candidate{
			ID: vm.ID, VM: vm.ID, Name: vm.Name, Host: vm.Host, Fabric: h.Fabric, Disks: s.disksOf(vm), Shape: s.ShapeOf(vm),
		})
	}
	return list
}

// Candidate finds a VM by the id of its protectable item.
func (s *State) Candidate(fabric, id string) (Candidate, bool) {
	for _, c := range s.Candidates() {
		if strings.EqualFold(c.ID, id) && strings.EqualFold(c.Fabric, fabric) {
			return c, true
		}
	}
	return Candidate{}, false
}

// disksOf are the images of a VM as disks of an item. Their ids follow from the VM's.
func (s *State) disksOf(vm *VM) (disks []*Disk) {
	for lun, i := range vm.Images {
		vhd := s.GUIDOf(i.Path)
		name := strings.TrimSuffix(path.Base(strings.ReplaceAll(i.Path, `\`, "/")), path.Ext(i.Path))
		disks = append(disks, &Disk{
			ID: strings.ToUpper(vm.ID + "_" + vhd + "_0_" + strconv.Itoa(lun)), VHDID: vhd, Name: name, Bytes: i.Bytes, OS: lun == 0, LUN: lun,
		})
	}
	return disks
}

// ProtectRequest is a first protection as it was asked for.
type ProtectRequest struct {
	Segment     string // the item's name in the path
	Fabric      string
	Protectable string // last segment of protectableItemId
	VM          string // hvHostVmId
	Disk        string // vhdId of the system's
	Managed     bool
}

// Protect enables the protection of a VM. The codes of its refusals are inferred.
func (w *World) Protect(req ProtectRequest, activity string) (op Operation, err error) {
	var job string
	err = w.update(func(s *State) error {
		c, known := s.Candidate(req.Fabric, req.Protectable)
		switch {
		case !known:
			return missing("protectable item", req.Protectable)
		case c.Item != nil && !c.Item.Unprotected:
			return refuse("ProtectableItemAlreadyProtected", "The virtual machine '"+c.Name+"' is protected already.",
				"A replication protected item exists for the virtual machine.", "Disable its replication first.")
		case !strings.EqualFold(req.VM, c.VM):
			return refuse("InvalidParameter", "hvHostVmId is not that of the protectable item.", "The id is another one.", "Send the sourceItemId of the protectable item.")
		case !hasDisk(c.Disks, req.Disk):
			return refuse("InvalidParameter", "vhdId is not that of a disk of the virtual machine.", "The id is another one.", "Send a vhdId of the protectable item.")
		}
		it := s.protect(c, req)
		j := s.addJob(KindEnable, activity)
		job, op = j.Name, s.taken(j, it)
		return nil
	})
	if err == nil {
		w.launch(job)
	}
	return op, err
}

func hasDisk(disks []*Disk, vhd string) bool {
	return find(disks, func(d *Disk) bool { return strings.EqualFold(d.VHDID, vhd) }) != nil
}

// protect makes the item of a VM, or takes the one that it had.
func (s *State) protect(c Candidate, req ProtectRequest) *Item {
	it := c.Item
	if it == nil {
		it = &Item{Name: c.Name, OS: "Windows"}
		if old := s.Item(c.Name); old != nil { // of the VM that this one stands for
			it.Name, it.OS, it.InAzure = c.Name+"-"+c.VM[:8], old.OS, old.InAzure
			it.Home.Ports = old.Home.Ports
		}
		s.Items = append(s.Items, it)
	}
	it.Label, it.Segment, it.Unprotected = c.Name, req.Segment, false
	it.VMID, it.HyperVID, it.Fabric, it.Host = c.ID, c.VM, c.Fabric, c.Host
	it.Generation, it.CPUs, it.Memory, it.Switch = c.Shape.Generation, c.Shape.CPUs, c.Shape.Memory, cmp.Or(c.Shape.Switch, it.Switch)
	it.Managed, it.AtRecovery, it.AzureVM, it.Points = req.Managed, false, "", nil
	it.Protection, it.Inner = InitialReplication, "UnprotectedStatesBegin"
	if vm := s.Home(it); vm != nil {
		if vm.Item = it.Name; vm.Images != nil {
			it.Disks = s.disksOf(vm)
		}
	}
	for _, d := range it.Disks {
		d.Blob, d.Managed = "", ""
	}
	return it
}

// Unprotect disables the protection of an item: the vault forgets it, and its machines
// stay as they are.
func (w *World) Unprotect(item, activity string) (Operation, error) {
	return w.accept(item, func(s *State, it *Item) (*Job, error) {
		if !it.offers("DisableProtection") {
			return nil, notAllowed(it, "DisableProtection")
		}
		return s.addJob(KindDisable, activity), nil
	})
}

func disableTasks() []*Task { return []*Task{plain("DisableProtection", "Disabling protection")} }

func disableScript(t estate.Times) []step {
	return []step{{task: "DisableProtection", time: t.Protect, do: unprotected}}
}

func unprotected(_ context.Context, r *run) error {
	return r.edit(func(_ *State, _ *Job, it *Item) { it.Unprotected = true })
}
