package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// machineAt is a host whose VM is as the function says, by the time since the first
// look.
type machineAt struct {
	HostAccess
	at    func(up time.Duration, look int) (VM, error)
	begun time.Time
	looks int
	seen  []VM
}

func (m *machineAt) VM(context.Context, string, string) (VM, error) {
	if m.looks++; m.looks == 1 {
		m.begun = time.Now()
	}
	vm, err := m.at(time.Since(m.begun), m.looks)
	if err == nil {
		m.seen = append(m.seen, vm)
	}
	return vm, err
}

// quietVault knows the item and no job.
type quietVault struct{ oneItem }

func (quietVault) Jobs(context.Context) ([]Job, error) { return nil, nil }

// boxOf is a jump box of the test's own.
type boxOf struct {
	reach  func(address string, port int) error
	script func(ScriptCall) (ScriptResult, error)

	mu    sync.Mutex // ports are tried side by side
	calls []string
}

func (b *boxOf) Reach(_ context.Context, address string, port int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls = append(b.calls, fmt.Sprintf("%s:%d", address, port))
	return b.reach(address, port)
}

func (b *boxOf) Script(_ context.Context, call ScriptCall) (ScriptResult, error) {
	b.calls = append(b.calls, "script")
	return b.script(call)
}

// healthy is a machine that has come up well.
func healthy(up time.Duration, _ int) (VM, error) {
	return VM{ID: "1", Name: "web01", State: "Running", Heartbeat: "OkApplicationsHealthy", Uptime: up + time.Minute, Addresses: []string{"192.0.2.7", "fe80::1"}}, nil
}

func but(change func(*VM, time.Duration, int)) func(time.Duration, int) (VM, error) {
	return func(up time.Duration, look int) (VM, error) {
		vm, err := healthy(up, look)
		change(&vm, up, look)
		return vm, err
	}
}

