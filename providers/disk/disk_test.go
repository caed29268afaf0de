package disk

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"failback/engine/transfer"
	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

// kinds are the images that can be made and written.
var kinds = []struct {
	name string
	opt  Options
}{
	{"disk.raw", Options{Format: image.Raw}},
	{"sparse.img", Options{Format: image.Raw, Sparse: true}},
	{"disk.vhd", Options{Format: image.FixedVHD}},
	{"disk.vhdx", Options{Format: image.VHDX}},
	{"small.vhdx", Options{Format: image.VHDX, BlockSize: 1 << 20, SectorSize: 4096}},
	{"fixed.vhdx", Options{Format: image.FixedVHDX}},
}

// content is a disk with data in runs between holes.
func content(size int, seed uint64) []byte {
	p, rnd := make([]byte, size), rand.NewChaCha8([32]byte{byte(seed)})
	pcg := rand.New(rand.NewPCG(seed, 1))
	for at := pcg.IntN(3 << 20); at < size; {
		n := min(size-at, 512*(1+pcg.IntN(1500)))
		_, _ = rnd.Read(p[at : at+n])
		at += n + 512*pcg.IntN(6000)
	}
	return p
}

func rawFile(t testing.TB, p []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "source.img")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestS36CopyIntoEveryImage moves a disk into each kind of image, reopens it
// and holds it against the source.
func TestS36CopyIntoEveryImage(t *testing.T) {
	const size = 17<<20 + 512*8
	want := content(size, 7)
	source, err := Open(rawFile(t, want))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), k.name)
			opt := k.opt
			opt.Size = size
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
			again, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = again.Close() }()
			if again.Format() != opt.Format {
				t.Errorf("it is a %s, want %s", again.Format(), opt.Format)
			}
			if err := imagetest.Same(t.Context(), again, want); err != nil {
				t.Error(err)
			}
			if r, err := Check(path); err != nil || !r.Clean() {
				t.Errorf("check: %v, %v", r, err)
			}
		})
	}
}

