package world

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"failback/providers/lab/estate"
)

// oddBoots are the troubles that a guest can have with its start.
var oddBoots = []estate.Trouble{
	estate.NoBoot, estate.BootLoops, estate.BootsToRecovery, estate.HeartbeatLies,
	estate.Restarts, estate.WrongAddress, estate.PortsClosed,
}

// neverBoots are those with which it never comes up, and what its console shows.
var neverBoots = map[estate.Trouble]string{
	estate.NoBoot:          "the guest stopped at its start screen",
	estate.BootLoops:       "the guest stops while it starts, and begins again",
	estate.BootsToRecovery: "the guest shows its recovery console",
	estate.HeartbeatLies:   "the guest hangs; its integration services go on",
}

// loop is how long a guest that begins again and again is up.
const loop = 11 * time.Second

// restartOnce lets a guest start, install what it has found, and restart.
func (w *World) restartOnce(ctx context.Context, vm VM) error {
	if err := w.sleep(ctx, w.times().Boot*3/2); err != nil {
		return err
	}
	return w.change(func(s *State) {
		if v := s.VM(vm.Host, vm.ID); v != nil && v.State == VMRunning {
			v.Since = now()
		}
	})
}

// Heartbeat is what Hyper-V hears of the guest's integration services.
func (vm *VM) Heartbeat() string {
	switch {
	case vm.State == VMRunning && (vm.Booted || vm.Odd == estate.HeartbeatLies):
		return "OkApplicationsHealthy"
	case vm.State == VMRunning && vm.Odd == estate.BootsToRecovery:
		return "OkApplicationsUnknown" // the kernel's part of them runs
	}
	return "NoContact"
}

// Uptime is how long the guest is up.
func (vm *VM) Uptime() time.Duration {
	if vm.State != VMRunning {
		return 0
	}
	up := time.Since(vm.Since)
	if vm.Odd == estate.BootLoops {
		up %= loop
	}
	return up
}

// Addresses are what the guest says that its addresses are.
func (vm *VM) Addresses() []string {
	told := vm.Booted || vm.Odd == estate.HeartbeatLies
	if vm.State != VMRunning || !told {
		return nil
	}
	if vm.Odd == estate.WrongAddress {
		return []string{addressOf("198.51.100", vm.ID)}
	}
	return []string{AddressOf(vm.ID)}
}

// AddressOf is an address of the range for documentation that follows from an id.
func AddressOf(id string) string { return addressOf("192.0.2", id) }

func addressOf(network, id string) string {
	n := 0
	for _, c := range id {
		n = (n*31 + int(c)) % 250
	}
	return fmt.Sprintf("%s.%d", network, n+1)
}

// Answer is what becomes of a connection to a guest.
type Answer string

// The answers.
const (
	Answers Answer = ""
	Refused Answer = "connection refused"
	Silence Answer = "no answer"
)

// Reach is what a machine beside the guests gets when it connects to one.
func (w *World) Reach(address string, port int) Answer {
	answer := Silence
	w.Read(func(s *State) {
		for _, vm := range s.VMs {
			if !vm.Booted || vm.State != VMRunning || !slices.Contains(vm.Addresses(), address) {
				continue
			}
			answer = Refused
			if it := s.Item(vm.Item); vm.Odd != estate.PortsClosed && it != nil && slices.Contains(it.ports(), port) {
				answer = Answers
				return
			}
		}
	})
	return answer
}

// ports are the TCP ports that the item's guest answers at.
func (it *Item) ports() []int {
	if len(it.Home.Ports) > 0 {
		return it.Home.Ports
	}
	if cmp.Or(it.OS, "Windows") == "Linux" {
		return []int{22}
	}
	return []int{3389}
}
