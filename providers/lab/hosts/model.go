// Package hosts answers the program's own PowerShell scripts from the lab's
// world, as Hyper-V hosts would.
package hosts

import (
	"context"
	"encoding/json"
	"fmt"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
	"failback/providers/lab/world"
)

// Model runs scripts on the hosts of a world. It is safe for concurrent use.
type Model struct{ World *world.World }

var _ winrm.Model = Model{}

// Run answers one script; host is the host's name. Errors are those that the
// script itself would have met.
func (m Model) Run(_ context.Context, host, script string, params json.RawMessage) (any, error) {
	switch script {
	case scripts.HostFacts:
		return m.facts(host)
	case scripts.HostAgent:
		return m.agent(host)
	case scripts.ListVMs:
		return m.vms(host)
	case scripts.Activity:
		return m.activity(host)
	case scripts.ReadThreads:
		return m.threads(host)
	case scripts.ReadNetwork:
		return m.network(host)
	case scripts.ReadManagers:
		return given(params, func(p scripts.ManagersParams) (any, error) { return m.managers(host, p) })
	case scripts.Reach:
		return given(params, func(p scripts.ReachParams) (any, error) { return m.reach(host, p) })
	case scripts.ReadEvents:
		return given(params, func(p scripts.EventsParams) (any, error) { return m.events(host, p) })
	case scripts.SetThreads:
		return given(params, func(p scripts.SetThreadsParams) (any, error) { return m.setThreads(host, p) })
	case scripts.CreateVM:
		return given(params, func(p scripts.CreateVMParams) (any, error) { return m.createVM(host, p) })
	case scripts.SwapDisks:
		return given(params, func(p scripts.SwapDisksParams) (any, error) { return m.swapDisks(host, p) })
	case scripts.NewSwitch:
		return given(params, func(p scripts.NewSwitchParams) (any, error) { return m.newSwitch(host, p) })
	}
	var p scripts.GuardParams // VMParams is a part of it
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, scriptError(scripts.IDPayload, "InvalidData", "The parameters are not JSON.")
	}
	switch script {
	case scripts.ReadVM:
		return m.vm(host, p.VMID)
	case scripts.StartVM:
		return m.start(host, p.VMID)
	case scripts.Guard:
		return m.guard(host, p.VMID, p.Mark)
	case scripts.DiskSums:
		return m.sums(host, p.VMID)
	}
	return nil, fmt.Errorf("the lab has no script %q", script)
}

// given reads the parameters of a script.
func given[P any](raw json.RawMessage, run func(P) (any, error)) (any, error) {
	var p P
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, scriptError(scripts.IDPayload, "InvalidData", "The parameters are not JSON.")
	}
	return run(p)
}

func scriptError(id, category, msg string) *winrm.ScriptError {
	return &winrm.ScriptError{Msg: msg, Type: "System.Management.Automation.RuntimeException", ID: id, Category: category}
}

func notFound(id string) *winrm.ScriptError {
	return scriptError(scripts.IDNotFound, "ObjectNotFound", "No virtual machine with the id "+id+" is on this host.")
}
