package runs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"failback/engine"
	"failback/engine/journal"
)

// Store is the runs of a state directory: <state-dir>/runs/<run-id>/. Reading is
// safe at any time, also while other processes drive runs. A Store is safe for
// concurrent use.
type Store struct{ dir string }

// OpenStore makes the folder where it is missing. A folder that can't be written
// is a usage failure that names it.
func OpenStore(stateDir string) (*Store, error) {
	dir := filepath.Join(stateDir, "runs")
	usable := func(err error) error {
		return &engine.Failure{Kind: engine.FailureUsage, What: "open the state directory", Where: stateDir,
			Why: err.Error(), Remedy: "name another one with --state-dir", Err: err}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, usable(err)
	}
	probe, err := os.CreateTemp(dir, ".probe-*")
	if err != nil {
		return nil, usable(err)
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, usable(err)
	}
	return &Store{dir: dir}, nil
}

// Dir is the folder of a run. An id that no run can have gives a folder that
// never exists, inside the store.
func (s *Store) Dir(id engine.RunID) string {
	if !id.Valid() {
		return filepath.Join(s.dir, ".no-such-run")
	}
	return filepath.Join(s.dir, string(id))
}

// planFile is the plan for people; it is written once, before the run starts.
const planFile = "plan.yaml"

// ids lists the runs, newest first.
func (s *Store) ids() ([]engine.RunID, error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var out []engine.RunID
	for _, e := range entries {
		if id := engine.RunID(e.Name()); e.IsDir() && id.Valid() {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b engine.RunID) int { return s.compare(b, a) })
	return out, nil
}

// compare orders two runs by when they were planned. An id tells the second; of two
// within one, the plan that was written first, which happens once, is the older.
func (s *Store) compare(a, b engine.RunID) int {
	const second = len("20060102-150405")
	if c := strings.Compare(string(a)[:second], string(b)[:second]); c != 0 {
		return c
	}
	one, errOne := os.Stat(filepath.Join(s.Dir(a), planFile))
	two, errTwo := os.Stat(filepath.Join(s.Dir(b), planFile))
	if errOne == nil && errTwo == nil {
		if c := one.ModTime().Compare(two.ModTime()); c != 0 {
			return c
		}
	}
	return strings.Compare(string(a), string(b))
}

// List summarises every run, newest first. A run whose journal can't be read is
// listed with the reason.
func (s *Store) List() ([]Summary, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	out := make([]Summary, 0, len(ids))
	whole := map[string]bool{}
	for _, id := range ids {
		out = append(out, s.summary(id, whole))
	}
	return out, nil
}

// summary says a run in one line. whole holds the items that a later run has
// brought home, by id in lower case: what this one left damaged is over then. It
// takes in what this run brought home.
func (s *Store) summary(id engine.RunID, whole map[string]bool) Summary {
	sum := Summary{ID: id}
	owner, live := journal.Live(s.Dir(id))
	sum.Live = live
	st, _, err := journal.State(s.Dir(id))
	if err != nil {
		sum.Broken, sum.Driver = err.Error(), owner.Driver
		return sum
	}
	var names []string
	for _, l := range st.Legs {
		names = append(names, l.Item.Name)
		key := strings.ToLower(l.Item.ID)
		sum.Damaged = sum.Damaged || l.Damage != nil && !whole[key]
		whole[key] = whole[key] || l.Damage == nil && l.Verified()
		if l.Gate != nil && sum.Gate == engine.GateNone {
			sum.Gate = l.Gate.Gate
		}
	}
	if l := slowest(st); l != nil {
		sum.Phase = l.Phase()
	}
	sum.Item, sum.Started, sum.Driver = strings.Join(names, ", "), st.Created, st.Driver
	sum.Outcome, sum.Resumable = st.Outcome, st.Resumable() && !live
	sum.Rehearsal, sum.Profile = st.Plan.Rehearsal, st.Plan.Profile
	return sum
}

// slowest is the leg that has come least far.
func slowest(st engine.State) *engine.Leg {
	var out *engine.Leg
	for _, l := range st.Legs {
		if out == nil || l.At < out.At {
			out = l
		}
	}
	return out
}

// State folds a run's journal.
func (s *Store) State(id engine.RunID) (engine.State, error) {
	st, _, err := journal.State(s.Dir(id))
	return st, s.explain(id, err)
}

// Events reads a run's journal.
func (s *Store) Events(id engine.RunID) ([]engine.Event, error) {
	events, err := journal.Read(filepath.Join(s.Dir(id), journal.FileName))
	return events, s.explain(id, err)
}

// explain makes reading errors of a journal something an operator can act on.
func (s *Store) explain(id engine.RunID, err error) error {
	if err == nil {
		return nil
	}
	f := &engine.Failure{Kind: engine.FailureUsage, What: "read run", Where: string(id), Why: err.Error(), Err: err}
	var (
		newer   *journal.Newer
		damaged *journal.Damaged
	)
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.Kind, f.Why, f.Remedy = engine.FailureUsage, "there is no such run", "failback runs lists them"
	case errors.As(err, &newer):
		f.Remedy = "update failback"
	case errors.As(err, &damaged):
		f.Remedy = "restore the file from a backup; the run's job in Azure is not touched and can be seen in the portal"
	}
	return f
}

// Live reports whether a process drives the run now.
func (s *Store) Live(id engine.RunID) bool {
	_, live := journal.Live(s.Dir(id))
	return live
}

// Find resolves what a person typed: a run's id, a unique beginning of it, or
// "last" for the newest.
func (s *Store) Find(typed string) (engine.RunID, error) {
	ids, err := s.ids()
	if err != nil {
		return "", err
	}
	if typed == "last" && len(ids) > 0 {
		return ids[0], nil
	}
	var found []engine.RunID
	for _, id := range ids {
		if string(id) == typed {
			return id, nil
		}
		if typed != "" && strings.HasPrefix(string(id), typed) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", engine.Usagef("failback runs lists them", "there is no run %q in %s", typed, s.dir)
	}
	return "", engine.Usagef("type more of the id", "%q is the beginning of %d runs", typed, len(found))
}

// Damaged tells which items were left damaged by runs of this store and not
// repaired by a later one, by item id in lower case.
func (s *Store) Damaged() (map[string]engine.Damage, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	out := map[string]engine.Damage{}
	for _, id := range slices.Backward(ids) { // oldest first: later runs override
		for _, l := range s.readable(id).Legs {
			key := strings.ToLower(l.Item.ID)
			switch {
			case l.Damage != nil:
				out[key] = engine.Damage{Since: l.DamagedAt, Reason: l.Damage.Reason, Job: l.Job, Run: id}
			case l.Verified():
				delete(out, key)
			}
		}
	}
	return out, nil
}

// readable is the run as far as its journal can be read. List shows a broken one as
// such; the damage that it tells of stands all the same.
func (s *Store) readable(id engine.RunID) engine.State {
	events, _ := journal.Read(filepath.Join(s.Dir(id), journal.FileName))
	st, _ := engine.Fold(events)
	return st
}

// create makes a new run's folder.
func (s *Store) create(id engine.RunID) (string, error) {
	dir := s.Dir(id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("new run: %w", err)
	}
	return dir, os.Mkdir(filepath.Join(dir, decisionsDir), 0o700)
}
