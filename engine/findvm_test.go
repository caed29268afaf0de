package engine

import (
	"context"
	"testing"
	"time"
)

// oneItem and vmsOf answer the two questions that finding a VM asks.
type oneItem struct {
	Inventory
	it Item
}

func (o oneItem) Item(context.Context, string) (Item, error) { return o.it, nil }

type vmsOf struct {
	HostAccess
	vms []VM
}

func (v vmsOf) VMs(context.Context, string) ([]VM, error) { return v.vms, nil }

func (v vmsOf) VM(_ context.Context, host, id string) (VM, error) {
	for _, vm := range v.vms {
		if vm.ID == id {
			return vm, nil
		}
	}
	return VM{}, &Failure{Kind: FailureNotFound, What: "read the VM", Where: host, Why: "there is none with that id"}
}

// S19: whatever else carries its name, the machine is the one with its id. A name
// counts only at an alternate location, where Site Recovery may have created the VM
// afresh, and only where it is nobody else's.
func TestS19ATwinOfTheSameNameIsNeverTheMachine(t *testing.T) {
	mine, twin, other := VM{ID: "1", Name: "web01"}, VM{ID: "2", Name: "web01"}, VM{ID: "3", Name: "WEB01"}
	for name, c := range map[string]struct {
		alternate bool
		vms       []VM
		want      string // id; empty where none may be taken
	}{
		"original, twin first":           {false, []VM{twin, mine}, "1"},
		"original, only a twin":          {false, []VM{twin}, ""},
		"alternate, twin first":          {true, []VM{twin, mine}, "1"},
		"alternate, created afresh":      {true, []VM{{ID: "9", Name: "web01"}, other}, "9"},
		"alternate, two of that name":    {true, []VM{twin, {ID: "9", Name: "web01"}}, ""},
		"alternate, another letter case": {true, []VM{other}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlan(SyncDelta)
			p.Target = Target{Alternate: c.alternate, HostID: "/h", HostName: "hv02"}
			s := opening(t, &memory{}, p)
			ports := Ports{
				Inventory: oneItem{it: Item{Name: "web01", HyperVID: "1"}}, Hosts: vmsOf{vms: c.vms},
			}
			l := &leg{item: p.Items[0], r: &Runner{Stream: s, Ports: ports, board: newBoard(ports, time.Second, 240, time.Now)}}
			vm, err := l.findVM(t.Context())
			if vm.ID != c.want || (err == nil) != (c.want != "") {
				t.Errorf("found %q, %v", vm.ID, err)
			}
			if c.want == "" && KindOf(err) != FailureNotFound {
				t.Errorf("kind %s", KindOf(err))
			}
		})
	}
}
