package direct

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/gofrs/flock"

	"failback/engine"
)

// store keeps jobs in a folder, a file each.
type store struct {
	dir string
	// stop, where a test sets it, ends drivers around the writing of a file.
	stop atomic.Pointer[func() bool]
}

var jobName = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// newName is a name for a job, of the form that the service's have.
func newName() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *store) stopped() bool {
	stop := s.stop.Load()
	return stop != nil && (*stop)()
}

func (s *store) path(name string) string { return filepath.Join(s.dir, name+".json") }

// load reads a job. One that is not there is of kind not-found.
func (s *store) load(name string) (*record, error) {
	where := "job " + name
	if !jobName.MatchString(strings.ToLower(name)) {
		return nil, &engine.Failure{Kind: engine.FailureNotFound, What: "read the job", Where: where, Why: "that is no name of a job of a direct failback", Remedy: "list the jobs"}
	}
	raw, err := os.ReadFile(s.path(strings.ToLower(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &engine.Failure{Kind: engine.FailureNotFound, What: "read the job", Where: where, Why: "this machine has no such job", Remedy: "resume the run on the machine that began it"}
	}
	if err != nil {
		return nil, s.broken(where, err)
	}
	var r record
	if err := json.Unmarshal(raw, &r); err != nil {
		return nil, s.broken(where, err)
	}
	if r.Version != recordVersion || !strings.EqualFold(r.Name, name) {
		return nil, s.broken(where, fmt.Errorf("it is of version %d and says it is %q; this program reads version %d", r.Version, r.Name, recordVersion))
	}
	if r.Tasks == nil {
		r.Tasks = map[string]mark{}
	}
	return &r, nil
}

func (s *store) broken(where string, err error) error {
	return &engine.Failure{Kind: engine.FailureOther, What: "keep the job of a direct failback", Where: where + " in " + s.dir, Why: err.Error(), Err: err,
		Remedy: "see that the state directory can be read and written, then resume the run"}
}

// save puts a job in its place, whole or not at all, and returns when it is there for
// good.
func (s *store) save(r *record) error {
	raw, err := json.MarshalIndent(r, "", " ")
	if err == nil {
		err = s.write(s.path(r.Name), raw)
	}
	if err != nil {
		return s.broken("job "+r.Name, err)
	}
	return nil
}

func (s *store) write(path string, raw []byte) error {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(s.dir)
}

// syncDir makes the names in a folder safe, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	_ = d.Sync() // some systems can't, and do it by themselves
	return d.Close()
}

// list reads all jobs, newest first. One that can't be read is an error: what is
// decided on the list must not rest on a part of it.
func (s *store) list() ([]*record, error) {
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, s.broken("the list", err)
	}
	var out []*record
	for _, e := range entries {
		name, isJob := strings.CutSuffix(e.Name(), ".json")
		if !isJob || !jobName.MatchString(name) {
			continue
		}
		r, err := s.load(name)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b *record) int {
		if c := b.Started.Compare(a.Started); c != 0 {
			return c
		}
		return strings.Compare(b.Name, a.Name)
	})
	return out, nil
}

// lock takes the right to drive a job; nil where another process has it. The system
// gives it back when the process ends, however it ends.
func (s *store) lock(name string) (*flock.Flock, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, s.broken("job "+name, err)
	}
	l := flock.New(filepath.Join(s.dir, name+".lock"), flock.SetPermissions(0o600))
	got, err := l.TryLock()
	if err != nil {
		return nil, s.broken("job "+name, err)
	}
	if !got {
		return nil, nil
	}
	return l, nil
}
