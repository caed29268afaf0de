package engine

import "testing"

// A plan without Site Recovery is looked at before anything is opened; each field that
// is wrong is named.
func TestDirectPlansNameWhatIsWrong(t *testing.T) {
	for field, change := range map[string]func(*Plan){
		"direct.folder":      func(p *Plan) { p.Direct.Folder = "vms" },
		"direct.host_folder": func(p *Plan) { p.Direct.Folder = "/mnt/vms" },
		"direct.format":      func(p *Plan) { p.Direct.Format = "qcow2" },
		"direct.keep_days":   func(p *Plan) { p.Direct.KeepDays = -1 },
		"sync":               func(p *Plan) { p.Sync = SyncFull },
		"threads":            func(p *Plan) { p.Threads = 8 },
		"items":              func(p *Plan) { p.Items[0].CommitFailover = true },
		"target":             func(p *Plan) { p.Target = Target{Alternate: true, HostName: "hv02"} },
		"direct":             func(p *Plan) { p.RecoveryPlanID = "/plans/x" },
	} {
		p := directPlan()
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		change(&p)
		if f := AsFailure(p.Validate(), "", ""); f == nil || f.Where != field || f.Kind != FailureUsage {
			t.Errorf("%s: %v", field, p.Validate())
		}
	}
	p := directPlan()
	p.Rehearsal, p.Direct.Folder = true, "/tmp/vms"
	if err := p.Validate(); err != nil {
		t.Errorf("a rehearsal's host calls files what this machine calls them: %v", err)
	}
	p.Direction, p.Sync = ToAzure, SyncUnknown
	if f := AsFailure(p.Validate(), "", ""); f == nil || f.Where != "direct" {
		t.Errorf("towards Azure: %v", f)
	}
}

// S10: what Site Recovery refused or blocks is carried over, and nothing else.
func TestS10TheWayOutIsOfferedWhereItHelps(t *testing.T) {
	refused := func(f *Failure, findings ...Finding) State {
		p := testPlan(SyncFull)
		p.Threads, p.RecoveryPlan, p.Items[0].CommitFailover = 8, "shop", true
		return State{Plan: p, Legs: []*Leg{
			{Item: p.Items[0], Direction: ToOnPremises, Outcome: OutcomeFailed, Failure: f, Findings: findings},
			{Item: p.Items[1], Direction: ToOnPremises, Outcome: OutcomeSucceeded},
		}}
	}
	blocked := &Failure{Kind: FailureBlocked}
	vault, other := Finding{Verdict: VerdictBlock, OfVault: true}, Finding{Verdict: VerdictBlock}
	for name, c := range map[string]struct {
		state State
		helps bool
	}{
		"refused":                 {refused(&Failure{Kind: FailureRefused, Direct: true}), true},
		"refused for another":     {refused(&Failure{Kind: FailureRefused}), false},
		"blocked by the vault":    {refused(blocked, vault, Finding{Verdict: VerdictOK}), true},
		"blocked by the VM, too":  {refused(blocked, vault, other), false},
		"blocked by nothing seen": {refused(blocked), false},
	} {
		p, ok := c.state.WithoutSiteRecovery()
		if ok != c.helps {
			t.Errorf("%s: %v", name, ok)
		}
		if !ok {
			continue
		}
		p.Direct.Folder = `D:\vms`
		if err := p.Validate(); err != nil || len(p.Items) != 1 || p.Items[0].Name != "web01" || p.Items[0].CommitFailover {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}
