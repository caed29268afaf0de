package merkle

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/cpu"
)

// Also where the standard library would be faster, the two agree.
func TestSixteenCellsAreSixteenSums(t *testing.T) {
	if !cpu.X86.HasAVX512F || !cpu.X86.HasAVX512BW {
		t.Skip("this processor has no AVX-512")
	}
	r := rand.NewChaCha8([32]byte{1})
	p := new([lanes * Cell]byte)
	var want, have [lanes]Sum
	for range 200 {
		_, _ = r.Read(p[:])
		sixteen(&have, p)
		if oneByOne(&want, p); have != want {
			t.Fatalf("%v, and %v is right", have, want)
		}
	}
}
