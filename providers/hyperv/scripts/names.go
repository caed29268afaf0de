package scripts

import (
	"crypto/sha256"
	_ "embed" // the PowerShell files are part of the program
	"encoding/hex"
	"slices"
)

// The names of the scripts.
const (
	HostFacts = "host-facts" // NoParams → HostFactsAnswer
	HostAgent = "host-agent" // NoParams → HostAgentAnswer
	ReadVM    = "vm"         // VMParams → VMAnswer, everything about one VM
	ListVMs   = "vms"        // NoParams → VMsAnswer, thin rows
	StartVM   = "start-vm"   // VMParams → StartVMAnswer, acting
	Guard     = "guard"      // GuardParams → GuardAnswer, acting
	Activity  = "activity"   // NoParams → ActivityAnswer
	DiskSums  = "disk-sums"  // VMParams → DiskSumsAnswer

	ReadThreads = "threads"     // NoParams → ThreadsAnswer
	SetThreads  = "set-threads" // SetThreadsParams → SetThreadsAnswer, acting
	ReadNetwork = "network"     // NoParams → NetworkAnswer
	NewSwitch   = "new-switch"  // NewSwitchParams → NewSwitchAnswer, acting

	ReadEvents = "events" // EventsParams → EventsAnswer
	Reach      = "reach"  // ReachParams → ReachAnswer

	ReadManagers = "managers" // ManagersParams → ManagersAnswer

	CreateVM  = "create-vm"  // CreateVMParams → MachineAnswer, acting
	SwapDisks = "swap-disks" // SwapDisksParams → MachineAnswer, acting
)

// The texts. Those that share a beginning have it in a file of its own: find-vm.ps1
// for those that name a VM.
var (
	//go:embed ps/host-facts.ps1
	hostFactsText string
	//go:embed ps/host-agent.ps1
	hostAgentText string
	//go:embed ps/find-vm.ps1
	findVMText string
	//go:embed ps/vm.ps1
	vmText string
	//go:embed ps/vms.ps1
	vmsText string
	//go:embed ps/start-vm.ps1
	startVMText string
	//go:embed ps/guard.ps1
	guardText string
	//go:embed ps/activity.ps1
	activityText string
	//go:embed ps/disk-sums.ps1
	diskSumsText string
	//go:embed ps/threads-key.ps1
	threadsKeyText string
	//go:embed ps/threads.ps1
	threadsText string
	//go:embed ps/set-threads.ps1
	setThreadsText string
	//go:embed ps/network-read.ps1
	networkReadText string
	//go:embed ps/network.ps1
	networkText string
	//go:embed ps/new-switch.ps1
	newSwitchText string
	//go:embed ps/reach.ps1
	reachText string
	//go:embed ps/managers.ps1
	managersText string
	//go:embed ps/events.ps1
	eventsText string
	//go:embed ps/disk-files.ps1
	diskFilesText string
	//go:embed ps/create-vm.ps1
	createVMText string
	//go:embed ps/swap-disks.ps1
	swapDisksText string
)

// Class says what a script may do to its host.
type Class string

// The classes. A reading script changes nothing and may be repeated; an acting one
// changes its host, and must not be sent again after a lost answer without looking
// first.
const (
	Reading Class = "reading"
	Acting  Class = "acting"
)

// script is one constant script.
type script struct {
	name  string
	text  string
	class Class
}

var all = []script{
	{HostFacts, hostFactsText, Reading},
	{HostAgent, hostAgentText, Reading},
	{ReadVM, findVMText + vmText, Reading},
	{ListVMs, findVMText + vmsText, Reading},
	{StartVM, findVMText + startVMText, Acting},
	{Guard, findVMText + guardText, Acting},
	{Activity, activityText, Reading},
	{DiskSums, findVMText + diskSumsText, Reading},
	{ReadThreads, threadsKeyText + threadsText, Reading},
	{SetThreads, threadsKeyText + setThreadsText, Acting},
	{ReadNetwork, networkReadText + networkText, Reading},
	{NewSwitch, networkReadText + newSwitchText, Acting},
	{ReadEvents, eventsText, Reading},
	{Reach, reachText, Reading},
	{ReadManagers, managersText, Reading},
	{CreateVM, findVMText + diskFilesText + createVMText, Acting},
	{SwapDisks, findVMText + diskFilesText + swapDisksText, Acting},
}

func byName(name string) (script, bool) {
	i := slices.IndexFunc(all, func(s script) bool { return s.name == name })
	if i < 0 {
		return script{}, false
	}
	return all[i], true
}

// Names lists the scripts, sorted.
func Names() []string {
	names := make([]string, 0, len(all))
	for _, s := range all {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// Text returns the PowerShell text of a script, empty for an unknown name. It is
// the same for every call: no data ever becomes part of it.
func Text(name string) string {
	s, _ := byName(name)
	return s.text
}

// ClassOf is the class of a script, empty for an unknown name.
func ClassOf(name string) Class {
	s, _ := byName(name)
	return s.class
}

// Mutating reports whether a script is an acting one.
func Mutating(name string) bool { return ClassOf(name) == Acting }

// Hash is the hexadecimal SHA-256 of a script's text, empty for an unknown name.
func Hash(name string) string {
	s, ok := byName(name)
	if !ok {
		return ""
	}
	return hashOf(s.text)
}

// ByText finds the script that has exactly this text, by its hash.
func ByText(text string) (name string, ok bool) {
	hash := hashOf(text)
	for _, s := range all {
		if hashOf(s.text) == hash {
			return s.name, true
		}
	}
	return "", false
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
