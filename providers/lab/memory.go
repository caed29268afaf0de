package lab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"

	"failback/providers/lab/estate"
	"failback/providers/lab/management"
	"failback/providers/lab/wire"
	"failback/providers/lab/world"
)

// Host names that an in-memory lab answers to; a Hyper-V host has its own name
// with this suffix.
const (
	managementHost = "management.lab"
	storageHost    = "storage.lab"
	guestsHost     = "guests.lab"
	hostSuffix     = ".lab"
)

// Options say which lab is meant.
type Options struct {
	StateDir string  // the lab lives in <StateDir>/lab/<estate>
	Estate   string  // name or file of an estate; "" is the default one
	Seed     int64   // instead of the estate's, where not 0 and the lab is new
	Speed    float64 // instead of the estate's, where above 0
	// TLS makes the servers speak HTTPS, with a certificate of the state
	// directory's own authority. A lab in memory has no servers.
	TLS bool
	// Data is an estate as text, for tests; it goes before Estate.
	Data []byte
}

// load reads the estate.
func (o Options) load() (estate.Estate, error) {
	var e estate.Estate
	var err error
	if o.Data != nil {
		e, err = estate.Decode("estate", o.Data)
	} else {
		e, err = estate.Load(o.Estate)
	}
	if o.Seed != 0 {
		e.Seed = o.Seed
	}
	return e, err
}

// dir is the lab's directory: one for each estate.
func (o Options) dir(e estate.Estate) string {
	return o.Folder(e.Name)
}

// Folder is where the state directory keeps the lab of that name; a reset empties it.
func (o Options) Folder(name string) string { return filepath.Join(o.home(), folderName(name)) }

// home holds the labs of the state directory, and what they share.
func (o Options) home() string { return filepath.Join(o.StateDir, "lab") }

func folderName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
}

// Memory is a lab without sockets, for tests that run in a bubble of their own
// time.
type Memory struct {
	servers *servers
	world   *world.World
	log     *requestLog
}

// NewInMemory opens the lab in o.StateDir. Close it before the test ends; a
// second one for the same directory goes on where the first one was.
func NewInMemory(ctx context.Context, o Options) (*Memory, error) {
	e, err := o.load()
	if err != nil {
		return nil, err
	}
	dir := o.dir(e)
	w, err := world.Open(ctx, world.Options{Dir: dir, Estate: e, Speed: o.Speed})
	if err != nil {
		return nil, err
	}
	log, err := openRequestLog(dir)
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	m := &Memory{world: w, log: log}
	m.servers = assemble(w, func() string { return "http://" + storageHost }, log)
	if err := m.servers.run(); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

// Transport reaches the lab's servers by host name: management.lab,
// storage.lab, guests.lab, and a Hyper-V host's name followed by .lab.
func (m *Memory) Transport() http.RoundTripper {
	return wire.Transport(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, _ := strings.Cut(r.Host, ":")
		switch host {
		case managementHost:
			m.servers.management.ServeHTTP(w, r)
		case storageHost:
			m.servers.storage.ServeHTTP(w, r)
		case guestsHost:
			m.servers.guests().ServeHTTP(w, r)
		default:
			m.servers.winrm.Host(strings.TrimSuffix(host, hostSuffix)).ServeHTTP(w, r)
		}
	}))
}

// Connect opens connections to a Hyper-V host's WinRM: each round tripper it
// makes is one connection, as NTLM needs them.
func (m *Memory) Connect(host string) func() http.RoundTripper { return m.servers.winrm.Connect(host) }

// Endpoints is where the lab is reached through its transport.
func (m *Memory) Endpoints() Endpoints {
	e := m.servers.endpoints()
	e.Management, e.Storage, e.Guests = "http://"+managementHost, "http://"+storageHost, "http://"+guestsHost
	for _, h := range m.servers.hosts {
		e.Hosts = append(e.Hosts, HostEndpoint{Name: h, WinRM: fmt.Sprintf("http://%s%s/wsman", h, hostSuffix)})
	}
	return e
}

// World is the model behind the servers.
func (m *Memory) World() *world.World { return m.world }

// WinRMUser is who signs in at the hosts; the password is the token.
func (m *Memory) WinRMUser() string { return winrmUser }

// Requests are what the management server was asked since this opening.
func (m *Memory) Requests() []management.Request { return m.log.requests() }

// Close stops the lab; its world stays in its directory.
func (m *Memory) Close() error { return errors.Join(m.world.Close(), m.log.close()) }
