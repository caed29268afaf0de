package world

import (
	"errors"
	"fmt"
	"sync"

	"failback/engine/transfer"
	"failback/providers/disk"
	"failback/providers/disk/image"
)

// Image is a disk of a VM that lies in a file of this machine: in the lab a host's
// path is a path here.
type Image struct {
	Path   string `json:"path"`
	Format string `json:"format"` // VHD, VHDX
	Type   string `json:"type"`   // Fixed, Dynamic
	Bytes  int64  `json:"bytes"`
	Sector int    `json:"sector"`
}

// ErrNoImage is wrapped where a file is there and no host would attach it.
var ErrNoImage = errors.New("no disk that a host attaches")

// LookImage reads what a file is; it may be in use by a VM of this world. A file that
// is not there is fs.ErrNotExist.
func (w *World) LookImage(path string) (Image, error) {
	if img := w.images.inUse(path); img != nil {
		return describe(path, img.Info())
	}
	img, err := disk.Open(path)
	if err != nil {
		return Image{}, err
	}
	found, err := describe(path, img.Info())
	return found, errors.Join(err, img.Close())
}

func describe(path string, info image.Info) (Image, error) {
	out := Image{Path: path, Bytes: info.Size, Sector: info.SectorSize}
	switch info.Format {
	case image.VHDX:
		out.Format, out.Type = "VHDX", "Dynamic"
	case image.FixedVHDX:
		out.Format, out.Type = "VHDX", "Fixed"
	case image.FixedVHD:
		out.Format, out.Type = "VHD", "Fixed"
	case image.DynamicVHD:
		out.Format, out.Type = "VHD", "Dynamic"
	default:
		return out, fmt.Errorf("%s: %w: its format is %s", path, ErrNoImage, info.Format)
	}
	return out, nil
}

// images are the files that VMs have open. A guest and whoever reads beside it share
// one image: nobody else may have it open meanwhile.
type images struct {
	mu   sync.Mutex
	open map[string]*openImage
}

type openImage struct {
	image.Image
	users int
}

func (m *images) inUse(path string) image.Image {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o := m.open[path]; o != nil {
		return o
	}
	return nil
}

// take opens the image at path, or shares it. Whoever takes it closes what it got.
func (m *images) take(path string) (*imageDisk, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.open[path]
	if o == nil {
		img, err := disk.Update(path)
		if err != nil {
			return nil, err
		}
		o = &openImage{Image: img}
		if m.open == nil {
			m.open = map[string]*openImage{}
		}
		m.open[path] = o
	}
	o.users++
	return &imageDisk{Image: o.Image, leave: sync.OnceValue(func() error { return m.leave(path, o) })}, nil
}

func (m *images) leave(path string, o *openImage) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if o.users--; o.users > 0 {
		return nil
	}
	delete(m.open, path)
	return o.Close()
}

// imageDisk is one user's hold of an image.
type imageDisk struct {
	image.Image
	leave func() error
}

// Close lets go of the image; the last one closes its file.
func (d *imageDisk) Close() error { return d.leave() }

func (d *imageDisk) source() transfer.Source { return disk.Source(d.Image) }
