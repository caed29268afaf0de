// Package transfer makes one disk equal to another, block by block.
//
// A [Source] is read, a [Target] is changed until it has the source's content.
// [Copy] does a whole disk: what the source has allocated is copied, with a
// comparison first or without, and everything else becomes zeros. [Apply] does
// only what a [Changes] names; [Follow], only what two manifests say differs.
//
// All of them are one pipeline: ranges become requests, several are in flight,
// and what arrives is compared, written and summed piece by piece. A [Proof]
// asks for the manifest of the disk, made at no second read of the source;
// [Verify] holds a disk against one. [Sum] is one plain SHA-256 of a disk.
//
// The package knows neither a network nor a file format: both are somebody
// else's Source or Target. It imports the standard library, errgroup and its
// own parts: pace, how fast; merkle, the proof.
package transfer
