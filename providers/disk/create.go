package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"failback/engine/transfer"
	"failback/providers/disk/image"
	"failback/providers/disk/vhd"
	"failback/providers/disk/vhdx"
)

// Options say what image to make.
type Options struct {
	Format image.Format // any but vhd-dynamic
	Size   int64        // virtual bytes, whole sectors
	// SectorSize is the logical sector, 512 or 4096; 512 where zero. Only a
	// VHDX remembers it.
	SectorSize int
	// PhysicalSector is what a guest aligns to, 4096 where zero; BlockSize is
	// the unit of allocation, a power of two from 1 to 256 MiB, 2 MiB where
	// zero. Both are for a VHDX.
	PhysicalSector int
	BlockSize      int64
	// ID becomes the disk's identity; a random one where zero. A raw image has none.
	ID image.GUID
	// Sparse lets a raw file have holes, where the file system makes them by
	// itself. Hyper-V refuses a sparse file, so no other format has this, and
	// no file is ever made sparse on Windows.
	Sparse bool
	// Data is what is going to be written, if that is known: it is only used to
	// ask beforehand whether it fits. Images that take all their space at once
	// are always asked about whole.
	Data []transfer.Extent
}

// Create makes a new image at path and opens it for writing; the image reads
// as zeros. Free space is checked before anything is made. A file that is there
// already is refused, and one that could not be finished is removed; if the
// program dies meanwhile, the unfinished file is refused by Open.
func Create(path string, opt Options) (image.Image, error) {
	if err := opt.complete(); err != nil {
		return nil, creating(path, err)
	}
	if err := enoughSpace(path, opt); err != nil {
		return nil, creating(path, err)
	}
	f, err := createFile(path, opt.Sparse)
	if err != nil {
		return nil, creating(path, err)
	}
	img, err := createIn(f, opt)
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil {
		_ = f.Close()
		_ = os.Remove(path)
		return nil, creating(path, err)
	}
	return img, nil
}

// complete fills in what was left open and refuses what can't be.
func (o *Options) complete() error {
	if o.SectorSize == 0 {
		o.SectorSize = 512
	}
	if o.PhysicalSector == 0 {
		o.PhysicalSector = 4096
	}
	if o.BlockSize == 0 {
		o.BlockSize = vhdx.DefaultBlock
	}
	if o.ID == (image.GUID{}) {
		o.ID = image.NewGUID()
	}
	if o.Sparse && o.Format != image.Raw {
		return usage("only a raw file may be sparse: Hyper-V refuses a sparse VHD or VHDX", "leave Sparse out")
	}
	if o.SectorSize != 512 && o.SectorSize != 4096 {
		return usage(fmt.Sprintf("a sector can't have %d bytes", o.SectorSize), "name 512 or 4096")
	}
	if o.Size <= 0 || o.Size%int64(o.SectorSize) != 0 {
		return usage(fmt.Sprintf("%d bytes are no whole number of sectors of %d bytes", o.Size, o.SectorSize), "name the size of the disk")
	}
	switch o.Format {
	case image.Raw:
		return nil
	case image.FixedVHD:
		if o.SectorSize != 512 {
			return usage("a VHD has sectors of 512 bytes", "make a VHDX")
		}
		return vhd.CheckSize(o.Size)
	case image.VHDX, image.FixedVHDX:
		return o.vhdx().Check()
	case image.DynamicVHD:
	}
	return usage(fmt.Sprintf("an image of format %q can't be made", o.Format), "name raw, vhd-fixed, vhdx or vhdx-fixed")
}

// vhdx are the options as that format has them.
func (o *Options) vhdx() vhdx.Options {
	return vhdx.Options{
		Size: o.Size, Block: o.BlockSize, Sector: o.SectorSize, Physical: o.PhysicalSector, Fixed: o.Format == image.FixedVHDX, ID: o.ID,
	}
}

func createIn(f image.File, o Options) (image.Image, error) {
	switch o.Format {
	case image.FixedVHD:
		if err := vhd.Create(f, o.Size, o.ID); err != nil {
			return nil, err
		}
		return vhd.Open(f, true)
	case image.VHDX, image.FixedVHDX:
		if err := vhdx.Create(f, o.vhdx()); err != nil {
			return nil, err
		}
		return vhdx.Open(f, true)
	default:
		if err := f.Grow(o.Size); err != nil {
			return nil, err
		}
		if err := f.Sync(); err != nil {
			return nil, err
		}
		return openRaw(f, true)
	}
}

// needs is how many bytes the file will have when all data is in it.
func (o Options) needs() int64 {
	if o.Format == image.VHDX || o.Format == image.FixedVHDX {
		return o.vhdx().Needs(o.Data)
	}
	if o.Format == image.Raw && o.Sparse && o.Data != nil {
		return covered(o.Data, 4096)
	}
	return o.Size + vhd.FooterSize
}

// covered is how many bytes the units have that extents touch.
func covered(extents []transfer.Extent, unit int64) int64 {
	var whole []transfer.Extent
	for _, e := range extents {
		if e.Len > 0 {
			from, to := e.Off/unit*unit, (e.End()+unit-1)/unit*unit
			whole = append(whole, transfer.Extent{Off: from, Len: to - from})
		}
	}
	var n int64
	for _, e := range transfer.Normalize(whole) {
		n += e.Len
	}
	return n
}

// enoughSpace asks the file system of path before anything is made.
func enoughSpace(path string, o Options) error {
	free, err := freeSpace(path)
	if err != nil {
		return err
	}
	if need := o.needs(); need > free {
		return &image.Refusal{
			Why: fmt.Sprintf("%d bytes are needed and %d are free", need, free), Kind: image.ErrNoSpace,
			Remedy: "free some space, or choose another place",
		}
	}
	return nil
}

// creating gives err a path and says what was being done.
func creating(path string, err error) error {
	var refusal *image.Refusal
	if errors.As(err, &refusal) {
		named := *refusal
		named.What, named.Path = "make the image", path
		return &named
	}
	if errors.Is(err, fs.ErrExist) {
		return &image.Refusal{
			What: "make the image", Path: path, Why: "it is there already", Kind: image.ErrUsage, Err: nil,
			Remedy: "name a new file; an image that is there is updated, not made again",
		}
	}
	return fmt.Errorf("make the image: %s: %w", path, err)
}

// FreeSpace is how many bytes the file system of path still takes.
func FreeSpace(path string) (int64, error) { return freeSpace(path) }

// TotalSpace is how many bytes the file system of path has, taken or not; 0 where
// nobody says.
func TotalSpace(path string) (int64, error) { return totalSpace(path) }

// Growth is how many bytes the file of an image gets longer by, or takes more
// of the disk, when writes are written to it and have is what it has allocated.
func Growth(info image.Info, have, writes []transfer.Extent) int64 {
	unit := int64(4096)
	switch info.Format {
	case image.FixedVHD, image.FixedVHDX, image.DynamicVHD:
		return 0
	case image.VHDX:
		unit = info.BlockSize
	case image.Raw:
	}
	both := covered(append(slices.Clone(have), writes...), unit)
	return both - covered(have, unit)
}