// bootOfMachine proves the boot of a machine in a bubble of its own time.
func bootOfMachine(t *testing.T, want BootProof, at func(time.Duration, int) (VM, error), box JumpBox) (BootChecked, *machineAt, State) {
	t.Helper()
	host := &machineAt{at: at}
	var boot BootChecked
	var s *Stream
	synctest.Test(t, func(t *testing.T) {
		p := testPlan(SyncDelta)
		p.Boot = want
		s = NewStream("20261123-020000-abcdef", State{}, &memory{}, nobody{}, nil)
		for _, b := range []Body{StreamOpened{SchemaVersion, "test"}, RunPlanned{p}, RunStarted{"anna@jump01"}} {
			if err := s.Emit("", PhaseNone, b); err != nil {
				t.Fatal(err)
			}
		}
		ports := Ports{Inventory: quietVault{oneItem{it: Item{Name: "web01", HyperVID: "1"}}}, Hosts: host, JumpBox: box}
		r := &Runner{Stream: s, Ports: ports, Poll: 10 * time.Second}
		r.board = newBoard(ports, r.Poll, 240, time.Now)
		var err error
		if boot, err = (&leg{item: p.Items[0], r: r}).proveBoot(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return boot, host, s.State()
}

func line(b BootChecked, what string) BootLine {
	i := slices.IndexFunc(b.Lines, func(l BootLine) bool { return l.What == what })
	if i < 0 {
		return BootLine{}
	}
	return b.Lines[i]
}

// S46: what each kind of boot shows, and what is made of it. Running and not proven is
// a result of its own.
func TestS46TheMatrixOfBoots(t *testing.T) {
	wants := BootProof{Addresses: []ProofAddress{{Address: "192.0.2.7"}}}
	for name, c := range map[string]struct {
		want   BootProof
		at     func(time.Duration, int) (VM, error)
		result BootResult
		line   string
		how    LineResult
		saw    string
	}{
		"well":           {at: healthy, result: BootProven},
		"as planned":     {want: wants, at: healthy, result: BootProven},
		"mapped address": {want: wants, at: but(func(v *VM, _ time.Duration, _ int) { v.Addresses = []string{"::ffff:192.0.2.7"} }), result: BootProven},
		"no heartbeat":   {at: but(func(v *VM, _ time.Duration, _ int) { v.Heartbeat = "NoContact" }), result: BootNotProven, line: LineHeartbeat, how: LineNotSeen, saw: "NoContact"},
		"late heartbeat": {at: but(func(v *VM, up time.Duration, _ int) {
			v.Heartbeat = []string{"NoContact", "OkApplicationsUnknown"}[min(1, up/time.Minute)]
		}), result: BootProven},
		"heartbeat of error": {at: but(func(v *VM, _ time.Duration, _ int) { v.Heartbeat = "Error" }), result: BootFailed, line: LineHeartbeat, how: LineWrong, saw: "Error"},
		"heartbeat lost":     {at: but(func(v *VM, _ time.Duration, _ int) { v.Heartbeat = "LostCommunication" }), result: BootFailed, line: LineHeartbeat, how: LineWrong},
		"lost for a moment": {at: but(func(v *VM, _ time.Duration, look int) {
			if look < 3 {
				v.Heartbeat = "LostCommunication"
			}
		}), result: BootProven},
		"no storage":     {at: but(func(v *VM, _ time.Duration, _ int) { v.State = "RunningCritical" }), result: BootFailed, line: LineRunning, how: LineWrong, saw: "RunningCritical"},
		"off":            {at: but(func(v *VM, _ time.Duration, _ int) { v.State, v.Uptime = "Off", 0 }), result: BootFailed, line: LineRunning, how: LineWrong, saw: "Off"},
		"standing still": {at: but(func(v *VM, _ time.Duration, _ int) { v.Uptime = time.Minute }), result: BootFailed, line: LineUptime, how: LineWrong},
		"over and over":  {at: but(func(v *VM, up time.Duration, _ int) { v.Uptime, v.Heartbeat = up%(25*time.Second), "NoContact" }), result: BootFailed, line: LineUptime, how: LineWrong, saw: "restarted 2 times"},
		"over and over, longer than a look": {at: but(func(v *VM, up time.Duration, look int) {
			v.Uptime, v.Heartbeat = 2*time.Second+time.Duration(look)*time.Second, "NoContact" // always more than before
		}), result: BootFailed, line: LineUptime, how: LineWrong},
		"one restart": {at: but(func(v *VM, up time.Duration, look int) {
			if look < 3 {
				v.Heartbeat = "NoContact"
			} else {
				v.Uptime = up - 18*time.Second
			}
		}), result: BootProven},
		"off in between": {at: but(func(v *VM, up time.Duration, look int) {
			switch {
			case look == 1:
				v.Heartbeat = "NoContact"
			case look == 2:
				v.State, v.Uptime, v.Heartbeat = "Off", 0, "NoContact"
			default:
				v.Uptime = up - 15*time.Second
			}
		}), result: BootProven},
		"no address": {at: but(func(v *VM, _ time.Duration, _ int) { v.Addresses = nil }), result: BootNotProven, line: LineAddresses, how: LineNotSeen, saw: "none"},
		"nothing of worth": {at: but(func(v *VM, _ time.Duration, _ int) {
			v.Addresses = []string{"fe80::9%4", "169.254.1.1", "127.0.0.1", "::"}
		}), result: BootNotProven, line: LineAddresses, how: LineNotSeen, saw: "says nothing"},
		"another address": {want: wants, at: but(func(v *VM, _ time.Duration, _ int) { v.Addresses = []string{"198.51.100.4"} }), result: BootNotProven, line: LineAddresses, how: LineWrong, saw: "198.51.100.4; the plan expects 192.0.2.7"},
		"someone's address": {
			want: BootProof{Addresses: []ProofAddress{{Item: "sql01", Address: "10.9.9.9"}}}, at: healthy, result: BootProven,
		},
		"port, nothing to try with": {want: BootProof{Ports: []ProofPort{{Port: 443}}}, at: healthy, result: BootNotProven, line: "port 443", how: LineNotSeen, saw: "nothing can be tried from here"},
		"script, nothing to run":    {want: BootProof{Script: &ProofScript{Path: "/x", SHA256: "x", Timeout: time.Minute}}, at: healthy, result: BootNotProven, line: LineScript, how: LineNotSeen, saw: "nothing can be run from here"},
	} {
		t.Run(name, func(t *testing.T) {
			boot, _, s := bootOfMachine(t, c.want, c.at, nil)
			if boot.Result != c.result {
				t.Fatalf("%s: %+v\n%+v", boot.Result, boot.Lines, s.Log)
			}
			if got := line(boot, c.line); c.line != "" && (got.Result != c.how || !strings.Contains(got.Saw, c.saw)) {
				t.Errorf("line %q is %+v", c.line, got)
			}
			if (boot.Missing() == "") != (c.result == BootProven) {
				t.Errorf("%s with %q missing", c.result, boot.Missing())
			}
		})
	}
}

// S46: ports and script are tried where they can be, at the address that is said, and
// each line tells what became of it.
func TestS46PortsAndScript(t *testing.T) {
	tries := 0
	box := &boxOf{
		reach: func(address string, _ int) error {
			if tries++; tries < 4 || address != "192.0.2.7" && address != "web01.example" {
				return errors.New("connection refused")
			}
			return nil
		},
		script: func(call ScriptCall) (ScriptResult, error) {
			if call.Env["FAILBACK_ITEM"] != "web01" || !strings.Contains(string(call.Input), `"item":"web01"`) || call.Path != "/opt/look" {
				t.Errorf("called with %+v %s", call.Env, call.Input)
			}
			return ScriptResult{Exit: 0, Output: "all three answer", Took: 4 * time.Second}, nil
		},
	}
	want := BootProof{
		Ports:  []ProofPort{{Port: 443}, {Item: "web01", Address: "web01.example", Port: 8443}, {Item: "sql01", Port: 1433}},
		Script: &ProofScript{Path: "/opt/look", SHA256: "x", Timeout: time.Minute},
	}
	boot, host, _ := bootOfMachine(t, want, healthy, box)
	if boot.Result != BootProven || len(boot.Lines) != 7 {
		t.Fatalf("%+v", boot)
	}
	if got := line(boot, "port 443"); got.Saw != "answers at 192.0.2.7" {
		t.Errorf("%+v", got)
	}
	if got := line(boot, "port 8443 at web01.example"); got.Saw != "answers at web01.example" {
		t.Errorf("%+v", got)
	}
	if got := line(boot, LineScript); got.Saw != "exit status 0 after 4 s: all three answer" {
		t.Errorf("%+v", got)
	}
	if n := slices.Index(box.calls, "script"); n != len(box.calls)-1 || host.looks < 3 {
		t.Errorf("the script did not run once, last: %v", box.calls)
	}
	for name, c := range map[string]struct {
		result ScriptResult
		err    error
		how    LineResult
		saw    string
	}{
		"exit status": {ScriptResult{Exit: 7, Output: "no", Took: time.Second}, nil, LineWrong, "exit status 7 after 1 s: no"},
		"time":        {ScriptResult{TimedOut: true}, nil, LineNotSeen, "ended after 1 min"},
		"not run":     {ScriptResult{}, errors.New("permission denied"), LineNotSeen, "not run: permission denied"},
	} {
		box.script = func(ScriptCall) (ScriptResult, error) { return c.result, c.err }
		boot, _, _ := bootOfMachine(t, BootProof{Script: want.Script}, healthy, box)
		if got := line(boot, LineScript); boot.Result != BootNotProven || got.Result != c.how || !strings.Contains(got.Saw, c.saw) {
			t.Errorf("%s: %s, %+v", name, boot.Result, got)
		}
	}
}

// A guest tells its addresses itself. What every machine has is never dialled: this
// machine's own services would vouch for a guest that never came up.
func TestS46AGuestDoesNotVouchForItself(t *testing.T) {
	box := &boxOf{reach: func(string, int) error { return nil }}
	at := but(func(v *VM, _ time.Duration, _ int) {
		v.Addresses = []string{"127.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.3.4", "fe80::1%12", "0.0.0.0", "255.255.255.255", "224.0.0.1", "no address"}
	})
	boot, _, _ := bootOfMachine(t, BootProof{Ports: []ProofPort{{Port: 445}}}, at, box)
	if boot.Result != BootNotProven || len(box.calls) != 0 {
		t.Errorf("%s, dialled %v", boot.Result, box.calls)
	}
}

// F7: whatever a host answers, a boot is proven only where the last two looks saw it
// run, answer and go on running.
func TestF7NoFalseProof(t *testing.T) {
	words := []string{"OkApplicationsHealthy", "OkApplicationsUnknown", "OkApplicationsCritical", "NoContact", "NoContact", "LostCommunication", "", "ok", "Paused"}
	states := []string{"Running", "Running", "Running", "Running", "Running", "Running", "Off", "Saved", ""}
	proven := 0
	addresses := [][]string{{"192.0.2.7"}, nil, {""}, {"127.0.0.1"}, {"fe80::1"}, {"x", "198.51.100.2"}}
	rapid.Check(t, func(r *rapid.T) {
		// Drawn beforehand: what is drawn must not panic in a bubble.
		dice := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 29), 6, 6), 8, 60).Draw(r, "looks")
		at := func(up time.Duration, look int) (VM, error) {
			d := dice[look%len(dice)]
			if d[0] == 13 {
				return VM{}, &Failure{Kind: FailureRetryable, What: "read the VM", Why: "no answer"}
			}
			vm := VM{ID: "1", State: states[d[1]%len(states)], Heartbeat: words[d[2]%len(words)], Addresses: addresses[d[3]%len(addresses)]}
			if vm.Uptime = up; d[4]%6 == 3 {
				vm.Uptime = up - time.Duration(d[5]%13)*time.Second
			}
			return vm, nil
		}
		boot, host, _ := bootOfMachine(t, BootProof{}, at, nil)
		if boot.Result != BootProven {
			return
		}
		proven++
		last, before := host.seen[len(host.seen)-1], host.seen[max(0, len(host.seen)-2)]
		if len(host.seen) < 2 || last.State != "Running" || !strings.HasPrefix(last.Heartbeat, "Ok") || last.Uptime <= before.Uptime || len(tellingOf(last.Addresses)) == 0 || boot.Missing() != "" {
			r.Fatalf("proven by %+v after %+v: %+v", last, before, boot.Lines)
		}
	})
	t.Logf("%d boots were proven", proven)
	if proven == 0 {
		t.Error("nothing was ever proven: the test shows nothing")
	}
}

