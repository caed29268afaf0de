package disk

import (
	"fmt"

	"failback/providers/disk/image"
	"failback/providers/disk/vhd"
	"failback/providers/disk/vhdx"
)

// Check looks for damage in the image at path without changing it: checksums,
// bounds, alignment, blocks on top of each other, states, the file's length.
// What is wrong is in the report; an error says that the file could not be
// read, or that it is in use.
func Check(path string) (*image.Report, error) {
	f, err := openFile(path, false)
	if err != nil {
		return nil, opening(path, err)
	}
	defer func() { _ = f.Close() }()
	format, err := recognise(f, path)
	if err != nil {
		return nil, opening(path, err)
	}
	r, err := checkIn(f, format)
	if err != nil {
		return r, fmt.Errorf("check the image: %s: %w", path, err)
	}
	return r, nil
}

func checkIn(f image.File, format image.Format) (*image.Report, error) {
	switch format {
	case image.FixedVHD, image.DynamicVHD:
		return vhd.Check(f)
	case image.VHDX, image.FixedVHDX:
		return vhdx.Check(f)
	case image.Raw:
	}
	r := &image.Report{}
	d, err := openRaw(f, false)
	if err != nil {
		r.Damage("file", "%s", err)
		return r, nil
	}
	r.Info = d.Info()
	return r, nil
}
