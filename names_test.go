package main

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
	"failback/tui/text"
)

// shards are what hostile names are made of.
var shards = []string{
	"'", `"`, "`", "$(Stop-Computer)", "${env:x}", "; Remove-VM *; ", "| Out-Null", "&", "#>", "@'\n", "\n'@", "%00", "\x00", "\r\n", "\n", "\t",
	"\x1b[2J", "\x1b]0;title\a", "\u009b31m", "\u009d", "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "🦊", "👩‍👩‍👧‍👦", "ю", "é", "\ufffd", `\ufffd`,
	"]]></rsp:Stream>", "<x a=\"", "&amp;", "&#0;", "FBK1 e30= END", "FBK1 ", " END", "../../", `\\host\c$`, "[a-z]*?", "-Force", "null", "/Date(0)/", " ", "web01",
}

// hostileName is text of up to 4 KiB that would be code, markup or an order to a
// terminal, were it ever taken for one.
func hostileName(r *rand.Rand) string {
	longest := 1 + r.IntN(48)
	if r.IntN(50) == 0 {
		longest = 4 << 10
	}
	var b strings.Builder
	for b.Len() < longest {
		if r.IntN(3) == 0 {
			if c := rune(r.IntN(0x3000)); utf8.ValidRune(c) {
				b.WriteRune(c)
			}
			continue
		}
		b.WriteString(shards[r.IntN(len(shards))])
	}
	return b.String()
}

// parrot is a host whose VMs have hostile names, and which says again what it is
// told.
type parrot struct {
	names []string
	heard string
	asked scripts.NewSwitchParams
}

func (p *parrot) Run(_ context.Context, _, script string, params json.RawMessage) (any, error) {
	if script == scripts.ListVMs {
		var a scripts.VMsAnswer
		for _, name := range p.names {
			a.VMs = append(a.VMs, scripts.VMRow{ID: "6e1b0c1a-55b2-4f8a-9a5e-0d9d6a1c7f01", Name: name})
		}
		return a, nil
	}
	if script == scripts.NewSwitch {
		if err := json.Unmarshal(params, &p.asked); err != nil {
			return nil, err
		}
		return scripts.NewSwitchAnswer{Made: true, After: []scripts.NetworkSwitch{{Name: p.asked.Name, Type: p.asked.Type}}}, nil
	}
	var g scripts.GuardParams
	if err := json.Unmarshal(params, &g); err != nil {
		return nil, err
	}
	p.heard = g.Mark
	after := scripts.GuardState{AutoStart: scripts.AutoStartNothing, Notes: scripts.GuardPrefix + "StartIfRunning] " + g.Mark}
	return scripts.GuardAnswer{After: after}, nil
}

// TestS11TenThousandHostileNames sends hostile text through a script and back. It
// arrives byte by byte on both ways (the lab runs no script but the program's own,
// known by its whole text), and is harmless on a screen. FAILBACK_LONG has all of them. (F9)
func TestS11TenThousandHostileNames(t *testing.T) {
	const each = 100
	all := 2_000
	if os.Getenv("FAILBACK_LONG") != "" {
		all = 10_000
	}
	r := rand.New(rand.NewPCG(11, 2026))
	p := &parrot{}
	server := winrm.New(p, winrm.Options{User: "u", Password: "p"})
	a, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"hv01": {
		URL: "http://hv01", User: "u", Connect: server.Connect("hv01"),
		Password: func(context.Context) (string, error) { return "p", nil },
	}}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close() }()
	const vm = "6e1b0c1a-55b2-4f8a-9a5e-0d9d6a1c7f01"
	send := func(mark string) {
		t.Helper()
		if err := a.Guard(t.Context(), "hv01", vm, mark); err != nil {
			t.Fatalf("%q: %v", mark, err)
		}
		if p.heard != mark {
			t.Fatalf("%q arrived as %q", mark, p.heard)
		}
	}
	// A switch takes every name but those that no switch can have, and every adapter.
	create := func(name string) {
		t.Helper()
		n := engine.NewSwitch{Name: name, Type: engine.SwitchExternal, Adapter: name}
		if n.Validate() != nil {
			n.Name = "LAN "
		}
		if _, err := a.CreateSwitch(t.Context(), "hv01", n); err != nil || name == "" {
			if engine.KindOf(err) != engine.FailureUsage || name != "" {
				t.Fatalf("%q: %v", name, err)
			}
			return
		}
		if p.asked != (scripts.NewSwitchParams{Name: n.Name, Type: string(n.Type), Adapter: name}) {
			t.Fatalf("%+v arrived as %+v", n, p.asked)
		}
	}
	for range all / each {
		p.names = p.names[:0]
		mark := ""
		for i := range each {
			name := hostileName(r)
			p.names = append(p.names, name)
			if i < 5 {
				send(name) // alone, with its own beginning and end
				create(name)
				continue
			}
			// The others together, since each way costs a whole conversation.
			if raw, err := json.Marshal(mark + name); err != nil || len(raw) > scripts.MaxParams-200 {
				send(mark)
				mark = ""
			}
			mark += name
		}
		send(mark)
		vms, err := a.VMs(t.Context(), "hv01")
		if err != nil || len(vms) != each {
			t.Fatalf("%d VMs, %v", len(vms), err)
		}
		for i, vm := range vms {
			if vm.Name != p.names[i] {
				t.Fatalf("%q came back as %q", p.names[i], vm.Name)
			}
			for _, c := range text.Clean(vm.Name) {
				if unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' {
					t.Fatalf("%q reaches the screen with %U", vm.Name, c)
				}
			}
		}
	}
}
