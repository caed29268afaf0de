package engine

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// LineResult is how one line of a boot's proof stands.
type LineResult string

// The results of a line. Only [LineOK] proves anything.
const (
	LineOK      LineResult = "ok"
	LineNotSeen LineResult = "not-seen" // it was looked for and is not there (yet)
	LineWrong   LineResult = "wrong"    // something else was seen
)

// Word is the result as screens and reports say it.
func (r LineResult) Word() string { return strings.ReplaceAll(string(r), "-", " ") }

// The lines that every boot has; those for ports and a script follow them.
const (
	LineRunning   = "running"
	LineHeartbeat = "heartbeat"
	LineUptime    = "uptime"
	LineAddresses = "addresses"
	LineScript    = "script"
)

// BootLine is one thing that was looked at to prove a boot.
type BootLine struct {
	What   string     `json:"what"` // one of the lines above, or "port N", "port N at ADDRESS"
	Result LineResult `json:"result"`
	Saw    string     `json:"saw"`
}

// BootSeen is how the proof of a boot stands while it is still looked for. It passes
// by: the journal keeps the result.
type BootSeen struct {
	Lines []BootLine `json:"lines"`
}

// Type names the event.
func (BootSeen) Type() EventType { return "boot.seen" }

const (
	// bootPatience is how long a boot is given before it counts as not proven, in polls.
	bootPatience = 40
	// restartPatience is how many restarts a boot may make while it is looked at: one
	// is usual after drivers were installed, more is a machine that does not come up.
	restartPatience = 1
	// silencePatience is how often in a row a heartbeat may be lost. One that is lost
	// for a moment belongs to a restart.
	silencePatience = 3
	// uptimeSlack is what an uptime may fall behind the clock: it is told in seconds,
	// and hosts answer late.
	uptimeSlack = 3 * time.Second
)

// proving is the look at one machine's boot.
type proving struct {
	l         *leg
	addresses []netip.Addr // that the plan wants
	ports     []ProofPort

	vm       VM
	at       time.Time // when that look had ended
	since    VM        // where the uptime has grown from
	looks    int       // since the last restart
	restarts int
	silent   int // lost heartbeats in a row
	reached  []BootLine
	script   *BootLine
	said     []BootLine
}

// proveBoot looks until the boot is proven, has failed, or patience ends. Proven is
// what every line says: a machine that runs and shows nothing else is not proven.
func (l *leg) proveBoot(ctx context.Context) (BootChecked, error) {
	p := &proving{l: l}
	p.addresses, p.ports = l.plan().Boot.of(l.item.Name)
	look := l.findVM
	for range bootPatience {
		begun := l.r.Stream.Now()
		vm, err := patient(ctx, l, "look at the VM on "+l.host(), look)
		look = l.glimpseVM
		if err != nil {
			return BootChecked{}, err
		}
		if err := p.take(vm, begun); err != nil {
			return BootChecked{}, err
		}
		if p.broken() {
			return p.result(BootFailed), nil
		}
		if err := p.reach(ctx); err != nil {
			return BootChecked{}, err
		}
		if p.whole() {
			break
		}
		if err := p.tell(); err != nil {
			return BootChecked{}, err
		}
		if err := l.pause(ctx); err != nil {
			return BootChecked{}, err
		}
	}
	if !p.vm.Running() {
		return p.result(BootFailed), nil
	}
	if err := p.runScript(ctx); err != nil {
		return BootChecked{}, err
	}
	if !p.whole() || p.script != nil && p.script.Result != LineOK {
		return p.result(BootNotProven), nil
	}
	return p.result(BootProven), l.sawOnPremises(PowerRunning)
}

// take takes in one look, which began at that time. A restart between two looks is
// told from a machine that went off, or an uptime that went back or fell behind the
// clock: what was seen before it proves nothing any more.
func (p *proving) take(vm VM, begun time.Time) error {
	was, wasAt := p.vm, p.at
	p.vm, p.at = vm, p.l.r.Stream.Now()
	if p.silent++; vm.Heartbeat != "LostCommunication" {
		p.silent = 0
	}
	if p.looks++; p.looks == 1 {
		p.since = vm
		return nil
	}
	least := max(was.Uptime, was.Uptime+begun.Sub(wasAt)-uptimeSlack)
	if !was.Running() || vm.Running() && vm.Uptime >= least {
		if !was.Running() {
			p.since = vm
		}
		return nil
	}
	p.restarts++
	p.looks, p.since, p.reached = 1, vm, nil
	if p.restarts > restartPatience {
		return nil
	}
	return p.l.note("warn", fmt.Sprintf("the on-premises VM was stopped or restarted while its boot was looked at (%s, up for %s after %s): its proof begins anew",
		firstOf(strings.ToLower(vm.State), "no state"), SpanWords(vm.Uptime), SpanWords(was.Uptime)))
}

