package connect_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/lab/world"
)

// shop is an estate with a recovery plan of three groups, a script and manual
// actions around them.
const shop = `
name: shop
speed: 1
guest_every: 5s
%RATES%
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - {name: sql01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 512KiB}]}
  - {name: app01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 512KiB}]}
  - {name: app02, host: hv02, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 512KiB}]}
  - {name: web01, host: hv02, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 512KiB}]}
  - {name: home01, host: hv01, state: protected, disks: [{size: 16MiB, content: 512KiB}]}
recovery_plans:
  - name: shop
    shutdown: {before: [{script: drain, text: drain.ps1}]}
    groups:
      - {items: [sql01], after: [{manual: look, text: Look at the database.}]}
      - [app01, app02]
      - [web01]
  - name: mixed
    groups: [[sql01], [home01]]
%FAULTS%
`

func shopWith(rates string, faults ...string) string {
	s := ""
	if len(faults) > 0 {
		s = "faults:\n  - " + strings.Join(faults, "\n  - ")
	}
	return strings.NewReplacer("%RATES%", rates, "%FAULTS%", s).Replace(shop)
}

// joint makes the plan of a recovery plan's own job.
func (b *bed) joint(sync engine.SyncOption, name string) engine.Plan {
	b.t.Helper()
	all, err := b.conn.Ports.Inventory.RecoveryPlans(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	items, err := b.conn.Ports.Inventory.Items(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(p engine.RecoveryPlan) bool { return p.Name == name })
	p := b.plan(sync)
	p.RecoveryPlan, p.RecoveryPlanID = all[i].Name, all[i].ID
	for _, m := range all[i].Members(items, engine.ToOnPremises) {
		it := m.Item
		p.Items = append(p.Items, engine.PlanItem{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks), Group: m.Group})
	}
	return p
}

// all reports whether something is true of every leg.
func all(is func(*engine.Leg) bool) func(engine.State) bool {
	return func(s engine.State) bool {
		return !slices.ContainsFunc(s.Legs, func(l *engine.Leg) bool { return !is(l) })
	}
}

func waitsAt(g engine.Gate) func(*engine.Leg) bool {
	return func(l *engine.Leg) bool { return l.Gate != nil && l.Gate.Gate == g }
}

func manualOpen(s engine.State) bool { return slices.ContainsFunc(s.Legs, waitsAt(engine.GateManual)) }

// onlyOnce wants each request on the recovery plan accepted exactly once, and none
// on a single item.
func (b *bed) onlyOnce(resumes int) {
	b.t.Helper()
	want := map[string]int{"plannedFailover": 1, "resume": resumes, "failoverCommit": 1, "reProtect": 1}
	got := b.posts()
	for verb, n := range want {
		if got[verb] != n {
			b.t.Errorf("%s was accepted %d times, want %d", verb, got[verb], n)
		}
	}
	if got["deallocate"] != 0 {
		b.t.Errorf("the program stopped %d Azure VMs itself: that is the plan's own part", got["deallocate"])
	}
	for _, r := range b.lab.Requests() {
		if r.Accepted && strings.Contains(r.Path, "replicationProtectedItems") {
			b.t.Errorf("accepted on an item: %s", r.Path)
		}
	}
}

func TestS21APlanRunsAsOneJob(t *testing.T) {
	t.Parallel()
	for sync, resumes := range map[engine.SyncOption]int{engine.SyncDelta: 2, engine.SyncFull: 1} {
		t.Run(string(sync), func(t *testing.T) {
			if sync == engine.SyncFull {
				unraced(t) // the other one is
			}
			t.Parallel()
			inBubble(t, shopWith(""), func(t *testing.T, b *bed) {
				s := b.run(b.joint(sync, "shop"))
				b.succeeded(s)
				b.onlyOnce(resumes)
				job := s.Legs[0].Job
				for _, l := range s.Legs {
					if l.Job != job || job == "" {
						t.Errorf("%s went with job %q, not %q", l.Item.Name, l.Job, job)
					}
					if l.Boot == nil || l.Boot.Result != engine.BootProven || !l.Proofs[0].Equal || l.DowntimeTo.IsZero() {
						t.Errorf("%s: boot %+v, proofs %+v", l.Item.Name, l.Boot, l.Proofs)
					}
					if len(l.Tasks) == 0 {
						t.Errorf("%s shows no task", l.Item.Name)
					}
				}
				if !slices.ContainsFunc(s.Legs[0].Tasks, func(x engine.TaskChanged) bool {
					return x.Task.Action != nil && x.Task.Action.Name == "drain" && x.Task.State == engine.TaskStateSucceeded
				}) {
					t.Errorf("the plan's script is not in the run: %+v", s.Legs[0].Tasks)
				}
				// Group after group: a later group is started when the one before runs.
				at := func(item string) time.Time { return s.Leg(item).Phases[engine.PhaseStartOnPremises].Ended }
				if !at("sql01").Before(at("app01")) || !at("app01").Before(at("web01")) {
					t.Errorf("started at %s, %s, %s", at("sql01"), at("app01"), at("web01"))
				}
			})
		})
	}
}

