package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/sys/cpu"
)

// blocks16 takes n blocks of 64 bytes of each of sixteen messages, which begin stride
// bytes apart, into their states. It needs AVX-512 F and BW.
//
//go:noescape
func blocks16(state *[8][lanes]uint32, p *byte, stride, n uintptr)

// start is what every SHA-256 begins with; padding is what follows a cell.
var (
	start   = [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
	padding = func() (p [64]byte) {
		p[0] = 0x80
		binary.BigEndian.PutUint64(p[56:], Cell*8)
		return p
	}()
)

// sixteen sums as many cells, side by side.
func sixteen(dst *[lanes]Sum, p *[lanes * Cell]byte) {
	var state [8][lanes]uint32
	for i, word := range start {
		for lane := range state[i] {
			state[i][lane] = word
		}
	}
	blocks16(&state, &p[0], Cell, Cell/64)
	blocks16(&state, &padding[0], 0, 1)
	for lane := range dst {
		for i := range state {
			binary.BigEndian.PutUint32(dst[lane][4*i:], state[i][lane])
		}
	}
}

// oneByOne is the same by the standard library.
func oneByOne(dst *[lanes]Sum, p *[lanes * Cell]byte) {
	for i := range dst {
		dst[i] = sha256.Sum256(p[i*Cell:][:Cell])
	}
}

// sideBySide says whether this processor sums cells side by side, gets them right, and
// is faster at that: one with quick SHA instructions and narrow vectors is not.
var sideBySide = sync.OnceValue(func() bool {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BW {
		return false
	}
	p := new([lanes * Cell]byte)
	for i := range p {
		p[i] = byte(i ^ i>>7 ^ i>>13)
	}
	var want, have [lanes]Sum
	one := quickest(func() { oneByOne(&want, p) })
	side := quickest(func() { sixteen(&have, p) })
	return have == want && side < one
})

// quickest is the least of some times that f took.
func quickest(f func()) time.Duration {
	least := time.Duration(1<<63 - 1)
	for range 5 {
		begun := time.Now()
		f()
		least = min(least, time.Since(begun))
	}
	return least
}
