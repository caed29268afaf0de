package text

import (
	"fmt"
	"time"

	"failback/engine"
)

// Rate writes bytes a second.
func Rate(bytesPerSecond float64) string { return engine.SizeWords(int64(bytesPerSecond)) + "/s" }

// Clock writes a running length of time as hours, minutes and seconds.
func Clock(d time.Duration) string {
	d = max(0, d).Truncate(time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}

// Range writes a forecast as its likely and its cautious end.
func Range(p50, p90 time.Duration) string {
	a, b := engine.RoughWords(p50), engine.RoughWords(p90)
	if a == b {
		return a
	}
	return a + " to " + b
}

// Plural writes a count with its noun.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
