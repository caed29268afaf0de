// Package guest is what runs inside a VM of the lab: a program that keeps
// writing numbered, checksummed records to its disks, and a boot that reads
// everything back and refuses disks that no power cut could have left behind.
//
// On disk 0 lies a ring of records; every disk has a superblock, a table of
// blocks that are rewritten, and static content that never changes. Step n
// rewrites one block, chosen and filled from the seed and n alone, and then
// appends record n. So [Check] knows from the number of the last record what
// every byte has to be, and can name a write that is torn, lost or out of order
// long after its record left the ring.
//
// One write may be ahead of its record: the block of step last+1, which is what
// a power cut between the two leaves.
package guest
