package transfer

import (
	"fmt"
	"slices"
)

// Level is how far a copy has been verified. Each includes the ones before.
type Level int

// The levels of verification.
const (
	// LevelNone: nothing is known of it.
	LevelNone Level = iota
	// LevelArrived: every range that was listed arrived whole and is on stable
	// storage.
	LevelArrived
	// LevelChecked: every answer of the source came with a sum of the service, and
	// had it.
	LevelChecked
	// LevelReread: the target was read again after it was flushed, and is what was
	// read from the source.
	LevelReread
	// LevelSource: the whole target is what a manifest says that was made beside
	// the source.
	LevelSource
)

var levelNames = [...]string{"none", "arrived", "checked", "reread", "source"}

var levelSentences = [...]string{
	"nothing was verified",
	"every listed range arrived whole and is on stable storage",
	"every answer of the source had the service's own checksum",
	"the target was read again and is what was read from the source",
	"the target is the disk that the manifest made beside the source describes",
}

// String is the name of the level, one word for scripts.
func (l Level) String() string { return levelNames[l.index()] }

// Sentence says what the level shows.
func (l Level) Sentence() string { return levelSentences[l.index()] }

// MarshalText writes the name.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the name.
func (l *Level) UnmarshalText(p []byte) error {
	i := slices.Index(levelNames[:], string(p))
	if i < 0 {
		return fmt.Errorf("%q is no level of verification", p)
	}
	*l = Level(i)
	return nil
}

func (l Level) index() int {
	if l < 0 || int(l) >= len(levelNames) {
		return 0
	}
	return int(l)
}

// Checked is a source whose every answer is held against a sum that the service
// gives; the sum's name, empty where it gives none.
type Checked interface{ CheckedBy() string }

// LevelOf is what a transfer from src without an error shows by itself.
func LevelOf(src Source) Level {
	if c, ok := src.(Checked); ok && c.CheckedBy() != "" {
		return LevelChecked
	}
	return LevelArrived
}
