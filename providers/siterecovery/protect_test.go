package siterecovery

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/disk"
	"failback/providers/disk/image"
	"failback/providers/lab"
	"failback/providers/lab/world"
)

// twoSites is an estate with an item that is in Azure, one that is at home, and a site
// that protects nothing.
const twoSites = `
name: protected
speed: 60
fabrics: [{name: site, kind: hyperv-site}, {name: empty, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv09, fabric: empty, switches: [{name: LAN, type: External}]}
items:
  - {name: app01, host: hv01, in_azure: 3d, change: 0.5, os: Linux, disks: [{size: 16MiB, content: 4MiB}]}
  - {name: app02, host: hv01, state: protected, managed: true, disks: [{size: 16MiB, content: 4MiB}]}
`

// played is a client of a lab.
type played struct {
	*testing.T
	*Client
	lab *lab.Memory
}

func onLab(t *testing.T, faults string, f func(p played)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: t.TempDir(), Data: []byte(twoSites + faults)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		}()
		e := m.Endpoints()
		s, err := azure.Open(azure.Options{Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription, Transport: m.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		c, err := New(Options{Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault, Credential: s.Credential(), ClientOptions: s.ClientOptions()})
		if err != nil {
			t.Fatal(err)
		}
		f(played{t, c, m})
	})
}

// asked counts the requests of a method whose path ends so.
func (p played) asked(method, end string) (n int) {
	for _, q := range p.lab.Requests() {
		if q.Method == method && strings.HasSuffix(q.Path, end) {
			n++
		}
	}
	return n
}

// shown waits until the vault shows a VM as protected at home.
func (p played) shown(vmID string) engine.Item {
	p.Helper()
	for range 600 {
		items, err := p.Items(p.Context())
		if err != nil {
			p.Fatal(err)
		}
		for _, it := range items {
			if it.HyperVID == vmID && it.Active == engine.LocationOnPremises && it.State == engine.ItemProtected {
				return it
			}
		}
		time.Sleep(10 * time.Second)
	}
	p.Fatal("the vault never shows the VM as protected")
	return engine.Item{}
}

func (p played) vmOf(item string) (id string) {
	p.lab.World().Read(func(s *world.State) { id = s.Item(item).HyperVID })
	return id
}

// made is a VM that somebody made on a host.
func (p played) made(host, name string) string {
	p.Helper()
	file := filepath.Join(p.TempDir(), name+".vhdx")
	img, err := disk.Create(file, disk.Options{Format: image.VHDX, Size: 16 << 20})
	if err != nil {
		p.Fatal(err)
	}
	if err := img.Close(); err != nil {
		p.Fatal(err)
	}
	w := p.lab.World()
	found, err := w.LookImage(file)
	if err != nil {
		p.Fatal(err)
	}
	shape := &world.Shape{Generation: 2, CPUs: 1, Memory: 1 << 30, Switch: "LAN"}
	vm, err := w.MakeVM(host, world.VM{Name: name, Shape: shape, Images: []world.Image{found}}, func(*world.State) error { return nil })
	if err != nil {
		p.Fatal(err)
	}
	return vm.ID
}

// S66: a VM that came home past Site Recovery is protected afresh: the item that the
// vault still has of it in Azure is taken out, another is made, and asking again asks
// for nothing.
func TestS66ProtectionAfreshAfterADirectFailback(t *testing.T) {
	onLab(t, "", func(p played) {
		id := p.vmOf("app01")
		for range 2 {
			if err := p.Protect(p.Context(), "HV01", strings.ToUpper(id), "app01", "11111111-2222-3333-4444-555555555555"); err != nil {
				t.Fatal(err)
			}
		}
		if it := p.shown(id); it.Name != "app01" || it.HostName != "hv01" || it.OS != "Linux" {
			t.Errorf("%+v", it)
		}
		if out, in := p.asked(http.MethodPost, "/app01/remove"), p.asked(http.MethodPut, "/replicationProtectedItems/"+id); out != 1 || in != 1 {
			t.Errorf("%d taken out, %d protected", out, in)
		}
		jobs, err := p.Jobs(p.Context())
		if err != nil {
			t.Fatal(err)
		}
		told := false
		for _, j := range jobs {
			told = told || strings.HasPrefix(j.ActivityID, "11111111-2222-3333-4444-555555555555") && j.Scenario == "EnableDr"
		}
		if !told {
			t.Errorf("no job carries the request: %+v", jobs)
		}
	})
}

