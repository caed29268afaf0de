package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// reach tries the ports, each at its addresses in turn.
func (p *proving) reach(ctx context.Context) error {
	if len(p.ports) == 0 || !p.vm.Running() {
		return nil
	}
	if p.reached == nil {
		p.reached = make([]BootLine, len(p.ports))
	}
	var all sync.WaitGroup
	for i, port := range p.ports {
		all.Go(func() { p.reached[i] = p.try(ctx, port) })
	}
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// mostTried bounds at how many addresses a port is tried.
const mostTried = 4

func (p *proving) try(ctx context.Context, port ProofPort) BootLine {
	line := BootLine{What: port.words(), Result: LineNotSeen, Saw: "not tried: no address is known to try it at"}
	box := p.l.r.Ports.JumpBox
	if box == nil {
		line.Saw = "not tried: nothing can be tried from here"
		return line
	}
	at := []string{port.Address}
	if port.Address == "" {
		at = nil
		known := p.addresses
		if len(known) == 0 {
			known = tellingOf(p.vm.Addresses)
		}
		for _, ip := range known[:min(len(known), mostTried)] {
			at = append(at, ip.String())
		}
	}
	var why []string
	for _, a := range at {
		err := box.Reach(ctx, a, port.Port)
		if err == nil {
			return BootLine{What: port.words(), Result: LineOK, Saw: "answers at " + a}
		}
		why = append(why, a+": "+cut(err.Error()))
	}
	if len(why) > 0 {
		line.Saw = strings.Join(why, "; ")
	}
	return line
}

// runScript lets the operator's own script look, where the plan names one.
func (p *proving) runScript(ctx context.Context) error {
	want := p.l.plan().Boot.Script
	if want == nil {
		return nil
	}
	line := BootLine{What: LineScript, Result: LineNotSeen, Saw: "not run: nothing can be run from here"}
	p.script = &line
	box := p.l.r.Ports.JumpBox
	if box == nil {
		return nil
	}
	if err := p.l.note("info", "runs "+want.Path+" to look at the machine"); err != nil {
		return err
	}
	input, err := json.Marshal(p.data())
	if err != nil {
		return err
	}
	got, err := box.Script(ctx, ScriptCall{ProofScript: *want, Env: p.env(), Input: append(input, '\n')})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		line.Saw = "not run: " + cut(err.Error())
	case got.TimedOut:
		line.Saw = "ended after " + SpanWords(want.Timeout) + ", its time"
	case got.Exit != 0:
		line.Result, line.Saw = LineWrong, fmt.Sprintf("exit status %d after %s", got.Exit, SpanWords(got.Took))
	default:
		line.Result, line.Saw = LineOK, "exit status 0 after "+SpanWords(got.Took)
	}
	if out := strings.TrimSpace(got.Output); out != "" {
		line.Saw += ": " + cut(out)
	}
	return nil
}

// scriptData is what a script reads from its standard input. Fields are added, never
// renamed.
type scriptData struct {
	V         int      `json:"v"`
	Run       RunID    `json:"run"`
	Item      string   `json:"item"`
	VMID      string   `json:"vm_id"`
	VM        string   `json:"vm"`
	Host      string   `json:"host"`
	State     string   `json:"state"`
	Heartbeat string   `json:"heartbeat"`
	Uptime    int64    `json:"uptime_s"`
	Addresses []string `json:"addresses"`
	Rehearsal bool     `json:"rehearsal"`
}

func (p *proving) data() scriptData {
	return scriptData{
		V: 1, Run: p.l.r.Stream.State().Run, Item: p.l.item.Name, VMID: p.vm.ID, VM: p.vm.Name, Host: p.l.host(),
		State: p.vm.State, Heartbeat: p.vm.Heartbeat, Uptime: int64(p.vm.Uptime.Seconds()),
		Addresses: append([]string{}, p.vm.Addresses...), Rehearsal: p.l.plan().Rehearsal,
	}
}

// env is the same for scripts that read no JSON. What comes from a vault or a guest is
// data in it, whatever it holds.
func (p *proving) env() map[string]string {
	d := p.data()
	return map[string]string{
		"FAILBACK_RUN": string(d.Run), "FAILBACK_ITEM": d.Item, "FAILBACK_VM_ID": d.VMID, "FAILBACK_VM": d.VM,
		"FAILBACK_HOST": d.Host, "FAILBACK_ADDRESSES": strings.Join(d.Addresses, " "),
	}
}
