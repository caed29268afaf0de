package connect_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/lab/estate"
	"failback/providers/lab/winrm"
)

// F7, from an estate file: every mischief that a host can be given by name strikes that
// host and no other, in time, with a reason and a remedy, and without a false ok.
func TestF7EveryHostileModeOfAnEstateFile(t *testing.T) {
	all := estate.WinRMTroubles()
	if len(all) < 28 {
		t.Fatalf("%d modes", len(all))
	}
	for _, what := range slices.Sorted(maps.Keys(all)) {
		at := all[what][0]
		if slices.Contains(all[what], winrm.StepReceive) {
			at = winrm.StepReceive
		}
		t.Run(string(what), func(t *testing.T) {
			trouble := fmt.Sprintf("%s winrm: {troubles: [{what: %s, at: %s}]},", hv01, what, at)
			inBubble(t, strings.Replace(ruled, hv01, trouble, 1), func(t *testing.T, b *bed) {
				const deadline = 10 * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), deadline)
				defer cancel()
				began := time.Now()
				_, err := b.conn.Ports.Hosts.Facts(ctx, "hv01")
				if took := time.Since(began); took > deadline+time.Second {
					t.Errorf("it took %v", took)
				}
				f := engine.AsFailure(err, "", "")
				if err == nil || f.Why == "" || f.Remedy == "" || f.Kind == engine.FailureUsage {
					t.Errorf("%+v", err)
				}
				if _, err := b.conn.Ports.Hosts.Facts(t.Context(), "hv02"); err != nil {
					t.Errorf("the other host: %v", err)
				}
			})
		})
	}
}

// A trouble strikes as often as its file says, and one host's quota is its own.
func TestATroubleOfAnEstateFileIsCounted(t *testing.T) {
	odd := hv01 + " winrm: {shells: 2, timeout: 10s, troubles: [{what: fault, at: create, code: 2150859173, from: 2, times: 1}]},"
	inBubble(t, strings.Replace(ruled, hv01, odd, 1), func(t *testing.T, b *bed) {
		for i, want := range []bool{true, false, true} {
			_, err := b.conn.Ports.Hosts.VMs(t.Context(), "hv01")
			if (err == nil) != want || !want && !strings.Contains(err.Error(), "0x803381A5") {
				t.Errorf("look %d: %v", i+1, err)
			}
		}
	})
}
