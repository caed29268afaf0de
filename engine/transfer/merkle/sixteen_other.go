//go:build !amd64

package merkle

// Elsewhere cells are summed one by one.
func sideBySide() bool { return false }

func sixteen(*[lanes]Sum, *[lanes * Cell]byte) { panic("no cells are summed side by side here") }
