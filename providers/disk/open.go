package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"failback/providers/disk/image"
	"failback/providers/disk/vhd"
	"failback/providers/disk/vhdx"
)

// Open opens the image at path for reading. What it is, its content says; a
// name that ends in .vhd, .vhdx, .raw or .img has to agree. While it is open
// nobody else opens it for writing, this program included. Errors are
// *image.Refusal where the image is not one to open.
func Open(path string) (image.Image, error) { return open(path, "", false) }

// Update opens the image at path to change it in place. Nobody else may have
// it open.
func Update(path string) (image.Image, error) { return open(path, "", true) }

// OpenAs opens the image at path as what it is said to be, whatever its name
// and content suggest: a raw disk whose guest wrote something that looks like a
// VHDX stays a raw disk.
func OpenAs(path string, format image.Format, write bool) (image.Image, error) {
	return open(path, format, write)
}

func open(path string, format image.Format, write bool) (image.Image, error) {
	f, err := openFile(path, write)
	if err != nil {
		return nil, opening(path, err)
	}
	img, err := openIn(f, path, format, write)
	if err != nil {
		_ = f.Close()
		return nil, opening(path, err)
	}
	return img, nil
}

func openIn(f image.File, path string, format image.Format, write bool) (image.Image, error) {
	if format == "" {
		var err error
		if format, err = recognise(f, path); err != nil {
			return nil, err
		}
	}
	switch format {
	case image.Raw:
		return openRaw(f, write)
	case image.FixedVHD, image.DynamicVHD:
		return vhd.Open(f, write)
	case image.VHDX, image.FixedVHDX:
		return vhdx.Open(f, write)
	}
	return nil, usage(fmt.Sprintf("%q is no format of a disk image", format), "name raw, vhd-fixed, vhd-dynamic, vhdx or vhdx-fixed")
}

// recognise tells what f is from its content, and refuses where the name says
// something else: one of the two is wrong, and a guess would read the disk wrongly.
func recognise(f image.File, path string) (image.Format, error) {
	found, err := sniff(f)
	if err != nil {
		return "", err
	}
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case (ext == ".vhdx" || ext == ".avhdx") && found != image.VHDX:
		return "", image.Damage("it is named .vhdx and does not begin as a VHDX: damaged, never finished, or something else")
	case (ext == ".vhd" || ext == ".avhd") && found != image.FixedVHD:
		return "", image.Damage("it is named .vhd and has no VHD footer at its end: cut short, never finished, or something else")
	case (ext == ".raw" || ext == ".img") && found != image.Raw:
		return "", &image.Refusal{
			Why: fmt.Sprintf("it is named %s and its content looks like a %s", ext, found), Kind: image.ErrUsage,
			Remedy: "say which it is, or rename it",
		}
	}
	return found, nil
}

// sniff knows three kinds; which VHD it is, the footer says later.
func sniff(f image.File) (image.Format, error) {
	size, err := f.Size()
	if err != nil {
		return "", err
	}
	head, tail := make([]byte, min(size, 8)), make([]byte, min(size, vhd.FooterSize))
	if err := errors.Join(image.ReadFull(f, head, 0), image.ReadFull(f, tail, size-int64(len(tail)))); err != nil {
		return "", fmt.Errorf("read its start and its end: %w", err)
	}
	switch {
	case string(head) == "vhdxfile":
		return image.VHDX, nil
	case vhd.Recognise(head, tail):
		return image.FixedVHD, nil
	}
	return image.Raw, nil
}

// opening gives err a path and, where nobody else did, a kind.
func opening(path string, err error) error {
	var refusal *image.Refusal
	var pathErr *fs.PathError
	switch {
	case errors.As(err, &refusal):
		return image.Opening(path, err)
	case errors.As(err, &pathErr):
		return fmt.Errorf("open the image: %w", err)
	}
	return fmt.Errorf("open the image: %s: %w", path, err)
}

func usage(why, remedy string) *image.Refusal {
	return &image.Refusal{Why: why, Kind: image.ErrUsage, Remedy: remedy}
}
