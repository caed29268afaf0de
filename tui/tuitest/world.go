package tuitest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/runs"
	"failback/tui"
)

// World is a scripted vault. Its runs go from gate to gate at once; what the
// screens did with it is recorded. Set the exported fields before it is used.
type World struct {
	Profiles  []tui.Profile // beside prod
	Vaults    []engine.Vault
	Items     []engine.Item
	Hosts     []engine.Host
	Desk      engine.HostDesk // what can be done with hosts; nil for nothing
	Plans     []engine.RecoveryPlan
	Points    []engine.RecoveryPoint // of every item
	Findings  []engine.Finding       // of every item
	Forecasts estimate.Forecasts
	// Straight is the forecast of a plan without Site Recovery.
	Straight  engine.ForecastMade
	Summaries []runs.Summary
	Jobs      []engine.Job // whole; lists give them thin
	JobsErr   error        // what a look at the jobs answers instead
	Owners    map[string]runs.JobOwner
	Recorded  map[engine.RunID][]engine.Event // runs of the past
	Refusal   error                           // what Start answers instead of a run
	// SignIn is what opening a connection, or resuming a run, asks of the person
	// first; nil asks nothing.
	SignIn func(context.Context, engine.Person) error
	Now    func() time.Time // of the events; nil for time.Now
	// Direct lets connections bring machines home without Site Recovery, too.
	Direct bool
	// Machines are Azure VMs that no vault replicates, for those connections.
	Machines []engine.Item
	Reaches  []string // hosts that a connection reaches
	Lost     error    // what a look at the vault's items answers instead

	mu        sync.Mutex
	started   []engine.Plan
	sent      []*engine.Certificate
	decisions []engine.Decision
	cancels   []string
	handles   []*Handle
	closed    int
	acts      []string // what was sent about jobs
}

// Deps are the world as the screens see it.
func (w *World) Deps() tui.Deps {
	return tui.Deps{
		Version: "v0.0.0-test", User: "kim@jump01",
		JobOwners: func() (map[string]runs.JobOwner, error) { return w.Owners, nil },
		Profiles:  append([]tui.Profile{{Name: "prod", Vault: "rsv-prod"}}, w.Profiles...),
		Runs:      w, Open: w.open, Vaults: func(context.Context, string, engine.Person) ([]engine.Vault, error) { return w.Vaults, nil }, Start: w.start, Resume: w.resume, Check: w.check,
		Forecast: func(context.Context, *engine.Connection, []engine.Item) (estimate.Forecasts, error) {
			return w.Forecasts, nil
		},
		ForecastPlan: func(context.Context, *engine.Connection, engine.Plan) (engine.ForecastMade, error) {
			return w.Straight, nil
		},
		Report: func(_ context.Context, id engine.RunID) (string, error) {
			return "/var/lib/failback/runs/" + string(id) + "/report.html", nil
		},
		Certificate: func(_, password string) (*engine.Certificate, error) {
			if password != "sesame" {
				return nil, &engine.Failure{Kind: engine.FailureUsage, What: "read the certificate", Why: "the password is wrong", Remedy: "type it again"}
			}
			return engine.NewCertificate("AB12CD34", []byte("pfx")), nil
		},
	}
}

// Started lists the plans that were started.
func (w *World) Started() []engine.Plan {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]engine.Plan(nil), w.started...)
}

// Certificates lists what went with each plan that was started; nil for none.
func (w *World) Certificates() []*engine.Certificate {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]*engine.Certificate(nil), w.sent...)
}

// Decisions lists what was approved.
func (w *World) Decisions() []engine.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]engine.Decision(nil), w.decisions...)
}

// Cancels lists the items whose cancel was asked for.
func (w *World) Cancels() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.cancels...)
}

// Close ends what the world's runs still keep open.
func (w *World) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.handles {
		h.Detach()
	}
}

func (w *World) open(ctx context.Context, profile, vault string, person engine.Person) (*engine.Connection, error) {
	if w.SignIn != nil {
		if err := w.SignIn(ctx, person); err != nil {
			return nil, err
		}
	}
	if profile == "broken" {
		return nil, errors.New("no route to the vault")
	}
	name := profile
	if name == "" {
		name = "lab"
	}
	c := &engine.Connection{
		Name: name, Vault: cmp.Or(vault, "rsv-"+name), Rehearsal: profile == "", Poll: 15 * time.Second, Ports: engine.Ports{Inventory: w.inventory(), Failover: inVault{w: w}}, Jobs: inVault{w: w},
		Hosts: w.Desk, Reaches: w.Reaches,
		Close: func() error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.closed++
			return nil
		},
	}
	if w.Direct {
		c.Direct = func(engine.Plan) (engine.Ports, error) { return c.Ports, nil }
	}
	return c, nil
}

