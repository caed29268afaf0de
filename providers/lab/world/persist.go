package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of a world's directory.
const (
	stateFile    = "state.json"
	requestsFile = "requests.ndjson"
	blobsDir     = "blobs"
	hostsDir     = "hosts"
)

// load reads the state of a directory; nil where there is none.
func load(dir string) (*State, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the lab's state: %w", err)
	}
	var s State
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("the lab's state in %s is damaged (start over with a reset): %w", dir, err)
	}
	if s.Schema != schema {
		return nil, fmt.Errorf("the lab in %s was made by another version (start over with a reset)", dir)
	}
	return &s, nil
}

// save writes the state aside and renames it into place: a killed process
// leaves the old one or the new one. A crash of the machine is not survived;
// it is a rehearsal's world.
func save(dir string, s *State) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("save the lab's state: %w", err)
	}
	path := filepath.Join(dir, stateFile)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return fmt.Errorf("save the lab's state: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("save the lab's state: %w", err)
	}
	return nil
}

// Read looks at the state. f must not keep anything of it.
func (w *World) Read(f func(s *State)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.state)
}

// update changes the state and saves it before it returns. An error of f leaves
// what f changed, so f refuses before it changes anything.
func (w *World) update(f func(s *State) error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := f(w.state); err != nil {
		return err
	}
	if err := save(w.dir, w.state); err != nil {
		return err
	}
	close(w.changed)
	w.changed = make(chan struct{})
	return nil
}

// change is update for what cannot be refused.
func (w *World) change(f func(s *State)) error {
	return w.update(func(s *State) error {
		f(s)
		return nil
	})
}
