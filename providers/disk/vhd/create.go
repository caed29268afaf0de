package vhd

import (
	"fmt"
	"time"

	"failback/providers/disk/image"
)

// CheckSize refuses a size that a VHD can't have.
func CheckSize(size int64) error {
	if size <= 0 || size%sector != 0 || size > maxSize {
		return &image.Refusal{
			Why:  fmt.Sprintf("a VHD can't have %d bytes: it has whole sectors of 512 bytes, at most 2040 GiB", size),
			Kind: image.ErrUsage, Remedy: "make a VHDX",
		}
	}
	return nil
}

// Create makes f, an empty file, a fixed VHD of size zero bytes with an id. The
// footer is written last, after everything else is safe: a file whose creation
// was interrupted has none and is refused. Sizes that are no whole number of
// MiB are allowed; Azure does not import them.
func Create(f image.File, size int64, id image.GUID) error {
	if err := CheckSize(size); err != nil {
		return err
	}
	if err := f.Grow(size + FooterSize); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	ft := footer{
		features: 2, version: formatVersion, dataOffset: noOffset, timestamp: uint32(max(0, time.Now().Unix()-epoch)),
		creator: [4]byte{'f', 'b', 'c', 'k'}, original: uint64(size), current: uint64(size), geometry: maxGeometry, kind: typeFixed, id: id,
	}
	if _, err := f.WriteAt(ft.encode(), size); err != nil {
		return err
	}
	return f.Sync()
}
