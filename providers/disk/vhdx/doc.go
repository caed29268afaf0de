// Package vhdx reads, makes and changes VHDX images after Microsoft's open
// specification MS-VHDX: two headers of which the newer counts, a log that is
// replayed before anything else is believed, two copies of a region table,
// metadata, and a block table. Differencing images are refused.
//
// A crash at any instant leaves, in each sector, the old content or the new,
// and never a block table that lies: payload is safe before the table names it,
// and the table changes through the log.
package vhdx