// broken reports a boot that needs no more patience: a heartbeat that tells of an
// error or stays lost, a state that has lost its storage, or restarts over and over.
func (p *proving) broken() bool {
	return p.vm.Heartbeat == "Error" || p.silent >= silencePatience ||
		strings.HasSuffix(p.vm.State, "Critical") || p.restarts > restartPatience
}

// lines is what the last look showed, in the order in which it is looked for.
func (p *proving) lines() []BootLine {
	vm := p.vm
	out := []BootLine{
		lineOf(LineRunning, vm.Running(), firstOf(vm.State, "no state")),
		p.heartbeat(),
		p.uptime(),
		p.addressed(),
	}
	if !vm.Running() || strings.HasSuffix(vm.State, "Critical") {
		out[0].Result = LineWrong
	}
	for i, port := range p.ports {
		line := BootLine{What: port.words(), Result: LineNotSeen, Saw: "not tried: no address is known to try it at"}
		if i < len(p.reached) {
			line = p.reached[i]
		}
		out = append(out, line)
	}
	switch {
	case p.script != nil:
		out = append(out, *p.script)
	case p.l.plan().Boot.Script != nil:
		out = append(out, BootLine{What: LineScript, Result: LineNotSeen, Saw: "not run yet"})
	}
	return out
}

func lineOf(what string, ok bool, saw string) BootLine {
	if ok {
		return BootLine{What: what, Result: LineOK, Saw: saw}
	}
	return BootLine{What: what, Result: LineNotSeen, Saw: saw}
}

func (p *proving) heartbeat() BootLine {
	h := p.vm.Heartbeat
	line := lineOf(LineHeartbeat, strings.HasPrefix(h, "Ok"), firstOf(h, "none"))
	if h == "Error" || p.silent >= silencePatience {
		line.Result = LineWrong
	}
	return line
}

func (p *proving) uptime() BootLine {
	line := lineOf(LineUptime, p.looks > 1 && p.vm.Running() && p.vm.Uptime > p.since.Uptime, "up "+SpanWords(p.vm.Uptime))
	switch {
	case p.restarts > restartPatience:
		line.Result = LineWrong
		line.Saw += fmt.Sprintf(", restarted %d times while it was looked at", p.restarts)
	case line.Result == LineOK:
		line.Saw += ", growing"
	case p.looks > 1:
		line.Saw += ", not growing"
	default:
		line.Saw += ", seen once"
	}
	if p.restarts == 1 {
		line.Saw += ", restarted once"
	}
	return line
}

// addressed holds the machine's addresses against the plan's.
func (p *proving) addressed() BootLine {
	has := tellingOf(p.vm.Addresses)
	saw := strings.Join(p.vm.Addresses, ", ")
	if len(has) == 0 {
		if saw != "" {
			saw += " only, which says nothing"
		}
		return BootLine{What: LineAddresses, Result: LineNotSeen, Saw: firstOf(saw, "none")}
	}
	var missing []string
	for _, want := range p.addresses {
		if !slices.Contains(has, want) {
			missing = append(missing, want.String())
		}
	}
	if len(missing) == 0 {
		return BootLine{What: LineAddresses, Result: LineOK, Saw: saw}
	}
	return BootLine{What: LineAddresses, Result: LineWrong, Saw: saw + "; the plan expects " + strings.Join(missing, ", ")}
}

// whole reports whether every line but the script's is proven. The script runs last,
// once, when there is nothing else left to wait for.
func (p *proving) whole() bool {
	return p.looks > 0 && !slices.ContainsFunc(p.lines(), func(b BootLine) bool { return b.What != LineScript && b.Result != LineOK })
}

// tell shows how the proof stands, where that has changed.
func (p *proving) tell() error {
	lines := p.lines()
	if slices.Equal(lines, p.said) {
		return nil
	}
	p.said = lines
	return p.l.emit(BootSeen{Lines: lines})
}

func (p *proving) result(r BootResult) BootChecked {
	grew := p.uptime().Result == LineOK
	return BootChecked{
		Result: r, State: p.vm.State, Heartbeat: p.vm.Heartbeat, Uptime: p.vm.Uptime, Grew: grew,
		Addresses: p.vm.Addresses, Lines: p.lines(),
	}
}

// Missing is what of the proof is not there, in words; empty where nothing is.
func (b BootChecked) Missing() string {
	var out []string
	for _, l := range b.Lines {
		if l.Result != LineOK {
			out = append(out, l.What+" "+l.Saw)
		}
	}
	return strings.Join(out, ", ")
}

// mostSaid bounds what a line says in words that came from outside.
const mostSaid = 300

func cut(s string) string {
	s = strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "\uFFFD")
	if r := []rune(s); len(r) > mostSaid {
		return string(r[:mostSaid]) + "…"
	}
	return s
}
