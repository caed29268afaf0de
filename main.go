// Command failback brings Hyper-V virtual machines home from Azure with Azure
// Site Recovery, and rehearses it in an embedded lab.
package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/config"
	"failback/engine"
	"failback/engine/bundle"
	"failback/providers/azure"
	"failback/providers/azure/record"
	"failback/providers/connect"
	"failback/providers/diskcopy"
	"failback/providers/jumpbox"
	"failback/providers/lab"
	"failback/tui/cli"
)

// Set by the linker for releases.
var version, commit, date string

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A reader that goes away is an error of a write: a run is let go of in order.
	signal.Ignore(syscall.SIGPIPE)
	// The second interrupt finds the system's own handling and ends at once.
	context.AfterFunc(ctx, stop)
	var r root
	return cli.Run(ctx, os.Args[1:], cli.Deps{
		Build:       cli.Build{Version: version, Commit: commit, Date: date}.WithDefaults(),
		Streams:     cli.SystemStreams(),
		Open:        r.open,
		Vaults:      r.vaults,
		Reach:       reach,
		Record:      r.record,
		Clean:       func(names bool, hide ...string) bundle.Cleaner { return record.NewCleaner(names, hide...) },
		ServeLab:    serveLab,
		ResetLab:    func(ctx context.Context, l cli.Lab) error { return connect.ResetLab(ctx, labOptions(l)) },
		Certificate: certificate,
		Disks:       r.disks,
		ScriptSum:   jumpbox.Sum,
		Permissions: permissions(azure.Permissions()), DirectPermissions: permissions(azure.DirectPermissions()),
	})
}

// disks copies single disks. It signs in with a profile for managed disks alone.
func (r *root) disks(target func() (cli.Target, error)) cli.Disks {
	client := policy.ClientOptions{Transport: &http.Client{Transport: diskcopy.Transport()}}
	return diskcopy.New(diskcopy.PageBlobs(client), func(context.Context) (*azure.Session, error) {
		t, err := target()
		if err != nil {
			return nil, err
		}
		if t.Profile == nil {
			return nil, engine.Usagef("name a profile with --profile", "the lab of a rehearsal lends its disks to no command: serve it with failback lab serve, and write a profile for it")
		}
		return azure.Open(r.settings(t).Azure)
	})
}

// root is what the connections of one program share.
type root struct {
	recording connect.Recording

	mu       sync.Mutex
	signedIn map[string]*azure.Session // by profile, to be used once
}

// open connects to a profile or to the lab: the same providers either way.
func (r *root) open(ctx context.Context, t cli.Target) (*engine.Connection, error) {
	if t.Profile == nil {
		return connect.Rehearse(ctx, labOptions(t.Lab), t.Lab.Notice, r.recording)
	}
	secrets := newHostSecrets(t)
	hosts, err := secrets.endpoints()
	if err != nil {
		return nil, err
	}
	o := r.settings(t)
	o.Hosts, o.Tape = hosts, r.recording.Hosts
	if t.StateDir != "" {
		o.Jobs = connect.JobsIn(t.StateDir, o)
	}
	conn, err := connect.Open(ctx, o)
	if err != nil || !t.AskNow {
		return conn, err
	}
	if err := secrets.unlock(ctx); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// vaults finds what the sign-in of a profile, or of the lab, can see.
func (r *root) vaults(ctx context.Context, t cli.Target, emit func(engine.Vault)) error {
	if t.Profile == nil {
		return connect.LabVaults(ctx, labOptions(t.Lab), r.recording.Azure, emit)
	}
	session, err := connect.Vaults(ctx, r.settings(t), emit)
	r.keep(t.Profile.Name, session)
	return err
}

// reach looks at the services of a profile's cloud, without signing in.
func reach(ctx context.Context, t cli.Target, report func(cli.Reached)) error {
	return azure.Reach(ctx, signIn(*t.Profile, t.Person), func(a azure.Reached) {
		report(cli.Reached{Service: a.Service, Address: a.Address, Took: a.Took, Behind: a.Behind, Dated: a.Dated, Err: a.Err})
	})
}

// keep has the sign-in of a profile ready for the connection that follows. nil lets
// go of it.
func (r *root) keep(profile string, s *azure.Session) *azure.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.signedIn[profile]
	if r.signedIn == nil {
		r.signedIn = map[string]*azure.Session{}
	}
	r.signedIn[profile] = s
	return kept
}

// settings are a profile in the words of the providers, without its hosts.
func (r *root) settings(t cli.Target) connect.Options {
	p := *t.Profile
	account := signIn(p, t.Person)
	account.Recorder = r.recording.Azure
	return connect.Options{
		Name:          p.Name,
		Azure:         account,
		Session:       r.keep(p.Name, nil),
		ResourceGroup: p.ResourceGroup, Vault: p.Vault, Poll: p.Poll.Std(), RequestsPerMinute: p.RequestsPerMinute,
		ProvePorts: p.ProvePorts,
	}
}

// signIn is how a profile signs in; secrets come from the keyring or the person,
// when they are needed.
func signIn(p config.Profile, person engine.Person) azure.Options {
	return azure.Options{
		Cloud: azure.Cloud{
			Name: p.Cloud.Name, ResourceManager: p.Cloud.ResourceManager,
			Authority: p.Cloud.Authority, Audience: p.Cloud.Audience, Storage: p.Cloud.Storage,
		},
		Auth: string(p.Auth), Tenant: p.Tenant, ClientID: p.ClientID, TokenFile: p.TokenFile, Token: p.Token,
		Subscription: p.Subscription, Proxy: p.Proxy, CA: p.CA, Show: person.Show,
		Secret: func(ctx context.Context) (string, error) {
			secret, err := p.Secret(ctx, person.Secret)
			return secret, notSignedIn(err)
		},
		Certificate: func(ctx context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) {
			certs, key, err := p.ClientCertificate(ctx, person.Secret)
			return certs, key, notSignedIn(err)
		},
	}
}

// notSignedIn is a secret that can't be had as what it is for the sign-in.
func notSignedIn(err error) error {
	var e *config.Error
	if !errors.As(err, &e) {
		return err
	}
	return &engine.Failure{Kind: engine.FailurePermission, What: "sign in to Azure", Why: e.Error(), Remedy: e.Remedy, Err: err}
}

func permissions(list []azure.Permission) []cli.Permission {
	var out []cli.Permission
	for _, p := range list {
		out = append(out, cli.Permission{Action: string(p.Action), Data: p.Data, For: p.For, Roles: p.Roles, Inferred: p.Inferred})
	}
	return out
}

// certificate reads a PFX; its password ends here.
func certificate(path, password string) (*engine.Certificate, error) {
	thumbprint, pfx, err := config.ReadCertificate(path, password)
	if err != nil {
		return nil, err
	}
	return engine.NewCertificate(thumbprint, pfx), nil
}

func labOptions(l cli.Lab) lab.Options {
	return lab.Options{StateDir: l.StateDir, Estate: l.Estate, Seed: l.Seed, TLS: l.TLS}
}

func serveLab(ctx context.Context, l cli.Lab, ready func(cli.Served) error) error {
	return connect.ServeLab(ctx, labOptions(l), l.Notice, func(e lab.Endpoints) error {
		s := cli.Served{
			Management: e.Management, Storage: e.Storage, Guests: e.Guests, Token: e.Token, CA: e.CA, Account: e.Account, AccountKey: e.AccountKey,
			Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault,
		}
		for _, h := range e.Hosts {
			s.Hosts = append(s.Hosts, cli.ServedHost{Name: h.Name, WinRM: h.WinRM})
		}
		return ready(s)
	})
}
