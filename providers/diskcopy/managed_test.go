package diskcopy_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"failback/engine"
	"failback/engine/move"
	"failback/providers/azure"
	"failback/providers/azure/snapshots"
	"failback/providers/diskcopy"
	"failback/providers/lab"
	"failback/providers/lab/world"
)

const estate = `
name: managed
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
  - name: db01
    host: hv01
    managed: true
    in_azure: 3d
    disks: [{size: 16MiB, content: 4MiB}]
`

// TestAManagedDiskIsCopiedThroughASnapshot copies a disk of a lab's VM, which takes
// a snapshot and leaves none, and then a snapshot that somebody took, with only
// what changed since an older one.
func TestAManagedDiskIsCopiedThroughASnapshot(t *testing.T) {
	dir, state := t.TempDir(), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: state, Data: []byte(estate)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close() }()
		e := m.Endpoints()
		open := func(context.Context) (*azure.Session, error) {
			return azure.Open(azure.Options{
				Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription, Transport: m.Transport(),
			})
		}
		session, err := open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		person, err := snapshots.New(session, snapshots.Options{Run: "person"})
		if err != nil {
			t.Fatal(err)
		}
		of, err := person.Disks(t.Context(), engine.AzureVMRef{ResourceGroup: e.ResourceGroup, Name: "db01"})
		if err != nil {
			t.Fatal(err)
		}
		there := func() (names []string) {
			m.World().Read(func(s *world.State) {
				for _, d := range s.Snapshots {
					names = append(names, d.Name)
				}
			})
			return names
		}
		disks := diskcopy.New(nil, open)
		target := filepath.Join(dir, "disk.vhdx")
		got, err := disks.Copy(t.Context(), move.Order{Source: of[0].ID, Target: target}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Size != 16*mib || got.Read == 0 || len(there()) != 0 {
			t.Errorf("%+v, and these snapshots stay: %v", got, there())
		}
		older, err := person.TakeDisk(t.Context(), of[0].ID, "older")
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, "snapshot.vhdx")
		if _, err := disks.Copy(t.Context(), move.Order{Source: older.ID, Target: copied}, nil); err != nil {
			t.Fatal(err)
		}
		newer, err := person.TakeDisk(t.Context(), of[0].ID, "newer")
		if err != nil {
			t.Fatal(err)
		}
		o := move.Order{Source: newer.ID, Target: copied, Mode: move.Delta, Base: older.ID}
		if got, err = disks.Copy(t.Context(), o, nil); err != nil {
			t.Fatal(err)
		}
		if got.Way != move.WayChanges || got.Checksum == "" {
			t.Errorf("%+v", got)
		}
		whole := filepath.Join(dir, "whole.raw")
		if _, err := disks.Copy(t.Context(), move.Order{Source: newer.ID, Target: whole}, nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, whole), read(t, copied)) {
			t.Error("what was brought forward is another disk than the snapshot")
		}
		if names := there(); len(names) != 2 || strings.Contains(strings.Join(names, " "), "copy-") {
			t.Errorf("these snapshots stay: %v", names)
		}
		m.World().Read(func(s *world.State) {
			for _, d := range s.Snapshots {
				if !d.Access.IsZero() {
					t.Errorf("%s is lent still", d.Name)
				}
			}
		})
		if _, err := disks.Copy(t.Context(), move.Order{Source: of[0].ID, Snapshot: "x", Target: target + "x"}, nil); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("a snapshot's time of a managed disk: %v", err)
		}
		var back move.TakenBack
		for _, o := range []move.Order{{Source: of[0].ID, Target: target, Mode: move.Full}, {Source: newer.ID, Target: target, Mode: move.Full}} {
			ctx, stop := context.WithCancel(t.Context())
			if _, err := disks.Copy(ctx, o, func(p move.Progress) {
				if p.Bytes.Written > 0 {
					stop()
				}
			}); err == nil {
				t.Fatal("the copy was not broken off")
			}
			stop()
			got, err := disks.Cancel(target)
			if err != nil {
				t.Fatal(err)
			}
			if back.Target == "" {
				back = got
			} else if got.Snapshot != "" {
				t.Errorf("a snapshot that a person named is offered for deletion: %+v", got)
			}
		}
		if !strings.Contains(back.Snapshot, snapshots.Prefix+"copy-") || len(there()) != 3 {
			t.Errorf("%+v; %v are there", back, there())
		}
		for _, wrong := range [][2]string{{back.Snapshot, copied}, {newer.ID, target}} {
			if err := disks.DeleteSnapshot(t.Context(), wrong[0], wrong[1]); engine.KindOf(err) != engine.FailureRefused {
				t.Errorf("%s is deleted for %s: %v", wrong[0], wrong[1], err)
			}
		}
		for range 2 { // the second finds it gone
			if err := disks.DeleteSnapshot(t.Context(), back.Snapshot, target); err != nil {
				t.Fatal(err)
			}
		}
		if names := there(); len(names) != 2 {
			t.Errorf("these snapshots stay: %v", names)
		}
	})
}
