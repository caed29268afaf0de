package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// peakOf watches how much memory a program has at most, as Linux tells it; 0
// elsewhere. What the system gives at the end counts what this program had when it
// started the other. The returned function ends it.
func peakOf(pid int) func() int64 {
	stop, most := make(chan struct{}), make(chan int64)
	go func() {
		var best int64
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			best = max(best, highWater(pid))
			select {
			case <-stop:
				most <- best
				return
			case <-tick.C:
			}
		}
	}()
	return func() int64 { close(stop); return <-most }
}

func highWater(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kib int64
	_, _ = fmt.Sscan(rest, &kib) // 0 where it is not told
	return kib << 10
}
