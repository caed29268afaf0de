package hyperv

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

var _ engine.MachineDesk = (*Access)(nil)

// CreateVM implements [engine.MachineDesk]. A VM that could not be finished is taken
// away again by the script; where that fails too the failure is of kind
// unknown-outcome.
func (a *Access) CreateVM(ctx context.Context, host string, vm engine.NewVM) (string, error) {
	if why := unfit(vm); why != "" {
		return "", notSent(scripts.CreateVM, host, why)
	}
	var answer scripts.MachineAnswer
	params := scripts.CreateVMParams{
		Name: vm.Name, Generation: vm.Generation, CPUs: vm.CPUs, Memory: vm.Memory,
		Switch: vm.Switch, SecureBoot: vm.SecureBoot, Notes: vm.Notes, Disks: vm.Disks,
	}
	if err := a.on(ctx, host, scripts.CreateVM, "", params, &answer); err != nil {
		return "", err
	}
	if !guid.MatchString(answer.ID) {
		return "", readBack(scripts.CreateVM, host, "", engine.FailureUnknown, fmt.Sprintf("the host accepted it and names the VM %q, which is no id", answer.ID))
	}
	id := strings.ToLower(answer.ID)
	if why := differs(vm, answer); why != "" {
		return id, readBack(scripts.CreateVM, host, id, engine.FailureOther, why)
	}
	return id, nil
}

// SwapDisks implements [engine.MachineDesk]. The VM that it returns has no more of its
// disks than their paths.
func (a *Access) SwapDisks(ctx context.Context, host, vmID string, s engine.DiskSwap) (engine.VM, error) {
	if why := unfitSwap(s); why != "" {
		return engine.VM{}, notSent(scripts.SwapDisks, host, why)
	}
	var answer scripts.MachineAnswer
	err := a.runForVM(ctx, host, scripts.SwapDisks, vmID, scripts.SwapDisksParams{VMID: vmID, From: s.From, To: s.To}, &answer)
	if err != nil {
		return engine.VM{}, a.elsewhere(ctx, host, vmID, err)
	}
	vm := machineOf(answer)
	if !samePaths(s.To, answer.Paths) {
		return vm, readBack(scripts.SwapDisks, host, vmID, engine.FailureUnknown, "the host accepted it, but reads back the disks "+strings.Join(answer.Paths, ", "))
	}
	return vm, nil
}

func machineOf(a scripts.MachineAnswer) engine.VM {
	vm := machine(scripts.VMAnswer{VMRow: a.VMRow, Switches: a.Switches})
	for _, p := range a.Paths {
		vm.Disks = append(vm.Disks, engine.VMDisk{Path: p})
	}
	return vm
}

// differs says what a host made otherwise than it was asked to.
func differs(want engine.NewVM, got scripts.MachineAnswer) string {
	switch {
	case got.Generation != want.Generation, got.CPUs != want.CPUs, got.Memory != want.Memory:
		return fmt.Sprintf("the host made a VM of generation %d with %d processors and %d bytes of memory", got.Generation, got.CPUs, got.Memory)
	case got.State != "Off", got.AutoStart != scripts.AutoStartNothing:
		return "the host made a VM that is " + got.State + " and whose automatic start is " + got.AutoStart
	case !samePaths(want.Disks, got.Paths):
		return "the host made a VM with the disks " + strings.Join(got.Paths, ", ")
	case want.Switch != "" && !slices.Contains(got.Switches, want.Switch):
		return "the host made a VM that is not connected to " + want.Switch
	}
	return ""
}

// samePaths compares paths as Windows does, without case.
func samePaths(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }

// The bounds of what Hyper-V takes for one VM.
const (
	maxName  = 100
	maxDisks = 65 // one to start from and a controller of 64
)

// unfit says why a VM can't be asked for.
func unfit(vm engine.NewVM) string {
	switch {
	case strings.TrimSpace(vm.Name) == "" || len(vm.Name) > maxName || !plainText(vm.Name):
		return fmt.Sprintf("%q is no name of a VM", vm.Name)
	case vm.Generation != 1 && vm.Generation != 2:
		return fmt.Sprintf("there is no generation %d", vm.Generation)
	case vm.CPUs < 1 || vm.Memory < 32<<20 || vm.Memory%(2<<20) != 0:
		return fmt.Sprintf("%d processors and %d bytes of memory: it needs a processor and a multiple of 2 MiB from 32 MiB", vm.CPUs, vm.Memory)
	case !plainText(vm.Switch):
		return fmt.Sprintf("%q is no name of a switch", vm.Switch)
	case vm.SecureBoot != "" && (vm.Generation != 2 || vm.SecureBoot != "On" && vm.SecureBoot != "Off"):
		return fmt.Sprintf("secure boot %q of a VM of generation %d", vm.SecureBoot, vm.Generation)
	case strings.Contains(vm.Notes, "[failback-guard "):
		return "notes that look like a start guard"
	}
	return unfitFiles(vm.Disks)
}

func unfitSwap(s engine.DiskSwap) string {
	if len(s.From) != len(s.To) {
		return fmt.Sprintf("%d files in the place of %d disks", len(s.To), len(s.From))
	}
	return unfitFiles(s.To)
}

func unfitFiles(paths []string) string {
	if len(paths) == 0 || len(paths) > maxDisks {
		return fmt.Sprintf("%d disks: from 1 to %d can be attached", len(paths), maxDisks)
	}
	for _, p := range paths {
		if p == "" || !plainText(p) {
			return fmt.Sprintf("%q is no path of a file", p)
		}
	}
	return ""
}

func plainText(s string) bool { return !strings.ContainsFunc(s, unicode.IsControl) }

func notSent(script, host, why string) error {
	return &engine.Failure{
		Kind: engine.FailureUsage, What: purposes[script], Where: "host " + host, Why: why,
		Remedy: "Nothing was sent. Correct the plan.",
	}
}

func readBack(script, host, vmID string, kind engine.FailureKind, why string) error {
	return &engine.Failure{
		Kind: kind, What: purposes[script], Where: where(host, script, vmID), Why: why,
		Remedy: "Look at the VM in Hyper-V Manager before it is started.",
	}
}
