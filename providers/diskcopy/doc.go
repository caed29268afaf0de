// Package diskcopy moves one disk by itself: from a file or a page blob into an
// image of a file, as a whole or by what differs; it can be gone on with and
// taken back after a crash at any instant.
//
// A new target grows under another name until it is whole and proven. A target
// that is there is changed in place, behind an undo log. Beside it lie:
//
//	TARGET.failback-state  what the disk is: being written, consistent
//	TARGET.failback-undo   what was in it, while it is being written
//	TARGET.failback-new    a new target that is not whole yet
//	TARGET.manifest        the sums of what is on it
package diskcopy
