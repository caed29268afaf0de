package vhd

import (
	"fmt"

	"failback/providers/disk/image"
)

// openFixed opens a disk from the start of the file, before a footer, which says
// nothing that a write changes.
func openFixed(f image.File, ft footer, length int64, write bool) (image.Image, error) {
	if int64(ft.current) != length-FooterSize {
		return nil, image.Damage(fmt.Sprintf("the footer gives a size of %d bytes, the file holds %d before it", ft.current, length-FooterSize))
	}
	return image.NewFlat(f, image.Info{
		Format: image.FixedVHD, Size: int64(ft.current), SectorSize: sector, PhysicalSector: sector, ID: ft.id, Writable: write,
	}), nil
}
