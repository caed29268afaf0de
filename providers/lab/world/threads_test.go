package world

import (
	"testing"

	"failback/providers/lab/estate"
)

// S17: more download threads carry more over the line of the lab; the estate's rate
// is that of the usual four.
func TestS17MoreThreadsCarryMore(t *testing.T) {
	for threads, want := range map[int]estate.Size{0: 100, 4: 100, 16: 200, 1: 50} {
		if got := overLink(100, threads); got != want {
			t.Errorf("%d threads: %d, not %d", threads, got, want)
		}
	}
	if overLink(0, 16) != 0 {
		t.Error("a line without a limit has got one")
	}
}
