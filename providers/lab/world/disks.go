package world

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
	"failback/providers/lab/guest"
)

// fileDisk is an on-premises disk: a sparse file of its virtual size.
type fileDisk struct {
	*os.File
	size int64
}

// Size is the virtual size.
func (d *fileDisk) Size() int64 { return d.size }

func (d *fileDisk) source() transfer.Source { return transfer.FileSource(d.File, d.size) }

// openDisk opens the file of a disk, and makes it where it does not exist.
func (w *World) openDisk(rel string, size int64) (*fileDisk, error) {
	name := w.homePath(rel)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(size); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileDisk{File: f, size: size}, nil
}

// diskFile is where a disk of a VM lies, relative to the world's directory.
func diskFile(host, vmID string, lun int) string {
	return path.Join(hostsDir, host, vmID, fmt.Sprintf("disk%d.img", lun))
}

// WindowsPath is what the host calls a disk's file.
func (s *State) WindowsPath(vm *VM, disk *Disk) string {
	volume := `C:\`
	if h := s.Host(vm.Host); h != nil && len(h.Volumes) > 0 {
		volume = h.Volumes[len(h.Volumes)-1].Path
	}
	return strings.TrimSuffix(volume, `\`) + `\Hyper-V\` + vm.Name + `\` + disk.Name + ".vhdx"
}

// blobName is the name of an item's disk in the store: container and blob, as
// Site Recovery names what it copies. Each failover, told by its job, has a
// container of its own.
func blobName(job string, it *Item, d *Disk) string {
	return "asr-" + job[:8] + "/copied-" + strings.ToLower(it.Name) + "_" + strings.ToLower(d.ID) + ".vhd"
}

// homePath is where a disk's file is on this machine.
func (w *World) homePath(rel string) string { return filepath.Join(w.dir, filepath.FromSlash(rel)) }

// azureDisks are the blobs of an item's disks, in order.
func (w *World) azureDisks(it Item) ([]*blob.Blob, error) {
	blobs := make([]*blob.Blob, 0, len(it.Disks))
	for _, d := range it.Disks {
		b, err := w.blobs.Get(d.Blob)
		if err != nil {
			return nil, fmt.Errorf("disk %s of %s: %w", d.Name, it.Name, err)
		}
		blobs = append(blobs, b)
	}
	return blobs, nil
}

// homeDisk is an on-premises disk, wherever its bytes lie.
type homeDisk interface {
	guest.Disk
	io.Closer
	Sync() error
	source() transfer.Source
}

// homeDisks opens the files of a VM's disks, in order. The caller closes them.
func (w *World) homeDisks(it Item, vm VM) (disks []homeDisk, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, closeDisks(disks))
		}
	}()
	if vm.Images != nil || vm.Shape != nil {
		for _, i := range vm.Images {
			d, err := w.images.take(i.Path)
			if err != nil {
				return disks, err
			}
			disks = append(disks, d)
		}
		return disks, nil
	}
	for i, d := range it.Disks {
		if i >= len(vm.Files) {
			return disks, fmt.Errorf("VM %s has no disk %d", vm.Name, i)
		}
		f, err := w.openDisk(vm.Files[i], d.Bytes)
		if err != nil {
			return disks, err
		}
		disks = append(disks, f)
	}
	return disks, nil
}

func closeDisks(disks []homeDisk) error {
	var errs []error
	for _, d := range disks {
		errs = append(errs, d.Close())
	}
	return errors.Join(errs...)
}

// asGuest gives disks of any kind the face that a guest knows.
func asGuest[D guest.Disk](disks []D) []guest.Disk {
	out := make([]guest.Disk, len(disks))
	for i, d := range disks {
		out[i] = d
	}
	return out
}
