// Package merkle proves what is on a disk: a [Manifest] has one sum for every
// block of it, one root over all of them, and where wanted a sum for every
// cell of a block. A [Builder] makes one while the bytes pass by, from several
// goroutines and in any order.
//
// The sum of a cell is the SHA-256 of its 4096 bytes; that of a block, of the
// sums of its 256 cells; that of a node, of the sums of its two children. What
// the disk lacks to a whole cell, a whole block or a power of two counts as
// zeros; the root covers the size of the disk too. Every kind of input has a
// length of its own, so that none can pass for another.
package merkle
