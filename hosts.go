package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"maps"
	"slices"
	"sync"

	"failback/config"
	"failback/engine"
	"failback/providers/hyperv"
	"failback/tui/cli"
)

// hostSecrets are the secrets of the sign-ins at a profile's hosts. What a person
// has typed is kept in memory, for as long as the connection: a run looks at its
// hosts for hours. Files and the keyring are read anew each time.
type hostSecrets struct {
	profile config.Profile
	ask     config.AskFunc

	mu    sync.Mutex        // one question at a time
	typed map[string]string // by what it is
}

func newHostSecrets(t cli.Target) *hostSecrets {
	return &hostSecrets{profile: *t.Profile, ask: t.Person.Secret, typed: map[string]string{}}
}

// endpoints are the profile's hosts in the words of the provider.
func (s *hostSecrets) endpoints() (map[string]hyperv.Endpoint, error) {
	out := make(map[string]hyperv.Endpoint, len(s.profile.Hosts))
	for name, h := range s.profile.Hosts {
		roots, err := s.profile.HostRoots(name)
		if err != nil {
			return nil, err
		}
		out[name] = hyperv.Endpoint{
			URL: h.URL, Sealed: h.Sealed, User: h.User, Auth: hyperv.Auth(h.Auth),
			Roots: roots, Fingerprint: h.Pin(),
			Kerberos: hyperv.Kerberos{Config: h.Krb5Config, Cache: h.TicketCache, Keytab: h.Keytab},
			Password: func(ctx context.Context) (string, error) {
				return s.profile.HostPassword(ctx, name, s.once(name))
			},
			Identity: func(ctx context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) {
				return s.profile.HostCertificate(ctx, name, s.once(name))
			},
		}
	}
	return out, nil
}

// once asks for each secret once; where nobody can be asked it is nil.
func (s *hostSecrets) once(host string) config.AskFunc {
	if s.ask == nil {
		return nil
	}
	key := s.profile.HostSecretName(host)
	return func(ctx context.Context, what string) (string, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if typed, ok := s.typed[key]; ok {
			return typed, nil
		}
		typed, err := s.ask(ctx, what)
		if err == nil {
			s.typed[key] = typed
		}
		return typed, err
	}
}

// unlock asks now for everything that a run may need, while there is somebody to
// ask.
func (s *hostSecrets) unlock(ctx context.Context) error {
	if s.ask == nil {
		return nil // each host says so when it is looked at
	}
	for _, name := range slices.Sorted(maps.Keys(s.profile.Hosts)) {
		if s.profile.HostSecretName(name) == "" {
			continue
		}
		// Whether the file of a certificate has a password at all shows in reading it.
		var err error
		if s.profile.Hosts[name].Certificate != "" {
			_, _, err = s.profile.HostCertificate(ctx, name, s.once(name))
		} else {
			_, err = s.profile.HostPassword(ctx, name, s.once(name))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return &engine.Failure{
				Kind: engine.FailurePermission, What: "sign in at a host", Where: "host " + name, Why: err.Error(), Err: err,
				Remedy: "failback secret set --host " + name + " keeps it in this machine's keyring",
			}
		}
	}
	return nil
}
