package engine

import (
	"fmt"
	"math"
	"time"
)

// SizeWords says a number of bytes in binary units, the same way in findings,
// forecasts and reports.
func SizeWords(bytes int64) string {
	units := [...]string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(bytes), -1
	for math.Abs(v) >= 1024 && i < len(units)-1 {
		v /= 1024
		i++
	}
	if i < 0 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("%.1f %s", v, units[i])
}

// SpanWords says a duration the way a person would: two units at most, never
// more exact than is of use.
func SpanWords(d time.Duration) string {
	switch {
	case d < 0:
		return "-" + SpanWords(-max(d, -math.MaxInt64))
	case d == 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", max(1, d.Milliseconds()))
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return pair(int(d.Minutes()), "min", int(d.Seconds())%60, "s")
	case d < 48*time.Hour:
		return pair(int(d.Hours()), "h", int(d.Minutes())%60, "min")
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func pair(n int, unit string, rest int, smaller string) string {
	if rest == 0 {
		return fmt.Sprintf("%d %s", n, unit)
	}
	return fmt.Sprintf("%d %s %02d %s", n, unit, rest, smaller)
}

// MomentWords says a time as people plan with it, in UTC.
func MomentWords(t time.Time) string {
	if t.IsZero() {
		return "a time that is not said"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// RoughWords says a forecast, no finer than a forecast is. Every place that says
// one takes it from here, so that two of them never differ by a rounding.
func RoughWords(d time.Duration) string {
	switch {
	case d > 0 && d < time.Second:
		return "under 1 s"
	case d >= 10*time.Minute:
		return SpanWords(d.Round(time.Minute))
	case d >= 2*time.Minute:
		return SpanWords(d.Round(10 * time.Second))
	}
	return SpanWords(d.Round(time.Second))
}

// DiskWords says a number of disks.
func DiskWords(n int) string {
	if n == 1 {
		return "1 disk"
	}
	return fmt.Sprintf("%d disks", n)
}
