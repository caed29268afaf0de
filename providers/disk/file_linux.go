package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// lock takes the file for one writer or many readers, among programs that ask.
// A file system without locks is used without.
func lock(f *os.File, write bool) error {
	how := syscall.LOCK_SH
	if write {
		how = syscall.LOCK_EX
	}
	err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EACCES):
		return busy(nil)
	case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EINVAL):
		return nil
	}
	return err
}

func inUse(err error) bool { return errors.Is(err, syscall.ETXTBSY) || errors.Is(err, syscall.EBUSY) }

func full(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}

// plain and acceptable: no file of Linux has an attribute that Hyper-V refuses.
func plain(*os.File) error      { return nil }
func acceptable(*os.File) error { return nil }

// reserve takes space for bytes old to size, where the file system does that.
func reserve(f *os.File, old, size int64) error {
	err := syscall.Fallocate(int(f.Fd()), 0, old, size-old)
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Fallocate(int(f.Fd()), 0, old, size-old)
	}
	if errors.Is(err, syscall.ENOTSUP) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// startWriteback is a hint: it promises nothing, and flush sees every error. No
// length is all up to the end.
func startWriteback(f *os.File, off, n int64) {
	const write = 2 // SYNC_FILE_RANGE_WRITE
	_ = syscall.SyncFileRange(int(f.Fd()), off, n, write)
}

// flush makes data and length safe, not the times.
func flush(f *os.File) error {
	err := syscall.Fdatasync(int(f.Fd()))
	for errors.Is(err, syscall.EINTR) {
		err = syscall.Fdatasync(int(f.Fd()))
	}
	if err != nil {
		return &os.PathError{Op: "sync", Path: f.Name(), Err: err}
	}
	return nil
}

// syncFolder makes the name of a new file safe.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) { // a file system that can't
		err = nil
	}
	return errors.Join(err, d.Close())
}

// freeSpace is what the file system of path has for us.
func freeSpace(path string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &st); err != nil {
		return 0, &os.PathError{Op: "ask for free space", Path: filepath.Dir(path), Err: err}
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// totalSpace is how big the file system of path is.
func totalSpace(path string) (int64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(filepath.Dir(path), &st); err != nil {
		return 0, &os.PathError{Op: "ask for the size", Path: filepath.Dir(path), Err: err}
	}
	return int64(st.Blocks) * st.Bsize, nil
}
