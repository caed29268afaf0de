package tui_test

import (
	"testing"
	"time"

	"failback/engine"
	"failback/tui/tuitest"
)

// S14: an item whose failover is not committed can be chosen for a failback; the
// plan then commits it first, and the review says what goes away.
func TestS14PendingFailoverCanBeChosen(t *testing.T) {
	w := tuitest.Estate()
	w.Items = append(w.Items[:1:1], engine.Item{
		ID: "/items/app02", Name: "app02", Kind: engine.KindHyperVSite, FabricID: "/fabrics/site-a", HostName: "hv01", HostID: "/hosts/hv01",
		Active: engine.LocationAzure, Allowed: []string{engine.AllowCommit, "ChangePit"}, Disks: []engine.Disk{{Name: "os", Bytes: 1 << 30, OS: true}},
		AzureVM: engine.AzureVMRef{ResourceGroup: "rg-prod", Name: "app02"},
	})
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Expect("failover not committed: this run commits it first").Press("down").
			Expect("its recovery points go away then").Press("enter").Advance(time.Second).Expect("How does the data come home?").
			Press("left", "enter").Expect("Where does it go?").Press("enter").Advance(time.Second).
			Expect("the earlier failover of app02", "recovery points go away", "Type app02 to start:").
			Type("app02").Press("enter").Advance(time.Second)
		got := w.Started()
		if len(got) != 1 || !got[0].Items[0].CommitFailover || got[0].Direction != engine.ToOnPremises {
			t.Fatalf("started %+v", got)
		}
		d.Expect("Accept the earlier failover first", "Commit failover", "its recovery points").Type("app02").Press("enter").Advance(time.Second)
		if dec := w.Decisions(); len(dec) != 1 || dec[0].Gate != engine.GateCommitFailover {
			t.Errorf("decisions %+v", dec)
		}
		if gate := got[0].Steps(got[0].Items[0])[1].Gate; gate != engine.GateCommitFailover {
			t.Errorf("the first gate is %s", gate)
		}
	})
}

func TestRecoveryPointIsChosenTowardsAzure(t *testing.T) {
	w := tuitest.Estate()
	w.Points = []engine.RecoveryPoint{
		{ID: "/points/2", Name: "2", Time: time.Date(2026, 3, 14, 21, 0, 0, 0, time.UTC), Kind: "ApplicationConsistent"},
		{ID: "/points/1", Name: "1", Time: time.Date(2026, 3, 14, 20, 0, 0, 0, time.UTC), Kind: "CrashConsistent"},
	}
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("down", "enter", "enter").Advance(time.Second).
			Expect("Latest, made after the shutdown", "2026-03-14 21:00:00 UTC", "ApplicationConsistent", "CrashConsistent").
			Press("down", "down").Expect("after 2026-03-14 20:00:00 UTC will not be in Azure").Press("enter").Advance(time.Second).
			Expect("CrashConsistent, 2026-03-14 20:00:00 UTC", "will not be in Azure", "Type dc01 to start:")
		// Going back keeps the choice under the cursor.
		d.Press("esc", "esc").Expect("after 2026-03-14 20:00:00 UTC").Press("enter", "enter").Advance(time.Second).
			Expect("Type dc01 to start:").Type("dc01").Press("enter").Advance(time.Second)
		if got := w.Started(); len(got) != 1 || got[0].Items[0].RecoveryPoint != "/points/1" || got[0].Items[0].RecoveryPointTime.Hour() != 20 {
			t.Errorf("started %+v", got)
		}
	})
}

// S39: towards Azure the certificate goes with the start, in memory; a failback's
// start has none.
func TestS39CertificateGoesWithTheStartTowardsAzure(t *testing.T) {
	w := tuitest.Estate()
	for i := range w.Items {
		if w.Items[i].Encryption {
			w.Items[i].Active, w.Items[i].Allowed = engine.LocationOnPremises, []string{engine.AllowPlannedFailover}
		}
	}
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("down", "enter").Expect("What goes to Azure?").Press("enter").Advance(time.Second).Press("enter").Advance(time.Second).
			Expect("It is sent with the request").Type("/media/crm.pfx").Press("enter").Type("sesame").Press("enter").Advance(time.Second).
			Expect("AB12CD34", "Type crm01 to start:").Type("crm01").Press("enter").Advance(time.Second)
		if got := w.Certificates(); len(got) != 1 || got[0].Thumbprint() != "AB12CD34" || len(got[0].PFX()) == 0 {
			t.Errorf("certificates %v", got)
		}
	})
	w = tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Press("down", "down", "enter").Advance(time.Second).Press("left", "enter").
			Type("/media/crm.pfx").Press("enter").Type("sesame").Press("enter").Advance(time.Second).Press("enter").Advance(time.Second).
			Type("crm01").Press("enter").Advance(time.Second)
		if got := w.Certificates(); len(got) != 1 || got[0] != nil {
			t.Errorf("a failback was started with %v", got)
		}
	})
}

// S56: for an alternate location both documents' recommendations stand beside what
// was reckoned.
func TestS56BothRecommendationsWithTheCalculation(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter").Expect("Where does it go?").Refuse("is recommended").
			Press("down", "down").Expect("Delta is recommended at an alternate location", "Full is recommended where the on-premises VM was deleted",
			"step 6, 2019-09-12", "reckoned here: delta", "chosen: delta")
	})
}

// S22: the review names source and target as the service tells them, in either
// direction.
func TestS22ReviewNamesSourceAndTarget(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter").Press("enter").Advance(time.Second).
			Expect("Azure VM web01 in rg-prod, vault rsv-lab", "original location, host hv01")
	})
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("down", "enter", "enter").Advance(time.Second).Press("enter").Advance(time.Second).Expect("Source", "host hv01", "Target", "Azure")
	})
}

// S24: where not every item of a recovery plan is in Azure, those that stay behind
// are named with the reason, before the choice and in the review.
func TestS24WhoStaysBehindIsNamed(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter").Press("p").Expect("2 ready, 1 stay behind", "dc01 stays behind: already on-premises").
			Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).
			Expect("dc01 stays behind: already on-premises")
	})
}
