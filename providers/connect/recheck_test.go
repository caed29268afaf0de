package connect_test

import (
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/rules"
	"failback/engine/runs"
)

// TestSPlus1AGateShowsWhatChanged starts a failback on a host that is well. Before the
// gate opens, somebody starts the on-premises VM and fills the volume of its host.
func TestSPlus1AGateShowsWhatChanged(t *testing.T) {
	estate := strings.Replace(ruled, "items:", "faults: [{when: initial-sync, what: volume-full, host: hv01}, {when: initial-sync, what: foreign-start, item: web01}]\nitems:", 1)
	estate = strings.Replace(estate, web01, "{name: web01, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 8MiB}]}", 1) + "rates: {compare: 100KiB, link: 100KiB}\n"
	inBubble(t, estate, func(t *testing.T, b *bed) {
		b.m = runs.NewManager(b.store, b.conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check, Recheck: rules.Set{}.Recheck})
		p := planned(b, "web01")
		p.Approve = engine.AllGates
		h, err := b.m.Start(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		b.begun = append(b.begun, h)
		var leg *engine.Leg
		for range 1000 {
			time.Sleep(10 * time.Second) // the bubble's
			if leg = h.State().Leg("web01"); leg.Gate != nil {
				break
			}
		}
		if leg.Gate == nil || leg.Gate.Gate != engine.GateComplete {
			t.Fatalf("the leg stands at %s, %+v", leg.Step().Name(), leg.Failure)
		}
		said := strings.Join(leg.Gate.Consequences, "\n")
		for _, want := range []string{"Mind: block (it was ok): The on-premises VM is off: ", "Mind: warn (it was ok): The host's volumes have room for the disks: "} {
			if !strings.Contains(said, want) {
				t.Errorf("the gate does not say %q:\n%s", want, said)
			}
		}
		if !leg.Gate.NeedsReason {
			t.Error("policy may answer although a rule blocks now")
		}
		again := 0
		for _, f := range leg.Findings {
			if f.Gate == engine.GateComplete {
				again++
			}
			if f.Rule == "off" && (f.Was != engine.VerdictOK || f.Verdict != engine.VerdictBlock) {
				t.Errorf("%+v", f)
			}
			if f.Rule == "committed" && f.Gate != "" {
				t.Errorf("a rule that can't change was looked at again: %+v", f)
			}
		}
		if again < 8 {
			t.Errorf("%d rules were looked at again", again)
		}
	})
}
