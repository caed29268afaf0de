package direct

import (
	"path/filepath"
	"slices"
	"testing"

	"failback/engine"
	"failback/providers/azure/snapshots"
)

// TestSPlus4DisksThatWereResizedOrAddedAreBroughtWhole, each into a file of its own: no
// difference reaches across that. What a cancel has to remove is known to the last file.
func TestSPlus4DisksThatWereResizedOrAddedAreBroughtWhole(t *testing.T) {
	home := filepath.Join("D", "vms", "db01")
	r := &record{Direct: engine.Direct{Folder: filepath.Dir(home)}, Failback: &failback{Home: home, Disks: []diskRecord{
		{Disk: engine.Disk{ID: "/d/os", Name: "os", Bytes: 10}, File: "os.vhdx", At: "/s/1"},
		{Disk: engine.Disk{ID: "/d/data", Name: "data", Bytes: 20}, File: "data.vhdx", At: "/s/2"},
		{Disk: engine.Disk{ID: "/d/gone", Name: "gone", Bytes: 30}, File: "gone.vhdx", At: "/s/3"},
	}}}
	r.fit([]snapshots.Disk{{ID: "/d/os", Name: "os", OS: true}, {ID: "/D/DATA", Name: "data"}, {ID: "/d/new", Name: "new", LUN: 7}}, snapshots.Set{Snapshots: []snapshots.Snapshot{
		{ID: "/s/4", Disk: "/d/os", Bytes: 10}, {ID: "/s/5", Disk: "/d/data", Bytes: 25}, {ID: "/s/6", Disk: "/d/new", Bytes: 5},
	}})
	d := r.Failback.Disks
	if len(d) != 3 || len(r.Item.Disks) != 3 {
		t.Fatalf("%+v", d)
	}
	if d[0].File != "os.vhdx" || d[0].At != "/s/1" {
		t.Errorf("what stayed as it was: %+v", d[0])
	}
	if d[1].At != "" || d[1].File == "data.vhdx" || !slices.Equal(d[1].Old, []string{"data.vhdx"}) || d[1].Disk.Bytes != 25 {
		t.Errorf("what was resized: %+v", d[1])
	}
	if d[2].At != "" || d[2].File == "" || d[2].Disk.Name != "new" || d[2].Disk.LUN != 7 {
		t.Errorf("what is new: %+v", d[2])
	}
	if !slices.Contains(d[0].Old, "gone.vhdx") {
		t.Errorf("what was detached is not removed by a cancel: %+v", d)
	}
}

// TestNamesLeadNowhere: what Azure or a vault calls something becomes one name in one
// folder.
func TestNamesLeadNowhere(t *testing.T) {
	for name, want := range map[string]string{
		"db01": "db01", "../../etc": "etc", `a\b:c`: "a-b-c", "nul": "vm-nul", "COM1.x": "vm-COM1.x", "": "vm-", "web 01.": "web-01", "\x1b[31m": "31m",
	} {
		if got := plainName(name); got != want || filepath.Base(got) != got {
			t.Errorf("%q became %q, want %q", name, got, want)
		}
	}
	here, there := files(engine.Direct{HostFolder: `D:\vms\`}, filepath.Join("mnt", "db01-2"), "os/disk", 0)
	if here != filepath.Join("mnt", "db01-2", "disk0-os-disk.vhdx") || there != `D:\vms\db01-2\disk0-os-disk.vhdx` {
		t.Errorf("%s, %s", here, there)
	}
}
