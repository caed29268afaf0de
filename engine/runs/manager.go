package runs

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/hub"
	"failback/engine/journal"
)

// Settings are what a Manager needs besides a store and a connection.
type Settings struct {
	Program   string // name and version, for the journal
	Driver    string // user@host
	Preflight engine.Preflight
	Recheck   engine.Recheck // at the gates; nil looks at nothing again
	Limits    engine.Limits
	// EncodePlan writes the plan for people, beside the journal. May be nil.
	EncodePlan func(engine.Plan) ([]byte, error)
	// Inbox is how often answers from other terminals are looked for; 0 means
	// every half second.
	Inbox time.Duration
	// Forecast predicts a plan that is about to run, for its journal; nil for none.
	Forecast func(context.Context, engine.Plan) (engine.ForecastMade, error)
	// Certificate is what the plan's thumbprint names, for a run that has to send
	// it. It is handed to the run and written nowhere. May be nil.
	Certificate *engine.Certificate
}

// Manager starts and resumes runs over one connection. It is safe for concurrent
// use; each run has goroutines of its own.
type Manager struct {
	store *Store
	conn  *engine.Connection
	set   Settings
}

// NewManager ties a store, a connection and settings together.
func NewManager(store *Store, conn *engine.Connection, set Settings) *Manager {
	if set.Inbox <= 0 {
		set.Inbox = 500 * time.Millisecond
	}
	return &Manager{store: store, conn: conn, set: set}
}

// Start writes the plan down and begins a run. ctx ends the driving, like
// [Handle.Detach]; it never cancels anything in Azure. A plan that is not valid
// is refused and leaves nothing behind.
func (m *Manager) Start(ctx context.Context, p engine.Plan) (Handle, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	if want := p.CertificateThumbprint; p.Direction == engine.ToAzure && !strings.EqualFold(want, m.set.Certificate.Thumbprint()) {
		return nil, engine.Usagef("name the file of the plan's certificate", "the plan names the certificate %q, at hand is %q", want, m.set.Certificate.Thumbprint())
	}
	ports, err := m.conn.PortsFor(p)
	if err != nil {
		return nil, err
	}
	id := newRunID(time.Now())
	dir, err := m.store.create(id)
	if err != nil {
		return nil, err
	}
	r, err := m.open(ctx, id, dir, p, ports)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return r, nil
}

