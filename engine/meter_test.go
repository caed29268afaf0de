package engine

import (
	"strings"
	"testing"
)

// What the files of a VM's disks tell of a synchronisation, and what they don't: a
// number only where a file can grow, and a reason everywhere else.
func TestS41DiskFilesAsASecondEstimate(t *testing.T) {
	disk := func(name, kind string, file int64) VMDisk {
		return VMDisk{Path: `D:\Hyper-V\web01\` + name, Type: kind, File: file, Bytes: 100 << 30}
	}
	m := &meter{files: sizesOf(VM{Disks: []VMDisk{disk("os.vhdx", "Dynamic", 10<<30), disk("log.vhdx", "Fixed", 100<<30), disk("old.vhdx", "Dynamic", 5<<30)}})}
	unread := disk("x.vhdx", "", 0)
	unread.Problem = "ObjectNotFound"
	m.grown(VM{Disks: []VMDisk{
		disk("os.vhdx", "Dynamic", 12<<30), disk("log.vhdx", "Fixed", 100<<30), disk("new.vhdx", "Dynamic", 1<<30),
		disk("old.vhdx", "Dynamic", 4<<30), unread, {Path: "", PassThrough: true}, disk("y.vhdx", "", 3),
	}})
	for i, want := range []DiskGrowth{
		{Disk: "os.vhdx", Grown: 2 << 30},
		{Disk: "log.vhdx", Silent: "of fixed size, its file does not grow"},
		{Disk: "new.vhdx", Grown: 1 << 30}, // it was not there before
		{Disk: "old.vhdx"},                 // made anew: it counts from there
		{Disk: "x.vhdx", Silent: "its file can't be read: ObjectNotFound"},
		{Silent: "a disk of the host itself, it has no file"},
		{Disk: "y.vhdx", Silent: "nobody says whether its file can grow"},
	} {
		if m.disks[i] != want {
			t.Errorf("%+v, want %+v", m.disks[i], want)
		}
	}
	m.grown(VM{Disks: []VMDisk{disk("old.vhdx", "Dynamic", 5<<30)}})
	if got := m.disks[0]; got.Grown != 1<<30 {
		t.Errorf("after it was made anew %+v", got)
	}
	// The first look serves where nobody has looked before: it grew by nothing then.
	m = &meter{}
	m.grown(VM{Disks: []VMDisk{disk("os.vhdx", "Dynamic", 12<<30)}})
	if got := m.disks[0]; got.Grown != 0 || got.Silent != "" {
		t.Errorf("at the first look %+v", got)
	}
}

// Each number says where it comes from, and none is a share of what it does not belong to.
func TestS41ProgressNamesItsSources(t *testing.T) {
	disks := []DiskGrowth{{Disk: "os.vhdx", Grown: 3 << 20}, {Disk: "log.vhdx", Silent: "of fixed size, its file does not grow"}}
	for name, c := range map[string]struct {
		p     SyncProgress
		want  string
		never string
	}{
		"nothing":    {SyncProgress{Estimate: true}, "", "0 B"},
		"one leg":    {SyncProgress{Read: 1 << 20, Written: 1 << 10, Total: 4 << 20, Estimate: true}, ", 1.0 MiB of 4.0 MiB read by the host's agent (estimate)", "several"},
		"shared":     {SyncProgress{Read: 1 << 20, Written: 1 << 10, Total: 4 << 20, Estimate: true, Shared: true}, ", 1.0 MiB read and 1.0 KiB written by the host's agent for several items (estimate)", " of "},
		"files too":  {SyncProgress{Read: 1 << 20, Total: 4 << 20, Estimate: true, Disks: disks}, "1 disk grown by 3.0 MiB on the host; log.vhdx: of fixed size, its file does not grow (estimate)", ""},
		"files only": {SyncProgress{Estimate: true, Uncounted: true, Disks: disks}, ", 1 disk grown by 3.0 MiB on the host; log.vhdx: of fixed size, its file does not grow (estimate)", "agent"},
		"fixed only": {SyncProgress{Estimate: true, Uncounted: true, Disks: disks[1:]}, ", log.vhdx: of fixed size, its file does not grow (estimate)", "grown by"},
	} {
		got := c.p.Words()
		if !strings.HasSuffix(got, c.want) || c.want == "" && got != "" || c.never != "" && strings.Contains(got, c.never) {
			t.Errorf("%s: %q", name, got)
		}
		if strings.Contains(got, "%") {
			t.Errorf("%s pretends to a share: %q", name, got)
		}
	}
}
