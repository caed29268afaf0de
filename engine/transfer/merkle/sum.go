package merkle

import (
	"bytes"
	"crypto/sha256"
)

// lanes is how many cells are summed side by side, where the processor does that.
const lanes = 16

// SumCell is the sum of a cell, or of the last part of one.
func SumCell(p []byte) Sum {
	if isZero(p) {
		return ZeroCell
	}
	if len(p) == Cell {
		return sha256.Sum256(p)
	}
	var whole [Cell]byte
	copy(whole[:], p)
	return sha256.Sum256(whole[:])
}

// SumBlock is the cells of a block, or of the last part of one.
func SumBlock(p []byte) *Cells {
	c := zeroCells
	sumCells(c[:], p)
	return &c
}

func isZero(p []byte) bool { return bytes.Equal(p, zeroBytes[:len(p)]) }

// sumCells sums the cells that p begins with, and the part of one that it may end
// with, into dst.
func sumCells(dst []Sum, p []byte) {
	for len(p) > 0 {
		if n := len(p) / Cell; n >= lanes && sideBySide() && worthIt(p[:lanes*Cell]) {
			sixteen((*[lanes]Sum)(dst), (*[lanes * Cell]byte)(p))
			dst, p = dst[lanes:], p[lanes*Cell:]
			continue
		}
		k := min(Cell, len(p))
		dst[0] = SumCell(p[:k])
		dst, p = dst[1:], p[k:]
	}
}

// worthIt says that most of the cells are no zeros, whose sum is known.
func worthIt(p []byte) bool {
	zeros := 0
	for ; len(p) > 0; p = p[Cell:] {
		if isZero(p[:Cell]) {
			zeros++
		}
	}
	return zeros < lanes/2
}
