package lab_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer"
	"failback/providers/disk"
	"failback/providers/disk/image"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/blob"
	"failback/providers/lab/hosts"
	"failback/providers/lab/winrm"
	"failback/providers/lab/world"
)

// site runs scripts on the hosts of a rig's lab.
type site struct {
	*rig
	folder string
}

func (s site) run(host, script string, params any) (any, error) {
	s.t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		s.t.Fatal(err)
	}
	return hosts.Model{World: s.World()}.Run(s.t.Context(), host, script, raw)
}

func (s site) machine(host, script string, params any) scripts.MachineAnswer {
	s.t.Helper()
	answer, err := s.run(host, script, params)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.(scripts.MachineAnswer)
}

func (s site) refuses(id, host, script string, params any) {
	s.t.Helper()
	_, err := s.run(host, script, params)
	var e *winrm.ScriptError
	if !errors.As(err, &e) || e.ID != id {
		s.t.Errorf("%+v: %v, want %s", params, err, id)
	}
}

// vm is a VM as its host tells of it.
func (s site) vm(host, id string) scripts.VMAnswer {
	s.t.Helper()
	answer, err := s.run(host, scripts.ReadVM, scripts.VMParams{VMID: id})
	if err != nil {
		s.t.Fatal(err)
	}
	return answer.(scripts.VMAnswer)
}

// boots starts a VM and reports whether its guest answers within ten minutes.
func (s site) boots(host, id string) bool {
	s.t.Helper()
	if _, err := s.run(host, scripts.StartVM, scripts.VMParams{VMID: id}); err != nil {
		s.t.Fatal(err)
	}
	for range 600 {
		time.Sleep(time.Second)
		if len(s.vm(host, id).Addresses) > 0 {
			return true
		}
	}
	return false
}

