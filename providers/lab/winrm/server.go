package winrm

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Model runs scripts. It is called from many goroutines at once; ctx ends when
// the command is terminated or its shell deleted. A [*ScriptError] becomes the
// script's own error, any other error one of unspecified kind.
type Model interface {
	Run(ctx context.Context, host, script string, params json.RawMessage) (answer any, err error)
}

// ScriptError is what a script reports when a cmdlet in it fails.
type ScriptError struct {
	Msg      string
	Type     string // .NET type of the exception
	ID       string // FullyQualifiedErrorId
	Category string
}

// Error gives id and message.
func (e *ScriptError) Error() string { return e.ID + ": " + e.Msg }

// Options set up a [Server]. User and Password are needed.
type Options struct {
	User     string // "user", "DOMAIN\user" or "user@domain"
	Password string
	// Reachable says whether a host answers at all; nil means always. The
	// connection to one that does not is cut.
	Reachable func(host string) bool
	// MaxShells is how many shells a user may have on a host, 30 if zero.
	MaxShells int
	// Quotas are those of single hosts, by name; a 0 is the value of all.
	Quotas map[string]Quota
	// MaxTimeout bounds the OperationTimeout that a request may ask for, a minute if
	// zero.
	MaxTimeout time.Duration
	// Certificate is what the hosts show. Where it is given and returns one, a
	// sign-in over TLS has to name it (channel binding).
	Certificate func() *x509.Certificate
	// ClientCertificates lets in whoever shows one that the server has checked.
	ClientCertificates bool
	// Keytab lets in whoever has a ticket for a key in it.
	Keytab *Keytab
	// Troubles are what goes wrong.
	Troubles []Trouble
	// Chunk is how many bytes of output one Receive returns, 16 KiB if zero.
	Chunk int
}

// Quota is what one host allows.
type Quota struct {
	MaxShells  int
	MaxTimeout time.Duration
}

// Server is the service of all hosts of a lab.
type Server struct {
	model   Model
	options Options

	mu    sync.Mutex
	hosts map[string]*host
}

// Defaults of Windows, as its documentation gives them.
const (
	defaultMaxShells   = 30
	defaultChunk       = 16 << 10
	defaultMaxTimeout  = time.Minute
	defaultIdleTimeout = 2 * time.Hour
	maxEnvelope        = 500 << 10
)

// New makes a service over a model.
func New(m Model, o Options) *Server {
	if o.MaxShells == 0 {
		o.MaxShells = defaultMaxShells
	}
	if o.Chunk == 0 {
		o.Chunk = defaultChunk
	}
	if o.MaxTimeout == 0 {
		o.MaxTimeout = defaultMaxTimeout
	}
	if o.Reachable == nil {
		o.Reachable = func(string) bool { return true }
	}
	return &Server{model: m, options: o, hosts: map[string]*host{}}
}

// Host is one host. Every call with the same name returns the same host.
func (s *Server) Host(name string) http.Handler { return s.host(name) }

// Shells counts the shells that are open on a host.
func (s *Server) Shells(name string) int { return s.host(name).shells.count() }

// Peak is the most shells that were ever open on a host at once.
func (s *Server) Peak(name string) int { return s.host(name).shells.most() }

// certificate is what the hosts show, nil where nobody has to name it.
func (s *Server) certificate() *x509.Certificate {
	if s.options.Certificate == nil {
		return nil
	}
	return s.options.Certificate()
}

func (s *Server) host(name string) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, ok := s.hosts[name]
	if !ok {
		q := s.options.Quotas[name]
		h = &host{
			name: name, server: s, shells: newShells(cmp.Or(q.MaxShells, s.options.MaxShells)),
			maxTimeout: cmp.Or(q.MaxTimeout, s.options.MaxTimeout), troubles: newTroubles(name, s.options.Troubles),
		}
		s.hosts[name] = h
	}
	return h
}
