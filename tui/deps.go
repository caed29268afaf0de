package tui

import (
	"context"

	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/runs"
)

// Profile is a configured vault, as the home screen offers it.
type Profile struct {
	Name  string
	Vault string // empty where it is asked
}

// RunStore is what screens read about runs of the state directory. All methods
// only read.
type RunStore interface {
	List() ([]runs.Summary, error)
	Events(id engine.RunID) ([]engine.Event, error)
}

// Deps is what the screens need from outside. The functions are called off the
// update loop, in commands, and may block until their context ends.
type Deps struct {
	Version  string
	User     string // who decides, in journals: user@host
	Profiles []Profile
	// ConfigFile is where profiles are written.
	ConfigFile string
	// Command writes a command line that a person may paste into another terminal
	// here; nil for the plain one.
	Command func(words ...string) string
	Runs    RunStore
	// Vaults lists the vaults that a profile's sign-in sees, sorted; with an error
	// those that could be read. The person is asked while it signs in.
	Vaults func(ctx context.Context, profile string, person engine.Person) ([]engine.Vault, error)
	// Open opens a profile, or with "" the lab; the person is asked while it does.
	// vault is the name or resource id of the vault, or "" for the profile's own.
	Open func(ctx context.Context, profile, vault string, person engine.Person) (*engine.Connection, error)
	// Start begins a run and Resume goes on with one; ctx bounds only the
	// beginning, not the run. cert is what the plan's thumbprint names, or nil.
	Start  func(ctx context.Context, c *engine.Connection, p engine.Plan, cert *engine.Certificate) (runs.Handle, error)
	Resume func(ctx context.Context, id engine.RunID, person engine.Person) (runs.Handle, error)
	// Check runs the preflight of every item of the plan and streams its
	// findings; emit is called from one goroutine at a time.
	Check func(ctx context.Context, c *engine.Connection, p engine.Plan, emit func(item string, f engine.Finding)) error
	// Forecast predicts both sync options for the items.
	Forecast func(ctx context.Context, c *engine.Connection, items []engine.Item) (estimate.Forecasts, error)
	// ForecastPlan predicts a plan without Site Recovery; nil predicts none.
	ForecastPlan func(ctx context.Context, c *engine.Connection, p engine.Plan) (engine.ForecastMade, error)
	// JobOwners tells which jobs the runs of this machine began; nil where none
	// can be asked.
	JobOwners func() (map[string]runs.JobOwner, error)
	// Report writes the run's report and returns its path.
	Report func(ctx context.Context, id engine.RunID) (string, error)
	// Certificate reads a PFX into memory; the password is not kept.
	Certificate func(path, password string) (*engine.Certificate, error)
}
