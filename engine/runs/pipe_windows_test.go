package runs

import "testing"

// pipe does nothing: named pipes of Windows do not lie in folders.
func pipe(*testing.T, string) {}