// A gate is answered once for all its machines, and a manual action by its own word.
func TestS21GatesAreAnsweredOnceForThePlan(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith(""), func(t *testing.T, b *bed) {
		p := b.joint(engine.SyncDelta, "shop")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "all at the gate", all(waitsAt(engine.GateComplete)))
		time.Sleep(5 * time.Minute)
		if n := b.posts()["resume"]; n != 0 {
			t.Fatalf("resumed %d times before the answer", n)
		}
		if g := h.State().Legs[0].Gate; !strings.Contains(strings.Join(g.Consequences, "\n"), "sql01, app01, app02, web01") || !strings.Contains(strings.Join(g.Consequences, "\n"), "Azure VM web01") {
			t.Errorf("consequences %q", g.Consequences)
		}
		if err := h.Decide("app02", engine.Decision{Gate: engine.GateComplete, By: "anna", Reason: "go"}); err != nil {
			t.Fatal(err)
		}
		for _, l := range h.State().Legs {
			if len(l.Decisions) != 1 || !l.Decisions[0].Joint {
				t.Errorf("%s: decisions %+v", l.Item.Name, l.Decisions)
			}
		}
		b.until(h, "at the manual action", manualOpen)
		asks := slices.IndexFunc(h.State().Legs, waitsAt(engine.GateManual))
		g := h.State().Legs[asks].Gate
		if g.Verb == "Stop Azure and switch" || g.Action.Name != "look" || g.Action.Text != "Look at the database." {
			t.Errorf("gate %+v, action %+v", g, g.Action)
		}
		time.Sleep(5 * time.Minute)
		if err := h.Decide("", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err == nil {
			t.Error("complete was taken while a manual action waits")
		}
		if err := h.Decide("", engine.Decision{Gate: engine.GateManual, By: "anna", For: "another one"}); err == nil {
			t.Error("an answer for another manual action was taken")
		}
		if err := h.Decide("", engine.Decision{Gate: engine.GateManual, By: "bert", Reason: "it is online", For: "look"}); err != nil {
			t.Fatal(err)
		}
		b.until(h, "all at the commit gate", all(waitsAt(engine.GateCommit)))
		var said string
		b.lab.World().Read(func(s *world.State) {
			for _, task := range s.Job(h.State().Legs[0].Job).Tasks {
				said += task.Output
			}
		})
		if !strings.Contains(said, "bert it is online") {
			t.Errorf("the operator's comment is lost: %q", said)
		}
		for _, g := range []engine.Gate{engine.GateCommit, engine.GateReprotect} {
			b.until(h, "at "+string(g), all(waitsAt(g)))
			if err := h.Decide("", engine.Decision{Gate: g, By: "anna"}); err != nil {
				t.Fatal(err)
			}
		}
		b.succeeded(b.finish(h))
		b.onlyOnce(2)
	})
}

// The policy that may answer everything else says no manual action done, except in
// a rehearsal.
func TestS21PolicyDoesNoManualAction(t *testing.T) {
	unraced(t)
	t.Parallel()
	for name, change := range map[string]func(*engine.Plan){
		"in earnest":         func(p *engine.Plan) { p.Rehearsal = false },
		"complete, rehearse": func(p *engine.Plan) { p.Approve = []engine.Gate{engine.GateComplete} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, shopWith(""), func(t *testing.T, b *bed) {
				p := b.joint(engine.SyncFull, "shop")
				change(&p)
				h := b.start(p)
				b.until(h, "at the manual action", manualOpen)
				time.Sleep(10 * time.Minute)
				if !manualOpen(h.State()) || b.posts()["resume"] != 0 {
					t.Errorf("posts %v", b.posts())
				}
			})
		})
	}
}

// One VM of a plan fails: its leg says it in the service's words, the others go on,
// and the commit takes only what came home.
func TestS21OneVMFailsTheOthersGoOn(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith("", `{when: final-sync, what: job-fails, item: app01, code: "559", message: the disk is gone}`), func(t *testing.T, b *bed) {
		s := b.run(b.joint(engine.SyncDelta, "shop"))
		b.failed(s, "app01", engine.FailureJob, "559", "the disk is gone", "damaged")
		if s.Leg("app01").Damage == nil || s.Leg("app01").Mode != engine.ModeEnded {
			t.Errorf("leg %+v", s.Leg("app01"))
		}
		for _, name := range []string{"sql01", "app02", "web01"} {
			if s.Leg(name).Outcome != engine.OutcomeSucceeded {
				b.dump(s)
				t.Fatalf("%s: %s", name, s.Leg(name).Outcome)
			}
		}
		if it := b.item("app01"); !it.Allows(engine.AllowFailback) || it.Damaged == nil || b.azureVM("app01") == nil {
			t.Errorf("app01 allows %v, damage %+v", it.Allowed, it.Damaged)
		}
		b.onlyOnce(2)
	})
}