func TestCreateIsRefused(t *testing.T) {
	folder := t.TempDir()
	there := filepath.Join(folder, "there.vhd")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		opt        Options
		kind       error
		why        string
	}{
		{"a file that is there", there, Options{Format: image.FixedVHD, Size: 1 << 20}, image.ErrUsage, "there already"},
		{"no format", "a", Options{Size: 512}, image.ErrUsage, "can't be made"},
		{"a dynamic VHD", "a.vhd", Options{Format: image.DynamicVHD, Size: 512}, image.ErrUsage, "can't be made"},
		{"no size", "a.raw", Options{Format: image.Raw}, image.ErrUsage, "whole number of sectors"},
		{"half a sector", "a.raw", Options{Format: image.Raw, Size: 700}, image.ErrUsage, "whole number of sectors"},
		{"a sector of 520", "a.raw", Options{Format: image.Raw, Size: 5200, SectorSize: 520}, image.ErrUsage, "520"},
		{"a VHD of 4096-byte sectors", "a.vhd", Options{Format: image.FixedVHD, Size: 1 << 20, SectorSize: 4096}, image.ErrUsage, "512"},
		{"a VHD of 3 TiB", "a.vhd", Options{Format: image.FixedVHD, Size: 3 << 40}, image.ErrUsage, "2040 GiB"},
		{"a VHDX of 65 TiB", "a.vhdx", Options{Format: image.VHDX, Size: 65 << 40}, image.ErrUsage, "64 TiB"},
		{"a block of 3 MiB", "a.vhdx", Options{Format: image.VHDX, Size: 1 << 30, BlockSize: 3 << 20}, image.ErrUsage, "power of two"},
		{"a fixed VHDX that does not fit", "a.vhdx", Options{Format: image.FixedVHDX, Size: 60 << 40}, image.ErrNoSpace, "are free"},
		{"a VHDX whose data does not fit", "a.vhdx", Options{Format: image.VHDX, Size: 60 << 40, Data: []transfer.Extent{{Len: 60 << 40}}}, image.ErrNoSpace, "are free"},
		{"a sparse VHD", "a.vhd", Options{Format: image.FixedVHD, Size: 1 << 20, Sparse: true}, image.ErrUsage, "sparse"},
		{"more than the volume has", "a.raw", Options{Format: image.Raw, Size: 1 << 60}, image.ErrNoSpace, "are free"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.path
			if !filepath.IsAbs(path) {
				path = filepath.Join(folder, path)
			}
			_, err := Create(path, c.opt)
			var refusal *image.Refusal
			if !errors.As(err, &refusal) || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) {
				t.Fatalf("got %v, want %v with %q", err, c.kind, c.why)
			}
			if refusal.What == "" || refusal.Path != path || refusal.Remedy == "" {
				t.Errorf("it lacks what, where or what to do: %#v", refusal)
			}
		})
	}
	if left, _ := os.ReadDir(folder); len(left) != 1 {
		t.Errorf("refusals left files: %v", left)
	}
	if p, _ := os.ReadFile(there); string(p) != "precious" {
		t.Error("the file that was there is changed")
	}
	if _, err := Create(filepath.Join(folder, "no", "such", "folder.raw"), Options{Format: image.Raw, Size: 512}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestOpenIsRefused(t *testing.T) {
	folder := t.TempDir()
	good := filepath.Join(folder, "good.vhd")
	img, err := Create(good, Options{Format: image.FixedVHD, Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	if err := img.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		content []byte
		kind    error
		why     string
	}{
		{"cut.vhd", whole[:1<<20], image.ErrDamaged, "no VHD footer"},
		{"vhd.img", whole, image.ErrUsage, "looks like a vhd"},
		{"some.vhdx", whole, image.ErrDamaged, "does not begin as a VHDX"},
		{"odd.bin", whole[:1000], image.ErrDamaged, "whole number of sectors"},
		{"empty", nil, image.ErrDamaged, "0 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(folder, c.name)
			if err := os.WriteFile(path, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.why)
			}
		})
	}
	if _, err := Open(folder); err == nil {
		t.Error("a folder was opened")
	}
	if _, err := Open(filepath.Join(folder, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	asRaw, err := OpenAs(filepath.Join(folder, "vhd.img"), image.Raw, false)
	if err != nil || asRaw.Size() != int64(len(whole)) {
		t.Errorf("said to be raw: %v", err)
	}
}

// TestOneWriter: a second writer, and a reader beside a writer, are refused.
func TestOneWriter(t *testing.T) {
	path := rawFile(t, make([]byte, 4096))
	first, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(path)
	if err != nil {
		t.Fatalf("a second reader: %v", err)
	}
	if _, err := Update(path); !errors.Is(err, image.ErrInUse) {
		t.Errorf("a writer beside readers: %v", err)
	}
	_, _ = first.Close(), second.Close()
	writer, err := Update(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, image.ErrInUse) {
		t.Errorf("a reader beside a writer: %v", err)
	}
	if _, err := writer.WriteAt([]byte("x"), 4096); !errors.Is(err, image.ErrBeyondEnd) {
		t.Errorf("a write beyond the end: %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Errorf("a second close: %v", err)
	}
}

// TestSpaceOfKnownData: only what is going to be written counts for a sparse file.
func TestSpaceOfKnownData(t *testing.T) {
	o := Options{Format: image.Raw, Sparse: true, Size: 1 << 40, Data: []transfer.Extent{{Off: 100, Len: 1}, {Off: 200, Len: 5000}, {Off: 1 << 30, Len: 4096}}}
	if got, want := o.needs(), int64(8192+4096); got != want {
		t.Errorf("needs %d, want %d", got, want)
	}
	o.Data = nil
	if got := o.needs(); got < 1<<40 {
		t.Errorf("unknown data needs %d", got)
	}
}

// TestReaderSeesNothingOfTheFooter reads a VHD as a source up to its end.
func TestReaderSeesNothingOfTheFooter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk.vhd")
	img, err := Create(path, Options{Format: image.FixedVHD, Size: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = img.Close() }()
	sum, err := transfer.Sum(t.Context(), Source(img), nil)
	if err != nil {
		t.Fatal(err)
	}
	zero, err := Open(rawFile(t, make([]byte, 1<<20)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = zero.Close() }()
	if want, err := transfer.Sum(t.Context(), Source(zero), nil); err != nil || sum != want {
		t.Errorf("sum %s, want %s, %v", sum, want, err)
	}
	p := make([]byte, 1024)
	if err := Source(img).ReadAt(t.Context(), p, 1<<20-512); err == nil {
		t.Error("a source read beyond its end without an error")
	}
	if !bytes.Equal(p[512:], make([]byte, 512)) {
		t.Error("the footer was shown")
	}
}
