package hyperv

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// DefaultTimeout bounds a call whose context has no earlier deadline.
const DefaultTimeout = 2 * time.Minute

// Options say how hosts are reached.
type Options struct {
	// Hosts by the names the vault uses, compared without case.
	Hosts map[string]Endpoint
	// Timeout bounds one call, DefaultTimeout if zero.
	Timeout time.Duration
	// Tape records what is said with the hosts; nil records nothing. Whoever made it
	// closes it, after [Access.Close].
	Tape *Tape
	// SignIn is the name that the cloud is signed in to at, that of Azure's public cloud
	// where it is empty.
	SignIn string
}

// Access reads and changes Hyper-V hosts. It is safe for concurrent use. Nothing
// is sent before the first call, and nothing is ever sent twice: who repeats a
// call decides that. Every error is an [*engine.Failure].
type Access struct {
	hosts   map[string]*host
	signIn  string
	cleanup sync.WaitGroup
	alone   sync.Map // hosts that are in no cluster, by name
}

var _ engine.HostAccess = (*Access)(nil)

// New checks the endpoints and returns access to them. A bad endpoint is a
// failure of kind usage that names it.
func New(o Options) (*Access, error) {
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	a := &Access{hosts: map[string]*host{}, signIn: cmp.Or(o.SignIn, signInAddress)}
	slots := map[string]chan struct{}{} // by address: one host may have several names
	for name, endpoint := range o.Hosts {
		checked, err := endpoint.check()
		if err != nil {
			return nil, &engine.Failure{
				Kind: engine.FailureUsage, What: "read the settings of a host", Where: name,
				Why: err.Error(), Remedy: "Correct the host's entry in the profile.", Err: err,
			}
		}
		if checked.tape = o.Tape; o.Tape != nil {
			o.Tape.clean.Hide(name, endpoint.User)
		}
		key := strings.ToLower(name)
		if _, twice := a.hosts[key]; twice {
			return nil, engine.Usagef("Keep one of the entries.", "host %s is listed twice", name)
		}
		address := strings.ToLower(checked.url.Host)
		if slots[address] == nil {
			slots[address] = make(chan struct{}, maxShells)
		}
		a.hosts[key] = newHost(name, checked, o.Timeout, slots[address], &a.cleanup)
	}
	return a, nil
}

// Close waits until the shells of calls that were given up are gone from their
// hosts; each has five seconds. No call may run or follow.
func (a *Access) Close() error {
	a.cleanup.Wait()
	for _, h := range a.hosts {
		h.at.login.close()
	}
	return nil
}

// Facts reads what the host says about itself. Services that are not installed
// are absent; switches are empty where vmms does not run. Role, framework and agent
// come from a script of their own: where it fails, its parts say why in Unread, and
// the rest counts.
func (a *Access) Facts(ctx context.Context, host string) (engine.HostFacts, error) {
	var answer scripts.HostFactsAnswer
	if err := a.run(ctx, host, scripts.HostFacts, &answer); err != nil {
		return facts(answer), err
	}
	f := facts(answer)
	var more scripts.HostAgentAnswer
	if err := a.run(ctx, host, scripts.HostAgent, &more); err != nil {
		f.HostAgent = unreadable(err)
		return f, nil
	}
	f.HostAgent = agent(more)
	return f, nil
}

// VM reads one VM whole. Where its host does not have it and is a node of a cluster,
// the failure names the node that has.
func (a *Access) VM(ctx context.Context, host, vmID string) (engine.VM, error) {
	var answer scripts.VMAnswer
	err := a.runForVM(ctx, host, scripts.ReadVM, vmID, scripts.VMParams{VMID: vmID}, &answer)
	return machine(answer), a.elsewhere(ctx, host, vmID, err)
}

// VMs lists the host's VMs without adapters, checkpoints and disks, which cost
// seconds a VM: read one with [Access.VM] to see them.
func (a *Access) VMs(ctx context.Context, host string) ([]engine.VM, error) {
	var answer scripts.VMsAnswer
	if err := a.run(ctx, host, scripts.ListVMs, &answer); err != nil {
		return nil, err
	}
	list := make([]engine.VM, 0, len(answer.VMs))
	for _, row := range answer.VMs {
		list = append(list, machineRow(row))
	}
	return list, nil
}

