package image

import (
	"bytes"
	"io"
)

// Span says how much of a read of n bytes at off lies on a disk of size bytes,
// and the error that a shorter read has to give.
func Span(n int, off, size int64) (int, error) {
	if off < 0 {
		return 0, &Refusal{What: "read", Why: "a negative offset", Kind: ErrUsage}
	}
	if off >= size {
		if n == 0 {
			return 0, nil
		}
		return 0, io.EOF
	}
	if left := size - off; int64(n) > left {
		return int(left), io.EOF
	}
	return n, nil
}

// Fits refuses a write that does not lie on a disk of size bytes.
func Fits(n int, off, size int64) error {
	if off < 0 || off > size || int64(n) > size-off {
		return ErrBeyondEnd
	}
	return nil
}

var zeros [64 << 10]byte

// Zero says whether p holds nothing but zeros.
func Zero(p []byte) bool {
	for len(p) > 0 {
		n := min(len(p), len(zeros))
		if !bytes.Equal(p[:n], zeros[:n]) {
			return false
		}
		p = p[n:]
	}
	return true
}

// WriteZeros overwrites n bytes from off with zeros.
func WriteZeros(w io.WriterAt, off, n int64) error {
	for n > 0 {
		k := min(n, int64(len(zeros)))
		if _, err := w.WriteAt(zeros[:k], off); err != nil {
			return err
		}
		off, n = off+k, n-k
	}
	return nil
}
