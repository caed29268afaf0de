package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// Files of a lab's directory that tell other processes about its server.
const (
	lockFile     = "lock"
	endpointFile = "endpoint.json"
)

// notice is what a serving process leaves for others.
type notice struct {
	PID       int       `json:"pid"`
	Estate    string    `json:"estate"`
	Speed     float64   `json:"speed"`
	Endpoints Endpoints `json:"endpoints"`
}

func (n notice) write(dir string) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, endpointFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// readNotice returns nil where nobody has left one.
func readNotice(dir string) (*notice, error) {
	data, err := os.ReadFile(filepath.Join(dir, endpointFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var n notice
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, fmt.Errorf("read %s: %w", filepath.Join(dir, endpointFile), err)
	}
	return &n, nil
}

// take locks a lab's directory for this process; nil where another one has it.
// The system lets go of the lock when a process dies.
func take(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the lab: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock the lab: %w", err)
	}
	if !ok {
		return nil, errors.Join(lock.Close())
	}
	// What a killed server said is not true any more.
	if err := os.Remove(filepath.Join(dir, endpointFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("open the lab: %w", err), lock.Unlock())
	}
	return lock, nil
}

// join locks the directory, or waits for the notice of the process that has
// locked it.
func join(ctx context.Context, dir string) (*flock.Flock, *notice, error) {
	const patience, again = 10 * time.Second, 20 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		lock, err := take(dir)
		if lock != nil || err != nil {
			return lock, nil, err
		}
		if n, err := readNotice(dir); n != nil || err != nil {
			return nil, n, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, fmt.Errorf("the lab in %s is locked by a process that does not say where it serves", dir)
		case <-time.After(again):
		}
	}
}

// servedSomewhere finds a lab that is served for the state directory, whatever
// its estate.
func servedSomewhere(stateDir string) (dir string, err error) {
	entries, err := os.ReadDir(filepath.Join(stateDir, "lab"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("look for a served lab: %w", err)
	}
	for _, e := range entries {
		dir := filepath.Join(stateDir, "lab", e.Name())
		if n, err := readNotice(dir); err != nil || n == nil {
			continue
		}
		lock := flock.New(filepath.Join(dir, lockFile))
		free, err := lock.TryLock()
		if err == nil && free {
			err = lock.Unlock()
		}
		if err != nil {
			return "", fmt.Errorf("look for a served lab: %w", err)
		}
		if !free {
			return dir, nil
		}
	}
	return "", nil
}
