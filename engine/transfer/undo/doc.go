// Package undo changes a disk so that every instant can be gone back from. A
// [Disk] saves what was in a place before it is overwritten, and a sidecar says
// what state the disk is in; both are on stable storage before the disk is
// touched. After a crash at any instant [Begin] goes on from the last proven
// block, or [Cancel] restores the disk bit for bit.
package undo

import (
	"errors"
	"io"
)

// File is what the package keeps its bytes in. Sync returns when everything
// written, the length included, is on stable storage.
type File interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
	Truncate(size int64) error
	Size() (int64, error)
}

var (
	// ErrSidecar says that the file beside the disk is no sidecar, or not any more.
	ErrSidecar = errors.New("the state file beside the disk is damaged")
	// ErrLog says that the disk is half-written and its undo log does not begin
	// as it must, or is not whole as far as it was safe.
	ErrLog = errors.New("the undo log is damaged")
	// ErrIdentity says that a half-written disk was being made from another
	// source, or is another disk.
	ErrIdentity = errors.New("the disk is half-written from another source")
	// ErrFresh says that the disk was made for the transfer and had no content
	// before: it is taken back by removing it.
	ErrFresh = errors.New("the disk is new: remove it instead of restoring it")
	// ErrRestoring says that a cancel was interrupted: only cancel may go on.
	ErrRestoring = errors.New("the disk is half-restored: cancel again before anything else")
)