// What a plan may ask of a boot is checked before anything begins.
func TestS46APlanAsksForWhatCanBeSeen(t *testing.T) {
	script := ProofScript{Path: "/opt/look", SHA256: "x", Timeout: time.Minute}
	for name, c := range map[string]struct {
		boot  BootProof
		field string
	}{
		"all right":          {BootProof{Addresses: []ProofAddress{{Address: "10.0.0.5"}}, Ports: []ProofPort{{Port: 443}}, Script: &script}, ""},
		"no address":         {BootProof{Addresses: []ProofAddress{{Address: "web01"}}}, "prove.addresses[0]"},
		"everybody's":        {BootProof{Addresses: []ProofAddress{{Address: "127.0.0.1"}}}, "prove.addresses[0]"},
		"of no item":         {BootProof{Addresses: []ProofAddress{{Item: "sql09", Address: "10.0.0.5"}}}, "prove.addresses[0]"},
		"no port":            {BootProof{Ports: []ProofPort{{Port: 443}, {Port: 70000}}}, "prove.ports[1]"},
		"port of no item":    {BootProof{Ports: []ProofPort{{Item: "sql09", Port: 443}}}, "prove.ports[0]"},
		"port at a sentence": {BootProof{Ports: []ProofPort{{Address: "a b", Port: 443}}}, "prove.ports[0]"},
		"no checksum":        {BootProof{Script: &ProofScript{Path: "/x", Timeout: time.Minute}}, "prove.script"},
		"no time":            {BootProof{Script: &ProofScript{Path: "/x", SHA256: "x"}}, "prove.script_timeout"},
		"a day":              {BootProof{Script: &ProofScript{Path: "/x", SHA256: "x", Timeout: 24 * time.Hour}}, "prove.script_timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlan(SyncDelta)
			p.Items = p.Items[:1]
			p.Boot = c.boot
			err := p.Validate()
			if (err == nil) != (c.field == "") || err != nil && (KindOf(err) != FailureUsage || AsFailure(err, "", "").Where != c.field) {
				t.Errorf("%v", err)
			}
		})
	}
	p := testPlan(SyncDelta)
	p.Direction, p.Sync, p.Boot = ToAzure, "", BootProof{Script: &script}
	if err := p.Validate(); err == nil {
		t.Error("a proof at home was taken for a machine that goes to Azure")
	}
}

// The command that opens a console takes names as they are, and no more than a name.
func TestTheConsoleCommandIsOneCommand(t *testing.T) {
	p := Plan{Target: Target{}}
	for name, want := range map[string]string{
		"web01":               `vmconnect.exe hv01 "web01"`,
		`a b`:                 `vmconnect.exe hv01 "a b"`,
		"x\" & calc \"":       `vmconnect.exe hv01 "x & calc "`,
		"two\r\nlines\x1b[2J": `vmconnect.exe hv01 "twolines[2J"`,
	} {
		if got := p.ConsoleCommand(PlanItem{Name: name, Host: "hv01"}); got != want {
			t.Errorf("%q gives %s", name, got)
		}
	}
	p.Target = Target{Alternate: true, HostName: "hv 02"}
	if got := p.ConsoleCommand(PlanItem{Name: "web01", Host: "hv01"}); got != `vmconnect.exe "hv 02" "web01"` {
		t.Error(got)
	}
}
