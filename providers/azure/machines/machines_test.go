package machines_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/machines"
	"failback/providers/azure/snapshots"
	"failback/providers/lab"
	"failback/providers/lab/world"
)

// managed is an estate of one VM with two managed disks.
const managed = `
name: managed
speed: 60
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
  - name: db01
    host: hv01
    managed: true
    cpus: 4
    memory: 12GiB
    in_azure: 3d
    change: 0.5
    disks: [{size: 16MiB, content: 4MiB}, {size: 16MiB, content: 2MiB}]
  - name: blobs01
    host: hv01
    in_azure: 3d
    change: 0.5
    azure_generation: 1
    disks: [{size: 16MiB, content: 4MiB}]
`

// rig is a lab and a desk for it.
type rig struct {
	*testing.T
	*machines.Desk
	lab     *lab.Memory
	session *azure.Session
	vm      engine.AzureVMRef
	// changes is given every answer's body, and may give another one back.
	changes func(r *http.Request, body []byte) []byte
}

func inBubble(t *testing.T, faults string, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: t.TempDir(), Data: []byte(managed + faults)})
		must(t, err)
		defer func() { must(t, m.Close()) }()
		e := m.Endpoints()
		r := &rig{T: t, lab: m, vm: engine.AzureVMRef{ResourceGroup: e.ResourceGroup, Name: "db01"}}
		r.session, err = azure.Open(azure.Options{
			Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription, Transport: r,
		})
		must(t, err)
		r.Desk, err = machines.New(r.session)
		must(t, err)
		f(r)
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// RoundTrip implements http.RoundTripper.
func (r *rig) RoundTrip(q *http.Request) (*http.Response, error) {
	answer, err := r.lab.Transport().RoundTrip(q)
	if err != nil || r.changes == nil {
		return answer, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(r.changes(q, body)))
	return answer, nil
}

func (r *rig) belongings() []engine.AzureThing {
	r.Helper()
	list, err := r.Belongings(r.Context(), r.vm)
	must(r, err)
	return list
}

func kindsOf(list []engine.AzureThing) string {
	var out []string
	for _, t := range list {
		out = append(out, t.Kind)
	}
	return strings.Join(out, ", ")
}

// deleted are the names that were asked to be deleted.
func (r *rig) deleted() (names []string) {
	for _, q := range r.lab.Requests() {
		if q.Method == http.MethodDelete {
			names = append(names, q.Path[strings.LastIndex(q.Path, "/")+1:])
		}
	}
	return names
}

// S59: processors, memory and generation are what Azure says of the VM's size and of
// its system's disk.
func TestS59MachineIsReadFromItsSizeAndItsDisk(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		m, err := r.Machine(r.Context(), r.vm)
		must(r, err)
		if m.Size != "Standard_D4s_v3" || m.CPUs != 4 || m.Memory != 16<<30 || m.Generation != 2 || m.OS != "Windows" || !strings.HasSuffix(m.ID, "/virtualMachines/db01") {
			t.Errorf("%+v", m)
		}
		blobs := r.vm
		blobs.Name = "blobs01"
		if m, err = r.Machine(r.Context(), blobs); err != nil || m.Generation != 1 { // a blob says nothing: the VM does
			t.Errorf("%+v, %v", m, err)
		}
		r.changes = func(_ *http.Request, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"hyperVGeneration":"V2"`), []byte(`"hyperVGeneration":"V9"`))
		}
		if _, err := r.Machine(r.Context(), r.vm); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a generation that nobody knows: %v", err)
		}
		r.changes = func(_ *http.Request, body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"name":"Standard_D4s_v3"`), []byte(`"name":"Standard_D4s_v5"`))
		}
		if _, err := r.Machine(r.Context(), r.vm); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a size that is not listed: %v", err)
		}
		r.vm.Name = "nobody"
		if _, err := r.Machine(r.Context(), r.vm); engine.KindOf(err) != engine.FailureNotFound {
			t.Errorf("no such VM: %v", err)
		}
	})
}

