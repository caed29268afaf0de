package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"failback/engine"
)

// decisionsDir holds answers from other terminals, one file each. A file appears
// whole (written aside and renamed) and is removed once it was used or refused.
const decisionsDir = "decisions"

// maxAnswer bounds an answer; a longer file is none.
const maxAnswer = 64 << 10

// answer is one file of the inbox.
type answer struct {
	Item     string           `json:"item"`
	Decision *engine.Decision `json:"decision,omitempty"`
	Cancel   *cancelAsk       `json:"cancel,omitempty"`
	Look     *lookSaid        `json:"look,omitempty"`
	Limit    *limitSaid       `json:"limit,omitempty"`
	At       time.Time        `json:"at"`
	path     string
}

type cancelAsk struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// lookSaid is what a person saw of a machine.
type lookSaid struct {
	By  string `json:"by"`
	Saw string `json:"saw"`
}

// limitSaid is what a person wants the disks of a direct failback to be read with.
type limitSaid struct {
	By    string `json:"by"`
	Limit string `json:"limit"`
}

// Limit leaves what the disks of a direct failback are to be read with for whoever
// drives the run, now or at its resume.
func (s *Store) Limit(id engine.RunID, by, text string) error {
	return s.leave(id, answer{Limit: &limitSaid{By: by, Limit: text}})
}

// Look leaves what a person saw of an item's on-premises VM for whoever drives the
// run, now or at its resume.
func (s *Store) Look(id engine.RunID, item, by, saw string) error {
	return s.leave(id, answer{Item: item, Look: &lookSaid{By: by, Saw: saw}})
}

// Decide leaves a decision for whoever drives the run, now or at its resume. The
// item may be empty where only one leg waits at that gate.
func (s *Store) Decide(id engine.RunID, item string, d engine.Decision) error {
	return s.leave(id, answer{Item: item, Decision: &d})
}

// Pending finds a decision that was left for the gate of an item and that no
// driver has taken yet.
func (s *Store) Pending(id engine.RunID, item string, g engine.Gate) (engine.Decision, bool) {
	for _, a := range s.answers(id) {
		if a.Decision != nil && a.Decision.Gate == g && (a.Item == "" || a.Item == item) {
			return *a.Decision, true
		}
	}
	return engine.Decision{}, false
}

// RequestCancel leaves a request to cancel for whoever drives the run.
func (s *Store) RequestCancel(id engine.RunID, item, by, reason string) error {
	return s.leave(id, answer{Item: item, Cancel: &cancelAsk{By: by, Reason: reason}})
}

func (s *Store) leave(id engine.RunID, a answer) error {
	dir := filepath.Join(s.Dir(id), decisionsDir)
	a.At = time.Now().UTC()
	raw, err := json.Marshal(a)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("leave an answer for run %s: %w", id, err)
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	name := fmt.Sprintf("%020d-%s.json", a.At.UnixNano(), strings.TrimPrefix(filepath.Base(f.Name()), ".new-"))
	return os.Rename(f.Name(), filepath.Join(dir, name))
}

// decodeAnswer reads what another process wrote: a decision, a cancel, a look
// or a limit.
func decodeAnswer(raw []byte) (answer, error) {
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		return a, err
	}
	kinds := 0
	for _, there := range []bool{a.Decision != nil, a.Cancel != nil, a.Look != nil, a.Limit != nil} {
		if there {
			kinds++
		}
	}
	if kinds != 1 {
		return a, errors.New("it is not one decision, one cancel, one look or one limit")
	}
	return a, nil
}

// readAnswer reads one file of the inbox. A file that is longer than any answer is
// cut, and no answer then.
func readAnswer(path string) (answer, error) {
	f, err := os.Open(path)
	if err != nil {
		return answer{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(io.LimitReader(f, maxAnswer))
	if err != nil {
		return answer{}, err
	}
	a, err := decodeAnswer(raw)
	if err != nil {
		_ = os.Rename(path, path+".unreadable")
	}
	a.path = path
	return a, err
}

// answers reads the inbox, oldest first. A file that is no answer is moved aside, so
// that it is neither acted on nor read again; what is no file is left alone.
func (s *Store) answers(id engine.RunID) []answer {
	dir := filepath.Join(s.Dir(id), decisionsDir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []answer
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".json") || !e.Type().IsRegular() {
			continue
		}
		if a, err := readAnswer(filepath.Join(dir, e.Name())); err == nil {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b answer) int { return strings.Compare(a.path, b.path) })
	return out
}

func (a answer) used() error { return os.Remove(a.path) }