// Start starts a VM that is off or saved. It is refused by the host in any other
// state, and as unsafe while the VM carries the start guard.
func (a *Access) Start(ctx context.Context, host, vmID string) error {
	var answer scripts.StartVMAnswer
	return a.runForVM(ctx, host, scripts.StartVM, vmID, scripts.VMParams{VMID: vmID}, &answer)
}

// Guard sets or lifts the start guard and checks that the host kept it. Repeating
// it is harmless: the automatic start of before the first guard is remembered in
// the VM's notes and comes back when the guard is lifted.
func (a *Access) Guard(ctx context.Context, host, vmID, mark string) error {
	var answer scripts.GuardAnswer
	err := a.runForVM(ctx, host, scripts.Guard, vmID, scripts.GuardParams{VMID: vmID, Mark: mark}, &answer)
	if err != nil {
		return err
	}
	after := answer.After
	guarded := strings.Contains(after.Notes, scripts.GuardPrefix)
	open := after.AutoStart != scripts.AutoStartNothing || after.Cluster != "" && after.Cluster != scripts.ClusterNoAutoStart
	if guarded != (mark != "") || guarded && open {
		return &engine.Failure{
			Kind: engine.FailureOther, What: "set the start guard of a VM", Where: where(host, scripts.Guard, vmID),
			Why:    strings.TrimSuffix(fmt.Sprintf("the host accepted it, but reads back automatic start %s, priority of its role %s", after.AutoStart, after.Cluster), ", priority of its role "),
			Remedy: "Set the VM's automatic start action by hand, and the priority of a clustered VM's role to \"No Auto Start\".",
		}
	}
	return nil
}

// Activity reads the agent's transfer counters. Not-found where the agent does
// not run.
func (a *Access) Activity(ctx context.Context, host string) (engine.Activity, error) {
	var answer scripts.ActivityAnswer
	if err := a.run(ctx, host, scripts.Activity, &answer); err != nil {
		return engine.Activity{}, err
	}
	if answer.Processes == 0 {
		return engine.Activity{}, &engine.Failure{
			Kind: engine.FailureNotFound, What: "read the agent's activity", Where: where(host, scripts.Activity, ""),
			Why: "the recovery services agent (cbengine.exe) does not run", Remedy: "Start the service obengine on the host.",
		}
	}
	return engine.Activity{At: answer.At, Read: answer.Read, Written: answer.Written}, nil
}

// DiskSums returns the checksums that lie beside the VM's disks.
func (a *Access) DiskSums(ctx context.Context, host, vmID string) ([]engine.DiskSum, error) {
	var answer scripts.DiskSumsAnswer
	err := a.runForVM(ctx, host, scripts.DiskSums, vmID, scripts.VMParams{VMID: vmID}, &answer)
	if err != nil {
		return nil, err
	}
	return diskSums(answer), nil
}

var guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (a *Access) runForVM(ctx context.Context, host, script, vmID string, params, answer any) error {
	if !guid.MatchString(vmID) {
		return &engine.Failure{
			Kind: engine.FailureUsage, What: purposes[script], Where: "host " + host,
			Why: fmt.Sprintf("%q is no Hyper-V VM id", vmID), Remedy: "Name the VM by its GUID.",
		}
	}
	return a.on(ctx, host, script, vmID, params, answer)
}

// run runs a script that takes no parameters.
func (a *Access) run(ctx context.Context, host, script string, answer any) error {
	return a.on(ctx, host, script, "", scripts.NoParams{}, answer)
}

func (a *Access) on(ctx context.Context, name, script, vmID string, params, answer any) error {
	if err := a.known(name, purposes[script]); err != nil {
		return err
	}
	return a.hosts[strings.ToLower(name)].run(ctx, call{script: script, vmID: vmID, params: params, answer: answer})
}

// known refuses a host that has no endpoint.
func (a *Access) known(name, what string) error {
	if _, ok := a.hosts[strings.ToLower(name)]; ok {
		return nil
	}
	return &engine.Failure{
		Kind: engine.FailureUsage, What: what, Where: "host " + name,
		Why: "no WinRM endpoint is configured for this host", Remedy: "Add the host to the profile, under the name the vault uses.",
	}
}
