package engine

import (
	"math"
	"testing"
	"time"
)

func TestSizeWords(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 2048: "2.0 KiB", 127 << 30: "127.0 GiB", 3 << 39: "1.5 TiB",
		-4096: "-4.0 KiB", math.MaxInt64: "8.0 EiB",
	} {
		if got := SizeWords(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestSpanWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", time.Microsecond: "1 ms", 40 * time.Millisecond: "40 ms", 42 * time.Second: "42 s",
		12*time.Minute + 5*time.Second: "12 min 05 s", 90 * time.Minute: "1 h 30 min", 30 * time.Minute: "30 min", 2 * time.Hour: "2 h",
		72 * time.Hour: "3 days", -time.Minute: "-1 min", math.MinInt64: "-106751 days",
	} {
		if got := SpanWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestRoughWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 391 * time.Millisecond: "under 1 s", 11600 * time.Millisecond: "12 s", 92600 * time.Millisecond: "1 min 33 s",
		138 * time.Second: "2 min 20 s", 62*time.Minute + 40*time.Second: "1 h 03 min",
	} {
		if got := RoughWords(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}