func (m *Manager) open(ctx context.Context, id engine.RunID, dir string, p engine.Plan, ports engine.Ports) (*run, error) {
	if m.set.EncodePlan != nil {
		raw, err := m.set.EncodePlan(p)
		if err != nil {
			return nil, fmt.Errorf("write the plan: %w", err)
		}
		if err := os.WriteFile(filepath.Join(dir, planFile), raw, 0o600); err != nil {
			return nil, fmt.Errorf("write the plan: %w", err)
		}
	}
	lock, err := journal.Acquire(dir, m.set.Driver, time.Now())
	if err != nil {
		return nil, err
	}
	w, err := journal.Create(filepath.Join(dir, journal.FileName))
	if err != nil {
		return nil, errors.Join(err, lock.Release())
	}
	r := m.newRun(id, ports, engine.State{}, nil, w, lock)
	for _, b := range []engine.Body{
		engine.StreamOpened{Schema: engine.SchemaVersion, Program: m.set.Program},
		engine.RunPlanned{Plan: p},
		engine.RunStarted{Driver: m.set.Driver},
	} {
		if err := r.stream.Emit("", engine.PhaseNone, b); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	r.fresh = true
	r.drive(ctx)
	return r, nil
}

// Resume takes over a run that nobody drives. A run that another process drives
// is refused with its owner; one where every leg has ended is refused too.
func (m *Manager) Resume(ctx context.Context, id engine.RunID) (Handle, error) {
	r, err := m.takeOver(id, m.certified)
	if err != nil {
		return nil, err
	}
	r.drive(ctx)
	return r, nil
}

// certified refuses a run that still has to send a certificate which is not at hand.
func (m *Manager) certified(r *run) error {
	want := r.stream.State().WantsCertificate()
	if want == "" || strings.EqualFold(want, m.set.Certificate.Thumbprint()) {
		return nil
	}
	return engine.NoCertificate(string(r.id), want, string(r.id))
}

// Cancel takes over a run that nobody drives and cancels the leg of an item, or
// with item "" every leg that can be, before anything else is done with them.
func (m *Manager) Cancel(ctx context.Context, id engine.RunID, item, by, reason string) (Handle, error) {
	// A cancel that is refused must leave the run as it is, so it is tried before
	// the run is taken over for good.
	r, err := m.takeOver(id, func(r *run) error { return r.runner.CanCancel(item) })
	if err != nil {
		return nil, err
	}
	if err := r.runner.Cancel(item, by, reason); err != nil {
		end := r.stream.Emit("", engine.PhaseNone, engine.RunFinished{Outcome: engine.OutcomeDetached})
		return nil, errors.Join(err, end, r.close())
	}
	r.drive(ctx)
	return r, nil
}

// takeOver locks a run and opens its journal for another driver. Where first
// refuses, nothing is written.
func (m *Manager) takeOver(id engine.RunID, first func(*run) error) (*run, error) {
	dir := m.store.Dir(id)
	if _, err := m.store.State(id); err != nil {
		return nil, err
	}
	lock, err := journal.Acquire(dir, m.set.Driver, time.Now())
	if err != nil {
		var held *journal.Held
		if errors.As(err, &held) {
			return nil, engine.Refuse("resume", string(id), held.Error(), "watch it with failback attach "+string(id)+", or wait until it ends")
		}
		return nil, err
	}
	w, events, err := journal.Open(filepath.Join(dir, journal.FileName))
	if err != nil {
		return nil, errors.Join(m.store.explain(id, err), lock.Release())
	}
	state, err := engine.Fold(events)
	if err == nil && len(state.Legs) == 0 {
		err = engine.Refuse("resume", string(id), "its process ended before the plan was written: nothing was done", "start a new run")
	}
	if err == nil && !state.Resumable() {
		err = engine.Refuse("resume", string(id), "every leg of it has ended", "failback show "+string(id)+" tells how")
	}
	if err == nil && state.Plan.Profile != m.conn.Name {
		err = engine.Usagef("name that profile or estate", "run %s belongs to %q, this connection is %q", id, state.Plan.Profile, m.conn.Name)
	}
	if err == nil && state.Plan.Vault != m.conn.Vault {
		err = engine.Usagef("name that vault with --vault", "run %s belongs to the vault %q, this connection is to %q", id, state.Plan.Vault, m.conn.Vault)
	}
	var ports engine.Ports
	if err == nil {
		ports, err = m.conn.PortsFor(state.Plan)
	}
	if err != nil {
		return nil, errors.Join(err, w.Close(), lock.Release())
	}
	r := m.newRun(id, ports, state, events, w, lock)
	if first != nil {
		if err := first(r); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	if err := r.stream.Emit("", engine.PhaseNone, engine.RunResumed{Driver: m.set.Driver}); err != nil {
		return nil, errors.Join(err, r.close())
	}
	return r, nil
}

func (m *Manager) newRun(id engine.RunID, ports engine.Ports, st engine.State, past []engine.Event, w *journal.Writer, lock *journal.Lock) *run {
	readers := hub.New(past...)
	r := &run{id: id, m: m, hub: readers, journal: w, lock: lock, done: make(chan struct{})}
	r.stream = engine.NewStream(id, st, w, readers, nil)
	r.runner = &engine.Runner{
		Ports: ports, Stream: r.stream, Preflight: m.set.Preflight, Recheck: m.set.Recheck, Poll: m.conn.Poll,
		NewID: NewRequestID, Limits: m.set.Limits, Answered: r.answered, Certificate: m.set.Certificate,
		Traffic: m.conn.Traffic, ThreadsHeld: func(host string) (engine.RunID, bool) { return m.store.threadsHeldBy(host, id) },
	}
	return r
}

// run implements Handle.
type run struct {
	id      engine.RunID
	m       *Manager
	hub     *hub.Hub
	stream  *engine.Stream
	runner  *engine.Runner
	journal *journal.Writer
	lock    *journal.Lock
	detach  context.CancelFunc
	done    chan struct{}
	fresh   bool // it was never driven before

	mu  sync.Mutex
	err error
}

// ID implements [Handle].
func (r *run) ID() engine.RunID { return r.id }

// State implements [Handle].
func (r *run) State() engine.State { return r.stream.State() }

// Subscribe implements [Handle].
func (r *run) Subscribe() *hub.Mailbox { return r.hub.Subscribe() }

// Decide implements [Handle].
func (r *run) Decide(item string, d engine.Decision) error { return r.runner.Decide(item, d) }

// Look implements [Handle].
func (r *run) Look(item, by, saw string) error { return r.runner.Look(item, by, saw) }

// Cancel implements [Handle].
func (r *run) Cancel(item, by, reason string) error { return r.runner.Cancel(item, by, reason) }

// Detach implements [Handle].
func (r *run) Detach() { r.detach() }

// Done implements [Handle].
func (r *run) Done() <-chan struct{} { return r.done }

// Err tells, after Done, whether the journal could be kept to the end.
func (r *run) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// drive starts the goroutines of the run.
func (r *run) drive(ctx context.Context) {
	ctx, r.detach = context.WithCancel(ctx)
	var inbox sync.WaitGroup
	inboxCtx, endInbox := context.WithCancel(ctx)
	inbox.Go(func() { r.readInbox(inboxCtx) })
	go func() {
		defer close(r.done)
		var err error
		if r.fresh {
			err = r.forecast(ctx)
		}
		if err == nil {
			_, err = r.runner.Run(ctx)
		}
		endInbox()
		inbox.Wait()
		r.detach()
		err = errors.Join(err, r.close())
		r.mu.Lock()
		r.err = err
		r.mu.Unlock()
	}()
}

func (r *run) close() error {
	r.hub.Close()
	return errors.Join(r.journal.Close(), r.lock.Release())
}

func newRunID(now time.Time) engine.RunID {
	return engine.RunID(now.UTC().Format("20060102-150405") + "-" + randomHex(3))
}

// NewRequestID mints a client request id: a GUID, the form clients of the service
// send.
func NewRequestID() string {
	h := randomHex(16)
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails; it ends the program instead
	return hex.EncodeToString(b)
}
