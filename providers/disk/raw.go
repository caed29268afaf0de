package disk

import (
	"fmt"

	"failback/providers/disk/image"
)

const rawSector = 512

// openRaw opens a disk that is its file.
func openRaw(f image.File, write bool) (image.Image, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size == 0 || size%rawSector != 0 {
		return nil, image.Damage(fmt.Sprintf("it has %d bytes, no whole number of sectors of 512 bytes: cut short, or no disk", size))
	}
	return image.NewFlat(f, image.Info{
		Format: image.Raw, Size: size, SectorSize: rawSector, PhysicalSector: rawSector, Writable: write,
	}), nil
}
