package engine

import (
	"strings"
	"testing"
)

// TestS29PassesWhileARunWaitsAreTold in its own line, and what Site Recovery says of a
// task that succeeded is none of it.
func TestS29PassesWhileARunWaitsAreTold(t *testing.T) {
	e := Event{Body: TaskChanged{Job: "j", Path: TaskMonitorSync, Task: Task{Name: TaskMonitorSync, Friendly: "Bring the disks", State: TaskStateSucceeded, Detail: "passes while it waits: 2"}}}
	if s := (State{Plan: Plan{Direct: &Direct{}}}).Sentence(e); s != "task Bring the disks: Succeeded: passes while it waits: 2" {
		t.Errorf("%q", s)
	}
	if s := Sentence(e); strings.Contains(s, "passes") {
		t.Errorf("%q", s)
	}
}
