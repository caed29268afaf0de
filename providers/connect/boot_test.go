package connect_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/jumpbox"
)

// bootCase is a boot, what was asked of it, and what has to be said of it.
type bootCase struct {
	fault string
	prove func(b *bed) engine.BootProof
	want  engine.BootResult
	line  string // the one that is not ok; empty where all are
	how   engine.LineResult
	saw   string
	noted string

	always bool // others where FAILBACK_LONG is set
}

func ports(ps ...engine.ProofPort) func(*bed) engine.BootProof {
	return func(*bed) engine.BootProof { return engine.BootProof{Ports: ps} }
}

func script(t *testing.T, name string) func(*bed) engine.BootProof {
	t.Helper()
	path := scriptPath(t, name)
	sum, err := jumpbox.Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return func(*bed) engine.BootProof {
		return engine.BootProof{Script: &engine.ProofScript{Path: path, SHA256: sum, Timeout: engine.DefaultScriptTimeout}}
	}
}

// homeAddress is the address that the guest of app01 has at home.
func homeAddress(b *bed) string {
	vm := b.home("app01")
	vm.Booted, vm.State = true, "Running"
	return vm.Addresses()[0]
}

func bootCases(t *testing.T) map[string]bootCase {
	t.Helper()
	address := func(b *bed) engine.BootProof {
		return engine.BootProof{Addresses: []engine.ProofAddress{{Address: homeAddress(b)}}}
	}
	return map[string]bootCase{
		"well": {always: true, want: engine.BootProven, prove: func(b *bed) engine.BootProof {
			p := script(t, "content.sh")(b)
			p.Addresses, p.Ports = address(b).Addresses, []engine.ProofPort{{Port: 3389}, {Item: "app01", Address: homeAddress(b), Port: 3389}}
			return p
		}},
		"no guest":            {fault: "no-boot", want: engine.BootNotProven, line: engine.LineHeartbeat, how: engine.LineNotSeen, saw: "NoContact"},
		"boots over and over": {fault: "boot-loops", want: engine.BootFailed, line: engine.LineUptime, how: engine.LineWrong, saw: "restarted 2 times"},
		"recovery console":    {fault: "boots-to-recovery", want: engine.BootNotProven, line: engine.LineAddresses, how: engine.LineNotSeen, saw: "none"},
		"restarts once":       {fault: "restarts", want: engine.BootProven, noted: "its proof begins anew"},
		"heartbeat lies": {
			always: true, fault: "heartbeat-lies", prove: ports(engine.ProofPort{Port: 3389}), want: engine.BootNotProven,
			line: "port 3389", how: engine.LineNotSeen, saw: "no answer",
		},
		"another address": {
			fault: "wrong-address", prove: address, want: engine.BootNotProven,
			line: engine.LineAddresses, how: engine.LineWrong, saw: "198.51.100",
		},
		"port closed": {
			fault: "ports-closed", prove: ports(engine.ProofPort{Port: 3389}), want: engine.BootNotProven,
			line: "port 3389", how: engine.LineNotSeen, saw: "connection refused",
		},
		"port of no service": {
			prove: ports(engine.ProofPort{Port: 443}, engine.ProofPort{Port: 3389}), want: engine.BootNotProven,
			line: "port 443", how: engine.LineNotSeen, saw: "connection refused",
		},
		"port at an address of nobody": {
			prove: ports(engine.ProofPort{Address: "203.0.113.9", Port: 3389}), want: engine.BootNotProven,
			line: "port 3389 at 203.0.113.9", how: engine.LineNotSeen, saw: "no answer",
		},
		"script not content": {prove: script(t, "not.sh"), want: engine.BootNotProven, line: engine.LineScript, how: engine.LineWrong, saw: "exit status 3"},
		"script changed": {
			prove: func(b *bed) engine.BootProof {
				p := script(t, "content.sh")(b)
				p.Script.SHA256 = strings.Repeat("0", 64)
				return p
			}, want: engine.BootNotProven, line: engine.LineScript, how: engine.LineNotSeen, saw: "another one than when the plan was made",
		},
	}
}

