package disk

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/windows"

	"failback/providers/disk/image"
)

// lockedByte is where the lock lies: far beyond any content, since a lock of
// Windows keeps others from the bytes that it covers.
const lockedByte = math.MaxInt64 - 1

// lock takes the file for one writer or many readers. Hyper-V and mounted
// disks are kept out, and keep us out, by the sharing that they open with.
func lock(f *os.File, write bool) error {
	var flags uint32 = windows.LOCKFILE_FAIL_IMMEDIATELY
	if write {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	at := windows.Overlapped{Offset: lockedByte & math.MaxUint32, OffsetHigh: lockedByte >> 32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &at)
	switch {
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return busy(nil)
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION):
		return nil
	}
	return err
}

func inUse(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

func full(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}

// unwanted are the attributes with which Hyper-V refuses an image (0xC03A001A).
const unwanted = windows.FILE_ATTRIBUTE_SPARSE_FILE | windows.FILE_ATTRIBUTE_COMPRESSED | windows.FILE_ATTRIBUTE_ENCRYPTED

func attributes(f *os.File) (uint32, error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info); err != nil {
		return 0, &os.PathError{Op: "ask for attributes", Path: f.Name(), Err: err}
	}
	return info.FileAttributes, nil
}

const fsctlSetCompression = 0x9C040

// plain takes away what a new file got from its folder.
func plain(f *os.File) error {
	have, err := attributes(f)
	if err != nil {
		return err
	}
	h := windows.Handle(f.Fd())
	var n uint32
	if have&windows.FILE_ATTRIBUTE_SPARSE_FILE != 0 {
		off := byte(0) // FILE_SET_SPARSE_BUFFER: SetSparse
		if err := windows.DeviceIoControl(h, windows.FSCTL_SET_SPARSE, &off, 1, nil, 0, &n, nil); err != nil {
			return fmt.Errorf("make the file not sparse: %w", err)
		}
	}
	if have&windows.FILE_ATTRIBUTE_COMPRESSED != 0 {
		none := uint16(0) // COMPRESSION_FORMAT_NONE
		if err := windows.DeviceIoControl(h, fsctlSetCompression, (*byte)(unsafe.Pointer(&none)), 2, nil, 0, &n, nil); err != nil {
			return fmt.Errorf("make the file not compressed: %w", err)
		}
	}
	return nil
}

// acceptable refuses to write what Hyper-V will refuse to open.
func acceptable(f *os.File) error {
	have, err := attributes(f)
	if err != nil {
		return err
	}
	for _, a := range []struct {
		bit       uint32
		is, clear string
	}{
		{windows.FILE_ATTRIBUTE_SPARSE_FILE, "sparse", "fsutil sparse setflag FILE 0"},
		{windows.FILE_ATTRIBUTE_COMPRESSED, "compressed", "compact /u FILE"},
		{windows.FILE_ATTRIBUTE_ENCRYPTED, "encrypted", "cipher /d FILE"},
	} {
		if have&unwanted&a.bit != 0 {
			return &image.Refusal{
				Why: "the file is " + a.is + ", and Hyper-V refuses such a disk (0xC03A001A)", Kind: image.ErrUnsupported,
				Remedy: a.clear + ", or choose a folder that is not " + a.is,
			}
		}
	}
	return nil
}

// reserve: a longer file of NTFS has its clusters, since it is never sparse.
func reserve(*os.File, int64, int64) error { return nil }

// startWriteback: Windows has no such hint.
func startWriteback(*os.File, int64, int64) {}

func flush(f *os.File) error { return f.Sync() }

// syncFolder: NTFS keeps names in its own log.
func syncFolder(string) error { return nil }

// freeSpace is what the volume of path has for us, quotas counted.
func freeSpace(path string) (int64, error) {
	free, _, err := space(path)
	return free, err
}

// totalSpace is how big the volume of path is for us, quotas counted.
func totalSpace(path string) (int64, error) {
	_, total, err := space(path)
	return total, err
}

func space(path string) (free, total int64, err error) {
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return 0, 0, err
	}
	name, err := windows.UTF16PtrFromString(folder)
	if err != nil {
		return 0, 0, err
	}
	var f, t uint64
	if err := windows.GetDiskFreeSpaceEx(name, &f, &t, nil); err != nil {
		return 0, 0, &os.PathError{Op: "ask for free space", Path: folder, Err: err}
	}
	return int64(min(f, math.MaxInt64)), int64(min(t, math.MaxInt64)), nil
}
