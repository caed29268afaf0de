// Package connect opens everything a run needs of one vault: Site Recovery, the
// Azure copies and the Hyper-V hosts, behind the ports of package engine. A
// rehearsal is opened the same way, against the lab's addresses.
package connect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/machines"
	"failback/providers/direct"
	"failback/providers/diskcopy"
	"failback/providers/hyperv"
	"failback/providers/jumpbox"
	"failback/providers/siterecovery"
)

// defaultPoll is the interval between two looks at a job. The service itself
// asks for 30 s between two looks at an operation and allows far more.
const defaultPoll = 15 * time.Second

// Options describes a vault and how it is reached.
type Options struct {
	Name      string // profile or estate
	Rehearsal bool   // nothing real is at stake
	// Azure is the sign-in; its subscription is the vault's.
	Azure         azure.Options
	ResourceGroup string
	Vault         string
	// Hosts are the Hyper-V hosts by the names the vault uses. Without one a
	// run can't look at that host, and says so.
	Hosts map[string]hyperv.Endpoint
	Poll  time.Duration // 15 s where zero
	// RequestsPerMinute bounds the reads of the management API; 0 is the default,
	// counted in a rehearsal's own time.
	RequestsPerMinute int
	// Session is a sign-in that [Vaults] has made; nil makes one. It belongs to the
	// connection then.
	Session *azure.Session
	Rates   engine.Rates
	// Tape records what is said with the hosts; nil records nothing.
	Tape *hyperv.Tape
	// ProvePorts are TCP ports that every machine has to answer at before its boot
	// counts as proven, where a plan names none.
	ProvePorts []int
	// Reach tries TCP ports of machines; nil is this machine's own network.
	Reach jumpbox.Reach
	// Jobs is the folder of the jobs of failbacks without Site Recovery, the vault's
	// own. Without one there are none.
	Jobs string
}

// Open opens the vault and signs in to it; a fixed token signs in to nothing, so
// a rehearsal sends nothing yet. Settings that make no sense and a sign-in that
// fails are failures here, a missing right or a host that is off shows at the
// first read. A sign-in that needs a person is asked for here and never later.
func Open(ctx context.Context, o Options) (*engine.Connection, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if o.Poll <= 0 {
		o.Poll = defaultPoll
	}
	o.Azure.RequestsPerMinute = o.budget()
	if o.Azure.Recorder != nil {
		o.Azure.Recorder.Hide(o.Azure.Subscription, o.ResourceGroup, o.Vault, o.Azure.Token)
		for name := range o.Hosts {
			o.Azure.Recorder.Hide(name)
		}
	}
	session, err := o.session()
	if err != nil {
		return nil, err
	}
	vault, err := siterecovery.New(siterecovery.Options{
		Subscription: o.Azure.Subscription, ResourceGroup: o.ResourceGroup, Vault: o.Vault,
		Credential: session.Credential(), ClientOptions: session.ClientOptions(), Download: session.Download,
	})
	if err != nil {
		return nil, err
	}
	hosts, err := hyperv.New(hyperv.Options{Hosts: o.Hosts, Tape: o.Tape, SignIn: o.Azure.Cloud.SignInName()})
	if err != nil {
		return nil, err
	}
	if err := session.SignIn(ctx); err != nil {
		session.Close()
		return nil, err
	}
	var prove []engine.ProofPort
	for _, port := range o.ProvePorts {
		prove = append(prove, engine.ProofPort{Port: port})
	}
	ports := engine.Ports{Inventory: vault, Failover: vault, Plans: vault, Hosts: hosts, Azure: azure.NewAccess(session), JumpBox: jumpbox.New(o.Reach)}
	desk, err := o.direct(session, hosts, vault, ports)
	if err != nil {
		session.Close()
		return nil, errors.Join(err, hosts.Close())
	}
	ports.Inventory = desk.Guarded()
	return &engine.Connection{
		Prove: prove,
		Name:  o.Name, Vault: o.Vault, Rehearsal: o.Rehearsal, Poll: o.Poll, Rates: o.Rates,
		Ports:   ports,
		Direct:  desk.Ports,
		Jobs:    desk.JobDesk(vault),
		Hosts:   hosts,
		Reaches: slices.Sorted(maps.Keys(o.Hosts)),
		Traffic: session.Traffic,
		Close: func() error {
			err := desk.Close()
			session.Close()
			return errors.Join(err, hosts.Close())
		},
	}, nil
}

// direct is what carries out plans without Site Recovery, over the same sign-in and the
// same hosts.
func (o Options) direct(session *azure.Session, hosts *hyperv.Access, vault *siterecovery.Client, ports engine.Ports) (*direct.Desk, error) {
	desk, err := machines.New(session)
	if err != nil {
		return nil, err
	}
	mover := diskcopy.New(nil, func(context.Context) (*azure.Session, error) { return session.In(session.Subscription()), nil })
	return direct.New(direct.Options{
		Folder: o.Jobs, Vault: ports, Machines: hosts, Azure: desk, Session: session, Mover: mover, Protect: vault, Poll: o.Poll,
	}), nil
}

// session is the sign-in, in the vault's subscription.
func (o Options) session() (*azure.Session, error) {
	if o.Session != nil {
		return o.Session.In(o.Azure.Subscription), nil
	}
	return azure.Open(o.Azure)
}

// budget is the requests a minute that reads keep to. The time of a rehearsal, or of
// a lab on this machine, may run faster than the wall's, and it asks as much faster.
func (o Options) budget() int {
	switch {
	case o.RequestsPerMinute > 0:
		return o.RequestsPerMinute
	case (o.Rehearsal || o.Azure.Auth == azure.AuthLoopback) && o.Poll < defaultPoll:
		return int(azure.DefaultBudget * (defaultPoll.Seconds() / o.Poll.Seconds()))
	}
	return azure.DefaultBudget
}

// JobsIn is the folder of a state directory for the jobs of the vault that o names.
func JobsIn(stateDir string, o Options) string {
	sum := sha256.Sum256([]byte(strings.ToLower(o.Azure.Subscription + "/" + o.ResourceGroup + "/" + o.Vault)))
	return filepath.Join(stateDir, "direct", hex.EncodeToString(sum[:8]))
}