// S66: a VM that was made on another host has an item of its own, with the settings of
// the one of that name; the item of before stays as it is.
func TestS66ProtectionAfreshOfAMadeVM(t *testing.T) {
	onLab(t, "", func(p played) {
		id := p.made("hv02", "app01")
		if err := p.Protect(p.Context(), "hv02", id, "app01", ""); err != nil {
			t.Fatal(err)
		}
		it := p.shown(id)
		if it.HostName != "hv02" || len(it.Disks) != 1 || it.Disks[0].Bytes != 16<<20 || it.AzureVM.Name != "app01" {
			t.Errorf("%+v", it)
		}
		items, err := p.Items(p.Context())
		if err != nil || len(items) != 3 || p.asked(http.MethodPost, "/remove") != 0 {
			t.Errorf("%d items, %v", len(items), err)
		}
	})
}

// S66: what can't be asked for is refused, and nothing is sent.
func TestS66ProtectionThatIsNotAskedFor(t *testing.T) {
	onLab(t, "", func(p played) {
		id := p.vmOf("app01")
		lonely := p.made("hv09", "other01")
		for name, c := range map[string]struct {
			host, vm string
			want     engine.FailureKind
		}{
			"a host that the vault does not know": {"hv03", id, engine.FailureRefused},
			"a VM that the site does not tell of": {"hv01", testVMID, engine.FailureNotFound},
			"a site without an item":              {"hv09", lonely, engine.FailureRefused},
		} {
			if err := p.Protect(p.Context(), c.host, c.vm, name, ""); engine.KindOf(err) != c.want {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := p.Protect(p.Context(), "hv01", p.vmOf("app02"), "app02", ""); err != nil {
			t.Errorf("a VM that is protected at home: %v", err)
		}
		it, err := p.Items(p.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Start(p.Context(), engine.StartRequest{Item: it[0], Direction: engine.ToOnPremises, Sync: engine.SyncDelta}); err != nil {
			t.Fatal(err)
		}
		if err := p.Protect(p.Context(), "hv01", id, "app01", ""); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("while a job works on it: %v", err)
		}
		if n := p.asked(http.MethodPut, "") + p.asked(http.MethodPost, "/remove"); n != 0 {
			t.Errorf("%d requests were sent", n)
		}
	})
}

const testVMID = "00000000-0000-4000-8000-000000000000"

// S66: a protection that fails leaves the VM unprotected, and may be asked for again.
func TestS66ProtectionThatFails(t *testing.T) {
	onLab(t, "faults: [{when: protecting, what: job-fails, times: 1}]\n", func(p played) {
		id := p.made("hv02", "new01")
		if err := p.Protect(p.Context(), "hv02", id, "new01", ""); err != nil {
			t.Fatal(err)
		}
		failed := false
		for range 100 {
			jobs, err := p.Jobs(p.Context())
			if err != nil {
				t.Fatal(err)
			}
			if failed = len(jobs) > 0 && jobs[0].State == engine.JobFailed; failed {
				break
			}
			time.Sleep(10 * time.Second)
		}
		items, err := p.Items(p.Context())
		if err != nil || !failed || len(items) != 2 {
			t.Errorf("failed %v, %d items, %v", failed, len(items), err)
		}
		if err := p.Protect(p.Context(), "hv02", id, "new01", ""); err != nil {
			t.Fatal(err)
		}
		p.shown(id)
	})
}

// S66: an answer that was lost is told as that, and a look decides what is asked next.
func TestS66LostAnswerOfAProtection(t *testing.T) {
	onLab(t, "faults: [{when: reprotect, what: lost-answer, times: 1}]\n", func(p played) {
		id := p.made("hv02", "app01")
		if err := p.Protect(p.Context(), "hv02", id, "app01", ""); engine.KindOf(err) != engine.FailureUnknown {
			t.Errorf("%v", err)
		}
		if err := p.Protect(p.Context(), "hv02", id, "app01", ""); err != nil {
			t.Error(err)
		}
		p.shown(id)
		if n := p.asked(http.MethodPut, ""+id); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}