// copies makes files of an item's Azure disks as they are at one instant.
func (s site) copies(item, kind string, format image.Format, ext string) (paths []string) {
	s.t.Helper()
	var blobs []*blob.Blob
	s.World().Read(func(st *world.State) {
		for _, d := range st.Item(item).Disks {
			b, err := s.World().Blobs().Get(d.Blob)
			if err != nil {
				s.t.Fatal(err)
			}
			blobs = append(blobs, b)
		}
	})
	ids, err := blob.SnapshotAll(blobs, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	for i, b := range blobs {
		from, err := b.OpenSnapshot(ids[i])
		if err != nil {
			s.t.Fatal(err)
		}
		path := filepath.Join(s.folder, kind+string(rune('0'+i))+ext)
		to, err := disk.Create(path, disk.Options{Format: format, Size: from.Size()})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := transfer.Copy(s.t.Context(), readable{from}, to, transfer.Options{Streams: 1}); err != nil {
			s.t.Fatal(err)
		}
		if err := to.Close(); err != nil {
			s.t.Fatal(err)
		}
		paths = append(paths, path)
	}
	return paths
}

// readable lets a transfer read a snapshot.
type readable struct{ *blob.Snapshot }

func (r readable) Extents(context.Context) ([]transfer.Extent, error) {
	return r.Snapshot.Extents(), nil
}

func (r readable) ReadAt(_ context.Context, p []byte, off int64) error {
	_, err := r.Snapshot.ReadAt(p, off)
	return err
}

func onSite(t *testing.T, estate string, f func(s site)) {
	t.Helper()
	inBubble(t, estate, func(r *rig) { f(site{r, t.TempDir()}) })
}

// S59: a VM that was made on a host is made of what was asked for, boots from the files
// at the paths that it was given, and goes on where it was after the lab was closed.
func TestS59MachineBootsFromItsFiles(t *testing.T) {
	onSite(t, oneItem, func(s site) {
		const host = "hv02"
		files := s.copies("app01", "new", image.VHDX, ".vhdx")
		want := scripts.CreateVMParams{Name: "app01", Generation: 2, CPUs: 3, Memory: 6 << 30, Switch: "LAN", SecureBoot: "Off", Notes: "run 7", Disks: files}
		got := s.machine(host, scripts.CreateVM, want)
		if got.State != "Off" || got.AutoStart != scripts.AutoStartNothing || got.CPUs != 3 || got.Memory != 6<<30 || got.Notes != "run 7" || !slices.Equal(got.Paths, files) {
			s.t.Errorf("%+v", got)
		}
		vm := s.vm(host, got.ID)
		if len(vm.Disks) != 2 || vm.Disks[0].Format != "VHDX" || vm.Disks[0].Bytes != 32<<20 || vm.Disks[0].File == 0 || vm.SecureBoot != "Off" || !slices.Equal(vm.Switches, []string{"LAN"}) {
			s.t.Errorf("%+v", vm)
		}
		s.refuses(scripts.IDPrecondition, host, scripts.CreateVM, want)
		if !s.boots(host, got.ID) {
			s.t.Fatal("the VM does not boot from the files that were copied")
		}
		if img, err := disk.Open(files[0]); err == nil {
			s.t.Errorf("a running VM's disk was opened beside it: %v", img.Close())
		}
	})
}

// S+2: a disk whose system starts from generation 1 does not start in a VM of
// generation 2, and a torn file starts in none.
func TestSPlus2GenerationOfAMadeMachineCounts(t *testing.T) {
	converted := strings.Replace(oneItem, "    in_azure: 3d\n", "    in_azure: 3d\n    azure_generation: 1\n", 1)
	onSite(t, converted, func(s site) {
		files := s.copies("app01", "a", image.FixedVHD, ".vhd")
		p := scripts.CreateVMParams{Name: "second", Generation: 2, CPUs: 1, Memory: 1 << 30, Switch: "LAN", Disks: files}
		s.refuses(scripts.IDPrecondition, "hv02", scripts.CreateVM, p) // it takes no VHD
		p.Disks = s.copies("app01", "b", image.VHDX, ".vhdx")
		if got := s.machine("hv02", scripts.CreateVM, p); s.boots("hv02", got.ID) {
			s.t.Error("a disk of generation 1 started in generation 2")
		}
		p.Name, p.Generation, p.Disks = "first", 1, files
		if got := s.machine("hv02", scripts.CreateVM, p); !s.boots("hv02", got.ID) {
			s.t.Error("a disk of generation 1 did not start in generation 1")
		}
		torn := s.copies("app01", "c", image.VHDX, ".vhdx")
		img, err := disk.Update(torn[1])
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := img.WriteAt(make([]byte, 1<<20), 1<<20); err != nil {
			s.t.Fatal(err)
		}
		if err := img.Close(); err != nil {
			s.t.Fatal(err)
		}
		p.Name, p.Disks = "third", torn
		if got := s.machine("hv02", scripts.CreateVM, p); s.boots("hv02", got.ID) {
			s.t.Error("a torn disk booted")
		}
	})
}

// S28: other files under the original VM are what it boots from; its own come back
// under it, untouched.
func TestS28DisksOfTheOriginalAreSwappedAndBack(t *testing.T) {
	onSite(t, oneItem, func(s site) {
		const host = "hv01"
		id := s.hyperV("app01")
		var own []string
		for _, d := range s.vm(host, id).Disks {
			own = append(own, d.Path)
		}
		files := s.copies("app01", "new", image.VHDX, ".vhdx")
		to := scripts.SwapDisksParams{VMID: id, From: own, To: files}
		for _, bad := range []scripts.SwapDisksParams{
			{VMID: id, From: files, To: files}, {VMID: id, From: own[:1], To: files[:1]}, {VMID: id, From: own, To: []string{files[0], files[0]}},
		} {
			s.refuses(scripts.IDPrecondition, host, scripts.SwapDisks, bad)
		}
		s.refuses(scripts.IDNoFile, host, scripts.SwapDisks, scripts.SwapDisksParams{VMID: id, From: own, To: []string{files[0], files[1] + "x"}})
		s.refuses(scripts.IDNotFound, host, scripts.SwapDisks, scripts.SwapDisksParams{VMID: id[:35] + "0", From: own, To: files})
		if got := s.machine(host, scripts.SwapDisks, to); !slices.Equal(got.Paths, files) || got.ID != id {
			s.t.Fatalf("%+v", got)
		}
		s.refuses(scripts.IDPrecondition, host, scripts.CreateVM, scripts.CreateVMParams{Name: "other", Generation: 2, CPUs: 1, Memory: 1 << 30, Disks: files})
		if !s.boots(host, id) {
			s.t.Fatal("the VM does not boot from the files that were put under it")
		}
		back := scripts.SwapDisksParams{VMID: id, From: files, To: own}
		s.refuses(scripts.IDPrecondition, host, scripts.SwapDisks, back) // it runs
		if err := s.World().StopHome(host, id); err != nil {
			s.t.Fatal(err)
		}
		if got := s.machine(host, scripts.SwapDisks, back); !slices.Equal(got.Paths, own) {
			s.t.Fatalf("%+v", got)
		}
		if err := os.Remove(files[0]); err != nil {
			s.t.Error(err)
		}
		if !s.boots(host, id) {
			s.t.Error("the VM does not boot from its own disks any more")
		}
	})
}

func (r *rig) hyperV(item string) (id string) {
	r.World().Read(func(s *world.State) { id = s.Item(item).HyperVID })
	return id
}

// A VM whose files were taken away is refused as a host refuses it.
func TestMachineWithoutItsFilesIsNotStarted(t *testing.T) {
	onSite(t, oneItem, func(s site) {
		files := s.copies("app01", "new", image.VHDX, ".vhdx")
		got := s.machine("hv02", scripts.CreateVM, scripts.CreateVMParams{Name: "x", Generation: 2, CPUs: 1, Memory: 1 << 30, Disks: files})
		if err := os.Remove(files[1]); err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.run("hv02", scripts.StartVM, scripts.VMParams{VMID: got.ID}); err == nil {
			s.t.Error("it was started")
		}
		s.refuses(scripts.IDNoSwitch, "hv02", scripts.CreateVM, scripts.CreateVMParams{Name: "y", Generation: 2, CPUs: 1, Memory: 1 << 30, Switch: "lan", Disks: files[:1]})
		synctest.Wait()
	})
}
