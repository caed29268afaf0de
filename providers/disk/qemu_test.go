package disk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"failback/engine/transfer"
	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

// qemu runs one of QEMU's programs, which somebody else wrote from the same
// specifications. ok is its exit status being zero.
func qemu(t *testing.T, name string, args ...string) (out string, ok bool) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not on the PATH (Debian: qemu-utils)", name)
	}
	raw, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(raw), err == nil
}

func must(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, ok := qemu(t, name, args...); !ok {
		t.Fatalf("%s %s:\n%s", name, strings.Join(args, " "), out)
	}
}

// generated is how many images are made: FAILBACK_DISKS=100 makes a hundred.
func generated(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("FAILBACK_DISKS")); err == nil && n > 0 {
		return n
	}
	return 8
}

// anyOptions are an image of some kind, with QEMU's name for the format.
func anyOptions(rnd *rand.Rand, size int64) (opt Options, name, format string) {
	opt = Options{Size: size}
	switch rnd.IntN(6) {
	case 0:
		opt.Format = image.FixedVHD
		return opt, "disk.vhd", "vpc"
	case 1:
		opt.Format = image.FixedVHDX
	default:
		opt.Format = image.VHDX
	}
	opt.BlockSize = 1 << (20 + rnd.IntN(6))
	opt.SectorSize = 512 // QEMU opens no other
	opt.PhysicalSector = []int{512, 4096}[rnd.IntN(2)]
	return opt, "disk.vhdx", "vhdx"
}