// S46: the matrix of what a boot shows and what is made of it. Only a boot whose every
// line is good is proven, and nothing but a proven one is committed by policy.
func TestS46S62WhatABootIsProvenBy(t *testing.T) {
	t.Parallel()
	for name, c := range bootCases(t) {
		if !c.always && os.Getenv("FAILBACK_LONG") == "" {
			continue // what is made of each boot is in the engine's own tests, too
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			if c.fault != "" {
				faults = append(faults, "{when: boot, what: "+c.fault+"}")
			}
			inBubble(t, estateWith("", faults...), func(t *testing.T, b *bed) {
				p := b.plan(engine.SyncDelta, "app01")
				p.Approve = []engine.Gate{engine.GateComplete, engine.GateCommit}
				if c.prove != nil {
					p.Boot = c.prove(b)
				}
				h := b.start(p)
				b.until(h, "verified or stopped", func(s engine.State) bool {
					return s.Ended() || atGate("app01", engine.GateReprotect)(s)
				})
				s := h.State()
				boot := s.Leg("app01").Boot
				if boot == nil || boot.Result != c.want {
					b.dump(s)
					t.Fatalf("boot %+v, want %s", boot, c.want)
				}
				bad := slices.DeleteFunc(slices.Clone(boot.Lines), func(l engine.BootLine) bool { return l.Result == engine.LineOK })
				if (len(bad) == 0) != (c.want == engine.BootProven) {
					t.Errorf("%s, and these lines are not ok: %+v", c.want, bad)
				}
				if i := slices.IndexFunc(bad, func(l engine.BootLine) bool { return l.What == c.line }); c.line != "" && (i < 0 || bad[i].Result != c.how || !strings.Contains(bad[i].Saw, c.saw)) {
					t.Errorf("want line %q %s with %q, got %+v", c.line, c.how, c.saw, boot.Lines)
				}
				if c.noted != "" && !wasSaid(s, c.noted) {
					t.Errorf("nothing says %q", c.noted)
				}
				if committed := b.posts()["failoverCommit"] == 1; committed != (c.want == engine.BootProven) {
					t.Errorf("committed by policy: %v", committed)
				}
			})
		})
	}
}

func wasSaid(s engine.State, words string) bool {
	return slices.ContainsFunc(s.Log, func(l engine.LogLine) bool { return strings.Contains(l.Text, words) })
}

// S46: a person commits an unproven boot with what they saw, which stays with their
// name; a look against it is kept as well, and approves nothing.
func TestS46WhatAPersonSawIsKept(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: ports-closed}"), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete, engine.GateReprotect}
		p.Boot = engine.BootProof{Ports: []engine.ProofPort{{Port: 3389}}}
		h := b.start(p)
		if err := h.Look("app01", "anna", "all is well"); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a look at a machine that was not started gave %v", err)
		}
		b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
		if err := b.store.Look(h.ID(), "app01", "bert", "the service does not start"); err != nil {
			t.Fatal(err)
		}
		b.until(h, "told", func(s engine.State) bool { return len(s.Leg("app01").Looks) == 1 })
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateCommit, By: "anna"}); err == nil {
			t.Fatal("an unproven boot was committed without a reason")
		}
		d := engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "RDP is closed on purpose", LookedBy: "anna", Saw: "logged on at the console"}
		if err := h.Decide("app01", d); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		b.succeeded(s)
		looks := s.Leg("app01").Looks
		if len(looks) != 2 || looks[0].By != "bert" || looks[0].Decided || looks[1].Saw != "logged on at the console" || !looks[1].Decided {
			t.Errorf("looks %+v", looks)
		}
		if !wasSaid(s, "bert looked, and: the service does not start") || !wasSaid(s, "anna looked, and: logged on at the console") {
			t.Error("the log does not tell what was seen")
		}
	})
}
