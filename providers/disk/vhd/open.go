package vhd

import (
	"errors"
	"fmt"

	"failback/providers/disk/image"
)

// Open opens the VHD in f, which belongs to the image from then on when it
// succeeds. A dynamic image is refused for writing.
func Open(f image.File, write bool) (image.Image, error) {
	length, err := f.Size()
	if err != nil {
		return nil, err
	}
	ft, err := readFooter(f, length)
	if err != nil {
		return nil, err
	}
	switch ft.kind {
	case typeFixed:
		return openFixed(f, ft, length, write)
	case typeDynamic:
		if write {
			return nil, &image.Refusal{
				Why: "it is a dynamic VHD, which is only read", Kind: image.ErrUnsupported,
				Remedy: "copy it to a VHDX or a fixed VHD and write that",
			}
		}
		return openDynamic(f, ft, length)
	case typeDifferencing:
		return nil, differencing(f, ft)
	}
	return nil, image.Damage(fmt.Sprintf("the footer names disk type %d, which is neither fixed nor dynamic", ft.kind))
}

// readFooter reads and checks what ends a VHD.
func readFooter(f image.File, length int64) (footer, error) {
	if length < FooterSize {
		return footer{}, image.Damage(fmt.Sprintf("it has %d bytes, fewer than a footer", length))
	}
	p := make([]byte, FooterSize)
	if err := image.ReadFull(f, p, length-FooterSize); err != nil {
		return footer{}, fmt.Errorf("read the footer: %w", err)
	}
	ft, err := parseFooter(p)
	if errors.Is(err, errCookie) {
		return footer{}, image.Damage("it does not end with a VHD footer: cut short, still being written, or no VHD")
	}
	if err != nil {
		return footer{}, image.Damage(err.Error())
	}
	if ft.current == 0 || ft.current%sector != 0 || ft.current > maxSize {
		return footer{}, image.Damage(fmt.Sprintf("the footer gives a size of %d bytes", ft.current))
	}
	return ft, nil
}

// maxSize is 2040 GiB, the largest VHD there is.
const (
	maxSize = 2040 << 30
	sector  = 512
)

// differencing is why a differencing image is not opened; it names the parent,
// quoted because somebody else chose the name.
func differencing(f image.File, ft footer) error {
	why := "it is a differencing VHD: it holds only what changed since its parent"
	if h, err := readHeader(f, ft); err == nil && h.parent != "" {
		why += fmt.Sprintf(" %q", h.parent)
	}
	return &image.Refusal{
		Why: why, Kind: image.ErrUnsupported,
		Remedy: "merge it into its parent (Hyper-V: delete the checkpoint, or Merge-VHD), or name the merged disk",
	}
}