// S64: what belongs to a VM is listed in the order in which it is deleted, nothing that
// something else uses is among it, and exactly what is listed is deleted.
func TestS64BelongingsAreListedAndExactlyTheseAreDeleted(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		list := r.belongings()
		if got := kindsOf(list); got != "VM, network interface, disk, disk" || list[2].Bytes != 16<<20 || list[3].Unique == "" || list[1].Name != "db01-nic" {
			t.Fatalf("%s: %+v", got, list)
		}
		for i, thing := range list {
			must(r, r.Remove(r.Context(), thing))
			must(r, r.Remove(r.Context(), thing)) // what is gone is no error
			if _, err := r.Machine(r.Context(), r.vm); i == 0 && engine.KindOf(err) != engine.FailureNotFound {
				t.Errorf("after its deletion: %v", err)
			}
		}
		want := []string{"db01", "db01-nic", list[2].Name, list[3].Name}
		if got := r.deleted(); !slices.Equal(got, want) {
			t.Errorf("deleted %q, want %q", got, want)
		}
		r.lab.World().Read(func(s *world.State) {
			if s.AzureVM("blobs01") == nil || s.AzureVM("db01") != nil {
				t.Error("another VM was deleted, or this one was not")
			}
			if _, d := s.ManagedDisk(list[2].Name); d != nil {
				t.Error("a disk is still there")
			}
			if _, there := s.NIC("db01-nic"); there {
				t.Error("the network interface is still there")
			}
		})
	})
}

// S64: a shared disk and a network interface of something else stay.
func TestS64WhatSomethingElseUsesStays(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		for name, c := range map[string]struct{ old, with, want string }{
			"a shared disk":          {`"diskSizeBytes"`, `"maxShares":2,"diskSizeBytes"`, "VM, network interface"},
			"a disk of two machines": {`"diskState"`, `"shareInfo":[{"vmUri":"/a"},{"vmUri":"/b"}],"diskState"`, "VM, network interface"},
			"another's disk":         {`"managedBy":"`, `"managedBy":"/other`, "VM, network interface"},
			"another's interface":    {`"virtualMachine":{"id":"`, `"virtualMachine":{"id":"/other`, "VM, disk, disk"},
			"a private endpoint":     {`"resourceGuid"`, `"privateEndpoint":{"id":"/p"},"resourceGuid"`, "VM, disk, disk"},
		} {
			hits := 0
			r.changes = func(_ *http.Request, body []byte) []byte {
				hits += bytes.Count(body, []byte(c.old))
				return bytes.ReplaceAll(body, []byte(c.old), []byte(c.with))
			}
			if got := kindsOf(r.belongings()); got != c.want || hits == 0 {
				t.Errorf("%s: %s, %d hits", name, got, hits)
			}
		}
		r.changes = nil
		r.vm.Name = "blobs01"
		if _, err := r.Belongings(r.Context(), r.vm); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a VM with blobs: %v", err)
		}
	})
}

// S64: what is in use, what only has the name of what was listed, and what is no
// resource of that kind is refused, and is there afterwards.
func TestS64OtherThingsAreNotDeleted(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		list := r.belongings()
		for _, thing := range list[1:] { // the VM still has them
			if err := r.Remove(r.Context(), thing); engine.KindOf(err) != engine.FailureRefused {
				t.Errorf("%s: %v", thing.Name, err)
			}
		}
		asked := len(r.deleted())
		another := list[0]
		another.Unique = "00000000-0000-0000-0000-000000000000"
		wrong := list[0]
		wrong.Kind = machines.KindDisk
		strange := list[0]
		strange.ID = strings.Replace(strange.ID, r.session.Subscription(), "11111111-0000-0000-0000-000000000000", 1)
		for _, thing := range []engine.AzureThing{another, wrong, strange, {ID: list[0].ID, Kind: "vault"}} {
			if err := r.Remove(r.Context(), thing); engine.KindOf(err) != engine.FailureRefused {
				t.Errorf("%+v: %v", thing, err)
			}
		}
		if got := r.deleted(); len(got) != asked {
			t.Errorf("asked for %q", got)
		}
		if got := kindsOf(r.belongings()); got != kindsOf(list) {
			t.Errorf("left: %s", got)
		}
	})
}

