package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// longestHostName is the longest name that DNS takes.
const longestHostName = 253

// WrongHostName says why what was typed can be the name of no host, without asking for
// one of that name; empty where it can.
func WrongHostName(name string) string {
	switch {
	case name == "":
		return "name the host"
	case strings.EqualFold(name, "original"):
		return "original is what the place is called that a VM came from: choose that one instead"
	case len(name) > longestHostName:
		return fmt.Sprintf("no host has a name of %d bytes; %d are the most", len(name), longestHostName)
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }):
		return fmt.Sprintf("%q has a blank or a control character in it", name)
	case strings.ContainsAny(name, `/\@`):
		return fmt.Sprintf("%q is no name of a host: write the name alone, such as hv02", name)
	}
	return ""
}

// HostTarget is a host for a failback without Site Recovery: the vault's own where the
// name or the id is that of one, else one of the connection's by its name there, and
// else the name as it was typed, since only the host itself is asked for anything.
func (c *Connection) HostTarget(typed string, hosts []Host) Target {
	t := Target{Alternate: true, HostName: typed, CreateVM: true}
	var folded []Host
	for _, h := range hosts {
		if h.Name == typed || SameID(h.ID, typed) {
			t.HostID, t.HostName = h.ID, h.Name
			return t
		}
		if strings.EqualFold(h.Name, typed) {
			folded = append(folded, h)
		}
	}
	if len(folded) == 1 {
		t.HostID, t.HostName = folded[0].ID, folded[0].Name
	} else if i := slices.IndexFunc(c.Reaches, func(name string) bool { return strings.EqualFold(name, typed) }); i >= 0 && len(folded) == 0 && !slices.Contains(c.Reaches, typed) {
		t.HostName = c.Reaches[i]
	}
	return t
}

// HostsBeside are the hosts that the connection reaches and that are not among those of
// the vault, by name.
func (c *Connection) HostsBeside(hosts []Host) []string {
	return slices.DeleteFunc(slices.Clone(c.Reaches), func(name string) bool {
		return slices.ContainsFunc(hosts, func(h Host) bool { return strings.EqualFold(h.Name, name) })
	})
}

// DirectItem reads a machine as a failback without Site Recovery sees it: an item of the
// vault, or an Azure VM that no vault replicates, by resource id.
func (c *Connection) DirectItem(ctx context.Context, id string) (Item, error) {
	ports, err := c.PortsFor(Plan{Direction: ToOnPremises, Profile: c.Name, Rehearsal: c.Rehearsal, Direct: &Direct{}})
	if err != nil {
		return Item{}, err
	}
	return ports.Inventory.Item(ctx, id)
}

// WrongMachineID says why what was typed is not the resource id of an Azure VM; empty
// where it is.
func WrongMachineID(id string) string {
	if IsMachineID(id) && !strings.ContainsFunc(id, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsGraphic(r) }) {
		return ""
	}
	return fmt.Sprintf("%q is no resource id of an Azure VM; write /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/NAME", id)
}

// Replicated finds the item of the vault that is this Azure VM, by its resource id.
func Replicated(id string, items []Item) (Item, bool) {
	parts := strings.Split(id, "/")
	if !IsMachineID(id) {
		return Item{}, false
	}
	for _, it := range items {
		vm := it.AzureVM
		if strings.EqualFold(vm.Name, parts[8]) && strings.EqualFold(vm.ResourceGroup, parts[4]) && (vm.Subscription == "" || strings.EqualFold(vm.Subscription, parts[2])) {
			return it, true
		}
	}
	return Item{}, false
}
