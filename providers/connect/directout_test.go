package connect_test

import (
	"slices"
	"strings"
	"testing"

	"failback/engine"
	evidence "failback/engine/report"
)

// refusedEstate has a machine that Site Recovery refuses to fail back, and a host that
// it has never been on.
const refusedEstate = `
name: refused
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - {name: db01, host: hv01, managed: true, generation: 2, in_azure: 3d, disks: [{size: 16MiB, content: 2MiB}, {size: 16MiB, content: 1MiB}]}
faults:
  - {when: start, what: managed-refused, item: db01}
`

// S10, S59, S64: Site Recovery refuses a machine; its plan is carried over, and the
// machine comes home to another host. The process is let go of while it copies and
// another one goes on, its connection its own; at the commit gate a person sees the
// list, and exactly that is deleted.
func TestS10ARefusedRunComesHomeWithoutSiteRecovery(t *testing.T) {
	unraced(t) // TestS10AWholeRunWithoutSiteRecovery is raced
	t.Parallel()
	folder := t.TempDir()
	inBubble(t, refusedEstate, func(t *testing.T, b *bed) {
		refused := b.run(b.to(b.plan(engine.SyncFull, "db01"), "hv02"))
		if f := b.failure(refused, "db01", engine.FailureRefused, "Expected 'Blob', Actual 'ManagedDisk'"); !f.Direct {
			t.Errorf("no way out is offered: %+v", f)
		}
		p, ok := refused.WithoutSiteRecovery()
		if !ok {
			t.Fatal("the plan is not carried over")
		}
		p.Direct.Folder, p.Direct.KeepDays, p.Approve = folder, 7, []engine.Gate{engine.GateComplete, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "copying", inPhase("db01", engine.PhaseInitialSync))
		h.Detach()
		b.finish(h)
		if err := b.conn.Close(); err != nil {
			t.Fatal(err)
		}
		b.open(nil)
		h = b.resume(h.ID())
		b.until(h, "at the commit gate", atGate("db01", engine.GateCommit))
		gate := h.State().Leg("db01").Gate
		said := strings.Join(gate.Consequences, "\n")
		for _, thing := range gate.Deletes.Things {
			if !strings.Contains(said, "Deleted: "+thing.Kind+" "+thing.Name) {
				t.Errorf("the gate does not name %+v:\n%s", thing, said)
			}
		}
		if n := len(gate.Deletes.Things); n != 4 || len(gate.Deletes.Kept) != 2 { // the VM, its interface and its disks
			t.Errorf("it deletes %d things and keeps %d:\n%s", n, len(gate.Deletes.Kept), said)
		}
		if err := h.Decide("db01", engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "looked at"}); err != nil {
			t.Fatal(err)
		}
		b.succeeded(b.finish(h))
		b.cameHome(t, h.State(), gate)
	})
}

// cameHome holds what the run left behind against what was agreed to.
func (b *bed) cameHome(t *testing.T, s engine.State, gate *engine.GateOpened) {
	t.Helper()
	l := s.Leg("db01")
	if l.Damage != nil || l.Boot.Result != engine.BootProven || len(l.Proofs) != 2 || slices.ContainsFunc(l.Proofs, func(p engine.DiskProved) bool { return !p.Equal }) {
		b.dump(s)
		t.Errorf("damage %v, boot %+v, disks %+v", l.Damage, l.Boot, l.Proofs)
	}
	vms, err := b.conn.Ports.Hosts.VMs(t.Context(), "hv02")
	if i := slices.IndexFunc(vms, func(vm engine.VM) bool { return vm.Name == "db01" && vm.Running() }); err != nil || i < 0 {
		t.Errorf("hv02 has %+v, %v", vms, err)
	}
	if vm := b.azureVM("db01"); vm != nil {
		t.Errorf("Azure still has %+v", vm)
	}
	events, err := b.store.Events(s.Run)
	if err != nil {
		t.Fatal(err)
	}
	made, err := evidence.Build(events)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := made.WriteMarkdown(&page); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Way home", "without Site Recovery: new VHDX disks", "What the commit was to delete", gate.Deletes.Things[0].ID} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the evidence does not say %q", want)
		}
	}
}
