// Package transfer makes one disk equal to another, block by block.
//
// A [Source] is read, a [Target] is changed until it has the source's content.
// [Copy] does a whole disk: what the source has allocated is copied, with a
// comparison first or without, and everything else becomes zeros. [Apply] does
// only what a [Changes] names. [Sum] is the proof: two disks with the same sum
// are the same disk, zeros included.
//
// The package knows neither a network nor a file format: both are somebody
// else's Source or Target. It imports the standard library and nothing more.
package transfer
