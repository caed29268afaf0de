package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/rules"
	"failback/engine/runs"
)

// session is an open connection with the runs of the state directory.
type session struct {
	conn  *engine.Connection
	store *runs.Store
	who   string // user@host: who decides
	build Build
	cert  *engine.Certificate // what the plan's thumbprint names, where one was read
	rules rules.Set           // of the preflight, users' own among them
}

// store opens the runs of the state directory, for commands that need no vault.
func (a *app) store() (*runs.Store, error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, err
	}
	return runs.OpenStore(dir)
}

// findRun finds a run by what was typed: its id, the beginning of one, or "last".
func (a *app) findRun(typed string) (*runs.Store, engine.RunID, error) {
	store, err := a.store()
	if err != nil {
		return nil, "", err
	}
	id, err := store.Find(typed)
	return store, id, err
}

// runAsItStands is what the journal of such a run says by now.
func (a *app) runAsItStands(typed string) (*runs.Store, engine.State, error) {
	store, id, err := a.findRun(typed)
	if err != nil {
		return nil, engine.State{}, err
	}
	st, err := store.State(id)
	return store, st, err
}

// connect opens what the shared flags name. The caller closes the session.
func (a *app) connect(ctx context.Context) (*session, error) {
	t, err := a.target()
	if err != nil {
		return nil, err
	}
	t.Person = a.person()
	return a.connectTo(ctx, t)
}

func (a *app) connectTo(ctx context.Context, t Target) (*session, error) {
	return a.connectToVault(ctx, t, a.flags.vault)
}

// connectToVault opens a target with the vault of that name, or with "" its own.
func (a *app) connectToVault(ctx context.Context, t Target, vault string) (*session, error) {
	store, err := a.store()
	if err != nil {
		return nil, err
	}
	if t, err = a.settled(ctx, t, vault); err != nil {
		return nil, err
	}
	set, err := a.ownRules(t)
	if err != nil {
		return nil, err
	}
	if t.StateDir, err = a.stateDir(); err != nil {
		return nil, err
	}
	conn, err := a.deps.Open(ctx, t)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, store: store, who: whoami(), build: a.deps.Build, rules: set}, nil
}

// rulesOf are the rules of a connection that the screens have opened.
func (a *app) rulesOf(c *engine.Connection) rules.Set {
	set, _ := a.sets.Load(c)
	known, _ := set.(rules.Set) // the built-in ones for a connection of somebody else
	return known
}

// close lets go of the connection; nothing remote is cancelled by it.
func (s *session) close(a *app) {
	if s.conn.Close == nil {
		return
	}
	if err := s.conn.Close(); err != nil {
		a.say("failback: closing %s: %s", s.conn.Name, err)
	}
}

// manager starts and resumes runs over the session's connection.
func (s *session) manager() *runs.Manager {
	return runs.NewManager(s.store, s.conn, runs.Settings{
		Program: s.build.Program(), Driver: s.who, Preflight: s.rules.Check, Recheck: s.rules.Recheck, EncodePlan: encodePlan, Certificate: s.cert,
		Forecast: func(ctx context.Context, p engine.Plan) (engine.ForecastMade, error) {
			return estimate.Plan(ctx, s.conn, p, s.store.Past(), time.Now())
		},
	})
}

// Program is name and version, as journals keep them.
func (b Build) Program() string { return "failback " + b.Version }

// encodePlan writes a plan with the names it has in the journal.
func encodePlan(p engine.Plan) ([]byte, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return yaml.JSONToYAML(raw)
}

// items reads the inventory and adds what earlier runs on this machine know
// about damaged VMs: Site Recovery itself does not say it.
func (s *session) items(ctx context.Context) ([]engine.Item, error) {
	items, err := s.conn.Ports.Inventory.Items(ctx)
	if err != nil {
		return nil, err
	}
	damaged, err := s.store.Damaged()
	if err != nil {
		return nil, err
	}
	for i, it := range items {
		if d, ok := damaged[strings.ToLower(it.ID)]; ok && it.Damaged == nil {
			items[i].Damaged = &d
		}
	}
	return items, nil
}

// whoami is who decides and drives, as journals keep it.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s@%s", name, host)
}
