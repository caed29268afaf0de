package snapshots

import (
	"errors"
	"strings"
	"testing"

	"failback/engine"
)

// TestSPlus4AfterAChangeOfSizeTheWholeDiskIsRead holds for any change of size: the
// service says so of one across 4 TB.
func TestSPlus4AfterAChangeOfSizeTheWholeDiskIsRead(t *testing.T) {
	older := Snapshot{Name: "a", Family: "f", Bytes: 4 << 40}
	newer := Snapshot{Name: "b", Family: "f", Bytes: 5 << 40}
	err := diffable("list the changes", newer, older)
	if !errors.Is(err, ErrNoDiff) || engine.KindOf(err) != engine.FailureRefused || !strings.Contains(failureOf(err).Remedy, "whole disk") {
		t.Errorf("%v", err)
	}
	newer.Bytes = older.Bytes
	if err := diffable("list the changes", newer, older); err != nil {
		t.Errorf("of one size: %v", err)
	}
}
