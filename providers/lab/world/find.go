package world

import (
	"cmp"
	"strings"
)

// Find returns the element of list that fits, nil where none does.
func find[T any](list []*T, fits func(*T) bool) *T {
	for _, e := range list {
		if fits(e) {
			return e
		}
	}
	return nil
}

// Item finds an item by name, nil where there is none. Like the service, the
// finders do not mind case.
func (s *State) Item(name string) *Item {
	return find(s.Items, func(i *Item) bool { return strings.EqualFold(i.Name, name) })
}

// Named finds an item that the vault has by the name in its resource id.
func (s *State) Named(segment string) *Item {
	return find(s.Items, func(i *Item) bool { return !i.Unprotected && strings.EqualFold(i.Path(), segment) })
}

// Path is the item's name in its resource id.
func (it *Item) Path() string { return cmp.Or(it.Segment, it.Name) }

// Friendly is the item's friendly name.
func (it *Item) Friendly() string { return cmp.Or(it.Label, it.Name) }

// Fabric finds a fabric by the name in its resource id.
func (s *State) Fabric(name string) *Fabric {
	return find(s.Fabrics, func(f *Fabric) bool { return strings.EqualFold(f.Name, name) })
}

// Host finds a host by its name.
func (s *State) Host(name string) *Host {
	return find(s.Hosts, func(h *Host) bool { return strings.EqualFold(h.Name, name) })
}

// Provider finds a host by the id of its Site Recovery provider.
func (s *State) Provider(id string) *Host {
	return find(s.Hosts, func(h *Host) bool { return strings.EqualFold(h.ID, id) })
}

// Plan finds a recovery plan by name.
func (s *State) Plan(name string) *RecoveryPlan {
	return find(s.Plans, func(p *RecoveryPlan) bool { return strings.EqualFold(p.Name, name) })
}

// Job finds a job by name.
func (s *State) Job(name string) *Job {
	return find(s.Jobs, func(j *Job) bool { return strings.EqualFold(j.Name, name) })
}

// AzureVM finds an Azure VM by name.
func (s *State) AzureVM(name string) *AzureVM {
	return find(s.AzureVMs, func(v *AzureVM) bool { return strings.EqualFold(v.Name, name) })
}

// Operation finds a long-running operation by its id.
func (s *State) Operation(id string) *Operation {
	return find(s.Operations, func(o *Operation) bool { return strings.EqualFold(o.ID, id) })
}

// VM finds an on-premises VM by host and Hyper-V GUID.
func (s *State) VM(host, id string) *VM {
	return find(s.VMs, func(v *VM) bool { return strings.EqualFold(v.Host, host) && strings.EqualFold(v.ID, id) })
}

// Home is the on-premises VM of an item, on the host that protects it.
func (s *State) Home(it *Item) *VM { return s.VM(it.Host, it.HyperVID) }

// copyItem is an item that may be looked at outside of Read; the zero value
// where there is none.
func (s *State) copyItem(name string) Item {
	found := s.Item(name)
	if found == nil {
		return Item{}
	}
	it := *found
	it.Disks = make([]*Disk, len(found.Disks))
	for i, d := range found.Disks {
		c := *d
		it.Disks[i] = &c
	}
	return it
}
