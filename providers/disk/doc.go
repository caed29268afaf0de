// Package disk opens, makes and checks disk images, as sources and targets of
// a transfer: raw files, fixed VHD, dynamic VHD for reading, and VHDX. docs/disks.md
// says what is read, written and refused, and why.
//
// [Open] reads, [Update] changes in place, [Create] makes a new image, [Check]
// looks for damage. An open image is a transfer.Target as it is; [Source] makes
// it a transfer.Source.
package disk
