// Package report makes the evidence of a run: what was planned, done, decided,
// seen and proven, from the events of its journal and nothing else.
//
// A report claims nothing that no event says. A disk is called equal only where
// both checksums were read and are the same; otherwise it says that the disk was
// not compared, and why. A run that has not finished is called unfinished. The
// same events always give the same report, byte for byte.
package report