// Closed counts how many connections were let go of.
func (w *World) Closed() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closed
}

func (w *World) check(ctx context.Context, _ *engine.Connection, p engine.Plan, emit func(string, engine.Finding)) error {
	for _, it := range p.Items {
		for _, f := range w.Findings {
			if p.Direct != nil && f.OfVault {
				continue
			}
			for _, o := range p.Overrides {
				if o.Rule == f.Rule && f.Overridable() {
					f.Verdict, f.Observed = engine.VerdictWarn, f.Observed+"; overridden by "+p.Owner+": "+o.Reason
				}
			}
			emit(it.Name, f)
		}
	}
	return ctx.Err()
}

func (w *World) start(_ context.Context, _ *engine.Connection, p engine.Plan, cert *engine.Certificate) (runs.Handle, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.Refusal != nil {
		return nil, w.Refusal
	}
	w.started = append(w.started, p)
	w.sent = append(w.sent, cert)
	h := newHandle(w, p)
	w.handles = append(w.handles, h)
	return h, nil
}

func (w *World) resume(ctx context.Context, id engine.RunID, person engine.Person) (runs.Handle, error) {
	if w.SignIn != nil {
		if err := w.SignIn(ctx, person); err != nil {
			return nil, err
		}
	}
	return nil, engine.Refuse("resume", string(id), "the run has ended", "start a new one")
}

// List lists the summaries that were set.
func (w *World) List() ([]runs.Summary, error) { return w.Summaries, nil }

// Events are the events of a run that was started here, or long ago.
func (w *World) Events(id engine.RunID) ([]engine.Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.handles {
		if h.ID() == id {
			return h.events(), nil
		}
	}
	if events, ok := w.Recorded[id]; ok {
		return events, nil
	}
	return nil, errors.New("no such run")
}

func (w *World) inventory() engine.Inventory { return inVault{w: w} }

// inVault answers the wizard's reads; the embedded interface has no value, since
// nothing else is read by screens.
type inVault struct {
	engine.Inventory
	engine.Failover
	engine.JobDesk
	w *World
}

// Acts lists what was sent about jobs: verb, job, comment.
func (w *World) Acts() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.acts...)
}

// SetJobs replaces the jobs while the screens are open.
func (w *World) SetJobs(jobs []engine.Job, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Jobs, w.JobsErr = jobs, err
}

func (v inVault) Jobs(context.Context) ([]engine.Job, error) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	var out []engine.Job
	for _, j := range v.w.Jobs {
		j.Tasks, j.Primary = nil, engine.LocationUnknown
		out = append(out, j)
	}
	return out, v.w.JobsErr
}

func (v inVault) FindJobs(ctx context.Context, f engine.JobFilter) ([]engine.Job, error) {
	jobs, err := v.Jobs(ctx)
	return slices.DeleteFunc(jobs, func(j engine.Job) bool { return !f.Fits(j) }), err
}

func (v inVault) Job(_ context.Context, name string) (engine.Job, error) {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	for _, j := range v.w.Jobs {
		if j.Name == name {
			return j, v.w.JobsErr
		}
	}
	return engine.Job{}, &engine.Failure{Kind: engine.FailureNotFound, What: "read the job", Where: name, Why: "there is none"}
}

func (v inVault) sent(words ...string) error {
	v.w.mu.Lock()
	defer v.w.mu.Unlock()
	v.w.acts = append(v.w.acts, strings.Join(words, " "))
	return nil
}

func (v inVault) Complete(_ context.Context, job, comment, _ string) error {
	return v.sent("complete", job, comment)
}
func (v inVault) Cancel(_ context.Context, job, _ string) error  { return v.sent("cancel", job) }
func (v inVault) Restart(_ context.Context, job, _ string) error { return v.sent("restart", job) }

func (v inVault) Items(context.Context) ([]engine.Item, error) { return v.w.Items, v.w.Lost }

func (v inVault) Item(_ context.Context, id string) (engine.Item, error) {
	for _, it := range slices.Concat(v.w.Machines, v.w.Items) {
		if engine.SameID(it.ID, id) {
			return it, nil
		}
	}
	return engine.Item{}, &engine.Failure{Kind: engine.FailureNotFound, What: "read what the Azure VM is made of", Where: id, Why: "there is none", Remedy: "look at the Azure VM in the portal"}
}

func (v inVault) Hosts(context.Context) ([]engine.Host, error) { return v.w.Hosts, nil }
func (v inVault) RecoveryPlans(context.Context) ([]engine.RecoveryPlan, error) {
	return v.w.Plans, nil
}

func (v inVault) RecoveryPoints(context.Context, string) ([]engine.RecoveryPoint, error) {
	return v.w.Points, nil
}
