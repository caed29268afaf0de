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

// Range writes a forecast as its likely and its cautious end, no finer than a
// forecast is.
func Range(p50, p90 time.Duration) string {
	a, b := engine.SpanWords(coarse(p50)), engine.SpanWords(coarse(p90))
	if a == b {
		return a
	}
	return a + " to " + b
}

func coarse(d time.Duration) time.Duration {
	if d >= 10*time.Minute {
		return d.Round(time.Minute)
	}
	if d >= 2*time.Minute {
		return d.Round(10 * time.Second)
	}
	return d.Round(time.Second)
}

// Plural writes a count with its noun.
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