// S48: what is not verified is committed by nobody who does not name it.
func TestS21CommitNamesWhatIsNotVerified(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith("", `{when: boot, what: no-boot, item: app01}`), func(t *testing.T, b *bed) {
		p := b.joint(engine.SyncDelta, "shop")
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("sql01", engine.GateCommit))
		time.Sleep(5 * time.Minute)
		g := h.State().Leg("sql01").Gate
		if g == nil || !slices.Contains(g.Unverified, "app01") || !g.NeedsReason || b.posts()["failoverCommit"] != 0 {
			t.Fatalf("gate %+v, posts %v", g, b.posts())
		}
		if err := h.Decide("", engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "looks well"}); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("taken without the name: %v", err)
		}
		if err := h.Decide("", engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "app01 is rebuilt anyway"}); err != nil {
			t.Fatal(err)
		}
		b.until(h, "committed", func(s engine.State) bool { return s.Leg("sql01").Passed(engine.PhaseCommit) })
		if n := b.posts()["failoverCommit"]; n != 1 {
			t.Errorf("%d commits", n)
		}
	})
}

// S24: a plan that can't go as a whole does not go at all, and says why.
func TestS24AMixedPlanStartsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, shopWith(""), func(t *testing.T, b *bed) {
		s := b.run(b.joint(engine.SyncDelta, "mixed"))
		b.failed(s, "home01", engine.FailureBlocked, "already on-premises")
		b.failed(s, "sql01", engine.FailureBlocked, "home01", "each VM by itself")
		if n := b.posts()["plannedFailover"]; n != 0 || b.azureVM("sql01").Power != "running" {
			t.Errorf("%d starts", n)
		}
	})
}

// S68: one VM of a plan can't be cancelled alone; the whole run can, once.
func TestS68APlanIsCancelledAsAWhole(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith(slow), func(t *testing.T, b *bed) {
		h := b.start(b.joint(engine.SyncDelta, "shop"))
		b.until(h, "writing", all(func(l *engine.Leg) bool {
			return slices.ContainsFunc(l.Tasks, func(x engine.TaskChanged) bool {
				return x.Task.Name == engine.TaskMonitorSync && x.Task.State == engine.TaskStateInProgress
			})
		}))
		if err := h.Cancel("app01", "anna", ""); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "as a whole") {
			t.Errorf("cancel of one gave %v", err)
		}
		if err := h.Cancel("", "anna", "wrong night"); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		for _, l := range s.Legs {
			if l.Outcome != engine.OutcomeCancelled || l.Damage == nil || b.item(l.Item.Name).Damaged == nil {
				b.dump(s)
				t.Fatalf("%s: %s, damage %+v", l.Item.Name, l.Outcome, l.Damage)
			}
		}
		if n := b.posts()["cancel"]; n != 1 {
			t.Errorf("%d cancels", n)
		}
		// The repair is the plan run again, to its end.
		again := b.run(b.joint(engine.SyncDelta, "shop"))
		b.succeeded(again)
	})
}

// duo is the quickest recovery plan: a crash is tried at its facts.
const duo = `
name: duo
speed: 1
guest_every: 10s
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
  - {name: sql01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 128KiB}]}
  - {name: app01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 128KiB}]}
recovery_plans: [{name: shop, groups: [{items: [sql01], after: [{manual: look, text: Look.}]}, [app01]]}]
`

// S40: a crash of a recovery plan's run at any fact, and a resume, come to the same
// end, and no request on the plan is accepted twice.
func TestS40ACrashOfAPlansRunRepeatsNothing(t *testing.T) {
	unraced(t)
	t.Parallel()
	total := 0
	inBubble(t, duo, func(t *testing.T, b *bed) {
		p := &power{left: 1 << 20}
		s, err := b.drive(p, b.joint(engine.SyncDelta, "shop"))
		if err != nil {
			t.Fatal(err)
		}
		b.succeeded(s)
		total = len(p.events)
	})
	// As for single items: every fact only where somebody asks for it.
	step := 61
	if os.Getenv("FAILBACK_EVERY_CRASH") != "" {
		step = 1
	}
	// Two legs write side by side: a run may be shorter by a fact or two.
	for n := 3; n < total-10; n += step {
		inBubble(t, duo, func(t *testing.T, b *bed) {
			p := &power{left: n}
			plan := b.joint(engine.SyncDelta, "shop")
			_, err := b.drive(p, plan)
			if err == nil && len(p.events) <= n {
				return // this run had fewer facts than the first one: a look came at another moment
			}
			if !errors.Is(err, errPower) {
				t.Fatalf("fact %d: the power did not go: %v", n, err)
			}
			at := p.events[len(p.events)-1]
			p.left = 1 << 20
			s, err := b.drive(p, plan)
			if err != nil || s.Outcome != engine.OutcomeSucceeded {
				b.dump(s)
				t.Fatalf("crash after fact %d (%s %s %s): %s, %v", n, at.Item, at.Phase, at.Type(), s.Outcome, err)
			}
			b.onlyOnce(2)
			if t.Failed() {
				t.Errorf("that was a crash after fact %d (%s %s %s)", n, at.Item, at.Phase, at.Type())
			}
		})
	}
}
