package guest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
	"time"

	"failback/providers/lab/blob"
	"failback/providers/lab/guest"
)

// childDir tells a copy of the test program to be the process that is killed.
const childDir = "FAILBACK_TEST_STORE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writeForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

var killNames = []string{"vhds/0", "vhds/1"}

func openBlobs(dir string) (*blob.Store, []*blob.Blob, error) {
	store, err := blob.OpenStore(dir)
	if err != nil {
		return nil, nil, err
	}
	var blobs []*blob.Blob
	for _, name := range killNames {
		b, err := store.Get(name)
		if err != nil {
			return nil, nil, err
		}
		blobs = append(blobs, b)
	}
	return store, blobs, nil
}

// writeForever runs the guest, takes snapshots, deletes some, and says after
// each step which one it was.
func writeForever(dir string) error {
	_, blobs, err := openBlobs(dir)
	if err != nil {
		return err
	}
	g, err := guest.Open([]guest.Disk{blobs[0], blobs[1]})
	if err != nil {
		return err
	}
	for {
		seq, err := g.Step(nil)
		if err != nil {
			return err
		}
		if seq%7 == 0 {
			if _, err := blob.SnapshotAll(blobs, time.Now()); err != nil {
				return err
			}
		}
		if ids := blobs[0].Snapshots(); len(ids) > 6 {
			for _, b := range blobs {
				// Both may have more than the other after a kill in between.
				if mine := b.Snapshots(); len(mine) > 3 {
					if err := b.DeleteSnapshot(mine[int(seq)%len(mine)]); err != nil {
						return err
					}
				}
			}
		}
		if _, err := fmt.Println(seq); err != nil {
			return err
		}
	}
}

// runAndKill lets a child write so many steps and kills it in the middle of
// another one; it returns the last step that the child spoke of.
func runAndKill(t *testing.T, dir string, steps int) uint64 {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childDir+"="+dir)
	var complaint bytes.Buffer
	child.Stderr = &complaint
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	lines := bufio.NewScanner(out)
	last := uint64(0)
	for n := 0; n < steps && lines.Scan(); n++ {
		last, err = strconv.ParseUint(lines.Text(), 10, 64)
		must(t, err)
	}
	must(t, child.Process.Kill())
	for lines.Scan() { // what it had said before it died
		if seq, err := strconv.ParseUint(lines.Text(), 10, 64); err == nil {
			last = seq
		}
	}
	_ = child.Wait() // "signal: killed"
	if complaint.Len() > 0 {
		t.Fatalf("the child failed: %s", complaint.String())
	}
	return last
}

func TestStoreSurvivesKill(t *testing.T) {
	rounds := 8
	if os.Getenv("FAILBACK_LONG") != "" {
		rounds = 30
	}
	dir := t.TempDir()
	store, err := blob.OpenStore(dir)
	must(t, err)
	var disks []guest.Disk
	for _, name := range killNames {
		b, err := store.Create(name, guest.MinDisk+1<<20)
		must(t, err)
		disks = append(disks, b)
	}
	must(t, guest.Format(t.Context(), guest.Spec{ID: "killed", Seed: 5, StaticMiB: 1}, disks))
	must(t, store.Close())
	rnd := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		last := runAndKill(t, dir, 1+rnd.IntN(120))
		store, blobs, err := openBlobs(dir)
		must(t, err)
		report, err := guest.Check(t.Context(), []guest.Disk{blobs[0], blobs[1]})
		if err != nil || report.Last < last {
			t.Fatalf("killed after step %d: %+v, %v", last, report, err)
		}
		checkSnapshots(t, blobs)
		must(t, store.Close())
	}
}

// checkSnapshots boots every whole set and follows the differences from the
// oldest snapshot to now.
func checkSnapshots(t *testing.T, blobs []*blob.Blob) {
	t.Helper()
	for _, id := range blobs[0].Snapshots() {
		if !slices.Contains(blobs[1].Snapshots(), id) {
			continue // killed between the two disks
		}
		var disks []guest.Disk
		for _, b := range blobs {
			s, err := b.OpenSnapshot(id)
			must(t, err)
			disks = append(disks, frozen{s})
		}
		if _, err := guest.Check(t.Context(), disks); err != nil {
			t.Fatalf("snapshot %s: %v", id, err)
		}
	}
	for _, b := range blobs {
		ids := append(b.Snapshots(), "")
		image := bytesOf(t, b, ids[0])
		for i := 1; i < len(ids); i++ {
			ch, err := b.Diff(ids[i-1], ids[i])
			must(t, err)
			want := bytesOf(t, b, ids[i])
			for _, e := range ch.Updated {
				copy(image[e.Off:e.End()], want[e.Off:])
			}
			for _, e := range ch.Cleared {
				clear(image[e.Off:e.End()])
			}
			if !bytes.Equal(image, want) {
				t.Fatalf("%s: the changes from %q to %q are not all", b.Name(), ids[i-1], ids[i])
			}
		}
	}
}

func bytesOf(t *testing.T, b *blob.Blob, id string) []byte {
	t.Helper()
	var src io.ReaderAt = b
	if id != "" {
		s, err := b.OpenSnapshot(id)
		must(t, err)
		src = s
	}
	p := make([]byte, b.Size())
	_, err := src.ReadAt(p, 0)
	must(t, err)
	return p
}