// S64: an answer that was lost is no reason to report anything but what happened.
func TestS64LostAnswersOfDeletions(t *testing.T) {
	for _, what := range []string{"lost-answer", "server-error-after"} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, "faults: [{when: delete, what: "+what+", item: db01, times: 1}]\n", func(r *rig) {
				thing := r.belongings()[0]
				if err := r.Remove(r.Context(), thing); err != nil { // the VM goes while it looks
					t.Error(err)
				}
				if got := r.deleted(); len(got) > 1 {
					t.Errorf("asked for %q", got)
				}
			})
		})
	}
	for what, kind := range map[string]engine.FailureKind{"server-error": engine.FailureUnknown, "throttled": engine.FailureRetryable} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, "faults: [{when: delete, what: "+what+", item: db01, times: 1}]\n", func(r *rig) {
				thing := r.belongings()[0]
				if err := r.Remove(r.Context(), thing); engine.KindOf(err) != kind {
					t.Errorf("%v", err)
				}
				must(r, r.Remove(r.Context(), thing)) // it may be repeated
			})
		})
	}
}

// Every request needs a right of the tables, and every right of a failback without Site
// Recovery is needed by some request; protecting afresh is the vault's.
func TestEveryRequestOfTheDeskHasItsRight(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		c, err := snapshots.New(r.session, snapshots.Options{Run: "rights"})
		must(r, err)
		set, err := c.Take(r.Context(), r.vm, "set")
		must(r, err)
		loan, err := c.Lend(r.Context(), set.Snapshots[0])
		must(r, err)
		must(r, loan.Close(r.Context()))
		must(r, c.Delete(r.Context(), set))
		_, err = r.Machine(r.Context(), r.vm)
		must(r, err)
		for _, thing := range r.belongings() {
			must(r, r.Remove(r.Context(), thing))
		}
		known := map[string]bool{}
		for _, p := range slices.Concat(azure.Permissions(), azure.DirectPermissions()) {
			known[string(p.Action)] = true
		}
		used := map[string]bool{}
		for _, q := range r.lab.Requests() {
			right := rightFor(q.Method, q.Path)
			if used[right] = true; !known[right] {
				t.Errorf("%s %s needs %s, which no table has", q.Method, q.Path, right)
			}
		}
		for _, p := range azure.DirectPermissions() {
			ofVault := strings.HasPrefix(string(p.Action), "Microsoft.RecoveryServices/")
			if !used[string(p.Action)] && !ofVault {
				t.Errorf("nothing needs %s", p.Action)
			}
		}
	})
}

// rightFor derives the right that Azure asks for from a request alone: the types of the
// path, and what is done.
func rightFor(method, path string) string {
	_, below, _ := strings.Cut(path, "/providers/")
	words := strings.Split(strings.Trim(below, "/"), "/")
	right := words[0]
	for i := 1; i < len(words); i += 2 { // a type, then a name
		right += "/" + words[i]
	}
	return right + map[string]string{http.MethodGet: "/read", http.MethodPut: "/write", http.MethodDelete: "/delete", http.MethodPost: "/action"}[method]
}

// S64: what is kept as a snapshot outlives its disk, and can be read.
func TestS64SnapshotOutlivesItsDisk(t *testing.T) {
	inBubble(t, "", func(r *rig) {
		c, err := snapshots.New(r.session, snapshots.Options{Run: "kept"})
		must(r, err)
		set, err := c.Take(r.Context(), r.vm, "last")
		must(r, err)
		for _, thing := range r.belongings() {
			must(r, r.Remove(r.Context(), thing))
		}
		loan, err := c.Lend(r.Context(), set.Snapshots[0])
		must(r, err)
		if extents, err := loan.Extents(r.Context()); err != nil || len(extents) == 0 {
			t.Errorf("%v, %v", extents, err)
		}
		must(r, loan.Close(r.Context()))
		blobs := 0
		count := func() { r.lab.World().Read(func(s *world.State) { blobs = len(s.Snapshots) }) }
		if count(); blobs != 2 {
			t.Errorf("%d snapshots", blobs)
		}
		must(r, c.Delete(r.Context(), set))
		if count(); blobs != 0 {
			t.Errorf("%d snapshots are left", blobs)
		}
	})
}
