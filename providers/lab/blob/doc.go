// Package blob keeps page blobs in a directory: the lab's managed disks, with
// snapshots and true differences between them.
//
// A blob is a sparse data file and a bitmap of the 512-byte pages that hold
// data. A snapshot is a frozen copy of that bitmap, a bitmap of the pages
// touched since, and those 64 KiB blocks of the data file that changed after it,
// copied before the change. To read a snapshot is to read each block from the
// oldest snapshot, from this one on, that kept it, else from the data file.
//
// The process may be killed at any instant. What makes that safe is the order of
// writes, not flushing: a block is kept before the kept bit is set, both before
// the data changes, the touched bit before the data too, and the bit that makes
// data visible after it. A snapshot appears and disappears by renaming its
// directory. Only a crash of the machine may lose writes.
package blob