// change writes a few pieces to img and to want.
func change(t *testing.T, rnd *rand.Rand, img io.WriterAt, want []byte) {
	t.Helper()
	for range rnd.IntN(20) {
		off := rnd.IntN(len(want)/4096) * 4096
		p := want[off:min(len(want), off+4096*(1+rnd.IntN(300)))]
		fill := byte(rnd.IntN(3)) // of which one is zeros
		for i := range p {
			p[i] = fill
		}
		if _, err := img.WriteAt(p, int64(off)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestQemuFindsNoFault makes images, changes them in place, takes a copy before
// they are closed as a crash would leave it, and has QEMU check them and
// compare them with what they have to hold.
func TestQemuFindsNoFault(t *testing.T) {
	qemu(t, "qemu-img", "--version")
	for seed := range uint64(generated(t)) {
		rnd := rand.New(rand.NewPCG(seed, 99))
		want := content((4+rnd.IntN(60))<<20, seed)
		opt, name, format := anyOptions(rnd, int64(len(want)))
		folder := t.TempDir()
		path, plain := filepath.Join(folder, name), filepath.Join(folder, "want.img")
		fill(t, path, opt, want)
		img, err := Update(path)
		if err != nil {
			t.Fatal(err)
		}
		change(t, rnd, img, want)
		if err := img.Sync(); err != nil {
			t.Fatal(err)
		}
		crashed := filepath.Join(folder, "crashed-"+name)
		copyFile(t, path, crashed)
		if err := os.WriteFile(plain, want, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := img.Close(); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("seed %d, %+v", seed, opt)
		agrees(t, what, format, path, plain)
		if format == "vhdx" {
			_, _ = qemu(t, "qemu-img", "check", "-q", "-f", format, "-r", "all", crashed) // replays the log; agrees checks again
		}
		agrees(t, what+", not closed", format, crashed, plain)
	}
}

// fill makes an image and copies want into it.
func fill(t *testing.T, path string, opt Options, want []byte) {
	t.Helper()
	source, err := Open(rawFile(t, want))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	img, err := Create(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Copy(t.Context(), Source(source), img, transfer.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := img.Close(); err != nil {
		t.Fatal(err)
	}
}

// agrees has QEMU check an image and compare it with a raw file, and checks it
// with our own, which QEMU's does not know half of.
func agrees(t *testing.T, what, format, path, plain string) {
	t.Helper()
	if format == "vhdx" { // QEMU has no check of a VHD
		if out, ok := qemu(t, "qemu-img", "check", "-f", format, path); !ok {
			t.Fatalf("%s: check:\n%s", what, out)
		}
	}
	if out, ok := qemu(t, "qemu-img", "compare", "-f", "raw", "-F", format, plain, path); !ok {
		t.Fatalf("%s: compare:\n%s", what, out)
	}
	st, err := os.Stat(plain)
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := qemu(t, "qemu-img", "info", "--output=json", "-f", format, path); !strings.Contains(out, fmt.Sprintf(`"virtual-size": %d,`, st.Size())) {
		t.Fatalf("%s: the size is not %d:\n%s", what, st.Size(), out)
	}
	if r, err := Check(path); err != nil || !r.Clean() {
		t.Fatalf("%s: our check: %v, %v", what, r, err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	p, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestImagesOfQemu reads what QEMU made, in every kind that it makes, and then
// changes it in place and has QEMU read it.
func TestImagesOfQemu(t *testing.T) {
	want := content(37<<20, 5)
	plain := rawFile(t, want)
	for _, c := range []struct {
		name, format, options string
		kind                  image.Format
	}{
		{"dynamic.vhdx", "vhdx", "subformat=dynamic", image.VHDX},
		{"1m.vhdx", "vhdx", "subformat=dynamic,block_size=1048576", image.VHDX},
		{"256m.vhdx", "vhdx", "subformat=dynamic,block_size=268435456", image.VHDX},
		{"log8m.vhdx", "vhdx", "subformat=dynamic,log_size=8388608", image.VHDX},
		{"fixed.vhdx", "vhdx", "subformat=fixed", image.FixedVHDX},
		{"fixed1m.vhdx", "vhdx", "subformat=fixed,block_size=1048576", image.FixedVHDX},
		{"fixed.vhd", "vpc", "subformat=fixed,force_size=on", image.FixedVHD},
		{"dynamic.vhd", "vpc", "subformat=dynamic,force_size=on", image.DynamicVHD},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), c.name)
			must(t, "qemu-img", "convert", "-f", "raw", "-O", c.format, "-o", c.options, plain, path)
			img, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if img.Format() != c.kind {
				t.Errorf("it is a %s, want %s", img.Format(), c.kind)
			}
			if err := imagetest.Same(t.Context(), img, want); err != nil {
				t.Error(err)
			}
			if err := img.Close(); err != nil {
				t.Fatal(err)
			}
			if r, err := Check(path); err != nil || !r.Clean() {
				t.Errorf("check: %v, %v", r, err)
			}
			if c.kind == image.DynamicVHD {
				return
			}
			changed := bytes.Clone(want)
			writer, err := Update(path)
			if err != nil {
				t.Fatal(err)
			}
			change(t, rand.New(rand.NewPCG(1, 2)), writer, changed)
			if err := writer.Close(); err != nil {
				t.Fatal(err)
			}
			agrees(t, c.name, c.format, path, rawFile(t, changed))
		})
	}
}

// TestDirtyLogOfQemu: QEMU's write into the block table fails after its entry
// of the log is complete, and it ends with the log to be replayed.
func TestDirtyLogOfQemu(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "dirty.vhdx")
	must(t, "qemu-img", "create", "-q", "-f", "vhdx", "-o", "subformat=dynamic,block_size=1048576", path, "64M")
	must(t, "qemu-io", "-f", "vhdx", "-c", "write -q -P 1 0 64k", path)
	const table = 2 << 20 / 512 // where QEMU puts it
	broken := fmt.Sprintf(`json:{"driver":"vhdx","file":{"driver":"blkdebug","image":{"driver":"file","filename":%q},`+
		`"inject-error":[{"event":"none","iotype":"write","sector":%d,"errno":5}]}}`, path, table)
	_, _ = qemu(t, "qemu-io", "-c", "write -q -P 7 5M 1M", broken)
	if _, ok := qemu(t, "qemu-img", "check", "-q", "-f", "vhdx", path); ok {
		t.Fatal("the log of this image is empty: QEMU did something else than expected")
	}
	want := make([]byte, 64<<20)
	copy(want, bytes.Repeat([]byte{1}, 64<<10))
	copy(want[5<<20:], bytes.Repeat([]byte{7}, 1<<20))
	replaysLike(t, path, want)
}

// replaysLike holds three readings of an image with a dirty log against each
// other: ours without a change, QEMU's replay and ours. want may be nil.
func replaysLike(t *testing.T, path string, want []byte) {
	t.Helper()
	theirs, plain := path+".theirs", path+".img"
	copyFile(t, path, theirs)
	must(t, "qemu-img", "check", "-q", "-f", "vhdx", "-r", "all", theirs)
	must(t, "qemu-img", "convert", "-f", "vhdx", "-O", "raw", theirs, plain)
	replayed, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	if want != nil && !bytes.Equal(want, replayed) {
		t.Fatal("QEMU's own replay has another content than expected")
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := imagetest.Same(t.Context(), img, replayed); err != nil {
		t.Errorf("read: %v", err)
	}
	_ = img.Close()
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("reading changed the file, %v", err)
	}
	writer, err := Update(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	agrees(t, "replayed", "vhdx", path, plain)
}

// TestQemuKilled kills QEMU while it allocates block after block. Where that
// leaves a log, it is replayed as QEMU does; where not, the image is read.
func TestQemuKilled(t *testing.T) {
	qemu(t, "qemu-io", "--version")
	dirty := 0
	tries := max(4, generated(t)/4)
	for try := range tries {
		path := filepath.Join(t.TempDir(), "killed.vhdx")
		must(t, "qemu-img", "create", "-q", "-f", "vhdx", "-o", "subformat=dynamic,block_size=1048576", path, "256M")
		killed(t, path, try)
		r, err := Check(path)
		if err != nil || !r.Clean() {
			t.Fatalf("check: %v, %v", r, err)
		}
		for _, f := range r.Findings {
			if f.Where == "log" {
				dirty++
			}
		}
		replaysLike(t, path, nil)
	}
	t.Logf("%d of %d had a log", dirty, tries)
}

// killed has qemu-io write until so many blocks are in the file, and kills it.
func killed(t *testing.T, path string, try int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	args := []string{"-f", "vhdx"}
	for b := range 256 {
		args = append(args, "-c", fmt.Sprintf("write -q -P %d %dM 64k", b%250+1, b*37%256))
	}
	cmd := exec.CommandContext(ctx, "qemu-io", append(args, path)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	enough := int64(10+try*12%200) << 20
	for cmd.ProcessState == nil {
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if st.Size() > enough {
			break
		}
		if t.Context().Err() != nil {
			return
		}
	}
	cancel()
	_ = cmd.Wait()
}
