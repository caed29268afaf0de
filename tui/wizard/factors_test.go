package wizard

import (
	"slices"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/estimate"
)

// S16: the biggest factor of both ends and the strongest lever are named; a measured
// spread has no factors of its own.
func TestS16FactorsOfAnOption(t *testing.T) {
	f := &estimate.Forecast{
		Option: engine.SyncDelta, Reasons: []string{"9 min: checksums", "2 min: boot"}, Cautious: []string{"40 min: download", "9 min: checksums"},
		Levers: []estimate.Lever{{What: "checksums twice as fast", Total: 5 * time.Minute}, {What: "a boot twice as fast", Total: time.Minute, Downtime: time.Minute}},
	}
	want := []string{"9 min: checksums", "2 min: boot", "at the cautious end most of it: 40 min: download", "would change it most: checksums twice as fast: 5 min less"}
	if got := factors(f); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	f.Residuals = 12
	if got := factors(f); len(got) != 3 {
		t.Errorf("with a measured spread %q", got)
	}
}
