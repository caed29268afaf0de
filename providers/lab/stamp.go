package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"failback/providers/lab/estate"
)

// stampFile says what a lab's world was made from.
const stampFile = "estate.json"

// stamp is the estate as it was when the world was made.
type stamp struct {
	Sum  string `json:"sum"`
	Seed int64  `json:"seed"`
}

func stampOf(e estate.Estate) (stamp, error) {
	seed := e.Seed
	e.Seed = 0
	raw, err := json.Marshal(e)
	if err != nil {
		return stamp{}, fmt.Errorf("estate %s: %w", e.Name, err)
	}
	sum := sha256.Sum256(raw)
	return stamp{hex.EncodeToString(sum[:]), seed}, nil
}

// mark leaves the stamp of a world that was just made; one that is there stays.
func mark(dir string, e estate.Estate) error {
	path := filepath.Join(dir, stampFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := stampOf(e)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(path, raw, 0o600)
}

// Outdated reports whether the world that is kept for these options was made
// from another text of the estate, or with another seed than the one asked for.
// A world goes on as it was made until it is reset.
func Outdated(o Options) (bool, error) {
	e, err := o.load()
	if err != nil {
		return false, err
	}
	raw, err := os.ReadFile(filepath.Join(o.dir(e), stampFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	var made stamp
	if err == nil {
		err = json.Unmarshal(raw, &made)
	}
	if err != nil {
		return false, fmt.Errorf("read what the lab was made from: %w", err)
	}
	now, err := stampOf(e)
	return made.Sum != now.Sum || (o.Seed != 0 && o.Seed != made.Seed), err
}
