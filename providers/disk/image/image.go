// Package image holds the words that all formats of disk images share: what an
// image can do, the file it lies in, how it refuses, and what a check finds.
package image

import (
	"context"
	"io"

	"failback/engine/transfer"
)

// Format is how a disk lies in its file.
type Format string

// The formats. A differencing image is none of them: it is refused.
const (
	Raw        Format = "raw"
	FixedVHD   Format = "vhd-fixed"
	DynamicVHD Format = "vhd-dynamic" // read only
	VHDX       Format = "vhdx"        // dynamic
	FixedVHDX  Format = "vhdx-fixed"
)

// Info describes an image; it does not change while the image is open.
type Info struct {
	Format Format `json:"format"`
	Size   int64  `json:"size"` // virtual bytes
	// SectorSize is the logical sector in bytes, 512 or 4096; raw and VHD
	// images say nothing about it and have 512. PhysicalSector is what the
	// guest is told to align to.
	SectorSize     int `json:"sectorSize"`
	PhysicalSector int `json:"physicalSector"`
	// BlockSize is the unit of allocation, 0 where there is none.
	BlockSize int64 `json:"blockSize,omitempty"`
	// ID is the disk's: page 83 in a VHDX, the unique id in a VHD, zero in a raw file.
	ID       GUID `json:"id"`
	Writable bool `json:"writable"`
}

// Image is an open disk image. All methods but Close may be called from any
// number of goroutines at once. Writes that overlap while both are running
// leave, in each sector, the bytes of one of them; a read that runs beside a
// write sees each sector before or after it.
type Image interface {
	// Info describes the image.
	Info() Info
	// Size is the virtual size in bytes.
	Size() int64
	// SectorSize is the logical sector size in bytes.
	SectorSize() int
	// Format is how the disk lies in its file.
	Format() Format
	// Extents are the allocated ranges, sorted, merged and within the disk:
	// everything outside them reads as zeros.
	Extents(ctx context.Context) ([]transfer.Extent, error)
	// ReadAt gives io.EOF at the end of the disk, as io.ReaderAt says.
	io.ReaderAt
	// WriteAt changes the disk. A disk has a size and never grows: a write that
	// does not fit is refused whole. Zeros that go where nothing is allocated
	// allocate nothing.
	io.WriterAt
	// Sync returns when everything whose WriteAt had returned is safe. After an
	// error of it nothing more can be written: what is on the disk is unknown.
	Sync() error
	// Close syncs what was written and closes the file. The image must not be
	// in use; a second Close does nothing.
	Close() error
}
