package connect_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"testing"

	"failback/engine"
	"failback/providers/lab/guest"
	"failback/providers/lab/world"
)

// The tests below this line look at the lab's world itself, past every wire, to
// see whether what the program claims is true.

// azureLast is the last record the guest wrote on its Azure disks.
func (b *bed) azureLast(name string) uint64 {
	b.t.Helper()
	var disks []guest.Disk
	for _, d := range b.worldItem(name).Disks {
		blob, err := b.lab.World().Blobs().Get(d.Blob)
		if err != nil {
			b.t.Fatal(err)
		}
		disks = append(disks, blob)
	}
	r, err := guest.Check(context.Background(), disks)
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Last
}

// azureSum is the SHA-256 of one Azure disk, read straight from the store.
func (b *bed) azureSum(name string, lun int) string {
	b.t.Helper()
	d := b.worldItem(name).Disks[lun]
	blob, err := b.lab.World().Blobs().Get(d.Blob)
	if err != nil {
		b.t.Fatal(err)
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(blob, 0, blob.Size())); err != nil {
		b.t.Fatal(err)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (b *bed) worldItem(name string) world.Item {
	b.t.Helper()
	var out world.Item
	b.lab.World().Read(func(s *world.State) {
		for _, it := range s.Items {
			if it.Name == name {
				out = *it
			}
		}
	})
	if out.Name == "" {
		b.t.Fatalf("the world has no item %s", name)
	}
	return out
}

// home is the on-premises VM as the world has it.
func (b *bed) home(name string) world.VM {
	b.t.Helper()
	var out world.VM
	b.lab.World().Read(func(s *world.State) {
		for _, v := range s.VMs {
			if v.Item == name {
				out = *v
			}
		}
	})
	return out
}

func (b *bed) azureVM(name string) *world.AzureVM {
	var out *world.AzureVM
	b.lab.World().Read(func(s *world.State) {
		for _, v := range s.AzureVMs {
			if v.Item == name {
				c := *v
				out = &c
			}
		}
	})
	return out
}

type fileDisk struct {
	*os.File
	size int64
}

func (f fileDisk) Size() int64 { return f.size }

// homeCheck boots the on-premises disks on the bench: every record must be there,
// whole and in order.
func (b *bed) homeCheck(name string) (guest.Report, error) {
	b.t.Helper()
	vm, it := b.home(name), b.worldItem(name)
	var (
		disks []guest.Disk
		files []*os.File
	)
	for i, rel := range vm.Files {
		found, err := filepath.Glob(filepath.Join(b.dir, "lab", "*", filepath.FromSlash(rel)))
		if err != nil || len(found) != 1 {
			b.t.Fatalf("%s: %v %v", rel, found, err)
		}
		f, err := os.OpenFile(found[0], os.O_RDWR, 0)
		if err != nil {
			b.t.Fatal(err)
		}
		files = append(files, f)
		disks = append(disks, fileDisk{f, it.Disks[i].Bytes})
	}
	r, err := guest.Check(context.Background(), disks)
	for _, f := range files {
		if err := f.Close(); err != nil {
			b.t.Error(err)
		}
	}
	return r, err
}

// proofs are the leg's disk proofs by disk name.
func proofs(l *engine.Leg) map[string]engine.DiskProved {
	out := map[string]engine.DiskProved{}
	for _, p := range l.Proofs {
		out[p.Disk] = p
	}
	return out
}

func phasesSeen(events []engine.Event) []engine.Phase {
	var out []engine.Phase
	for _, e := range events {
		if _, ok := e.Body.(engine.PhaseStarted); ok {
			out = append(out, e.Phase)
		}
	}
	return out
}

func eventsOf[T engine.Body](t *testing.T, b *bed, id engine.RunID) []T {
	t.Helper()
	events, err := b.store.Events(id)
	if err != nil {
		t.Fatal(err)
	}
	var out []T
	for _, e := range events {
		if v, ok := e.Body.(T); ok {
			out = append(out, v)
		}
	}
	return out
}
