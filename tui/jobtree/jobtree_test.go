package jobtree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/tui/jobtree"
)

func lines(ls []jobtree.Line) string {
	var b strings.Builder
	for _, l := range ls {
		fmt.Fprintf(&b, "%s%s|%s\n", strings.Repeat(" ", l.Depth), l.Text, jobtree.Word(l.State))
	}
	return b.String()
}

func TestS41TreeOfARecoveryPlan(t *testing.T) {
	fault := engine.JobError{Code: "539", Message: "no room", PossibleCauses: "the volume is full", Recommended: "make room"}
	vm := func(name, state, job string) engine.Task {
		return engine.Task{Friendly: name, State: state, Child: &engine.ChildJob{Job: job, Target: name}}
	}
	j := engine.Job{Name: "plan", Errors: []engine.JobError{fault, {Code: "1", Message: "of the job", Level: "Warning"}}, Tasks: []engine.Task{
		{Name: "Check", State: engine.TaskStateSkipped, Skipped: "not needed"},
		{Friendly: "Group 1", State: engine.TaskStateInProgress, Children: []engine.Task{vm("web", "InProgress", "child"), vm("db", "NotStarted", "")}},
		{Friendly: "Group 1 again", State: "Brewing", Children: []engine.Task{vm("web", "InProgress", "child")}},
		{Name: "Hand", State: engine.TaskStateSuspended, Action: &engine.TaskAction{Kind: engine.ActionManual, Name: "Call Ann", Text: "0815"}},
	}}
	child := engine.Job{Name: "child", Tasks: []engine.Task{{Name: "Sync", State: engine.TaskStateFailed, Errors: []engine.JobError{fault}}}}
	if got := jobtree.Links(j); !slices.Equal(got, []string{"child"}) {
		t.Errorf("links = %v", got)
	}
	want := `Check|skipped
 left out: not needed|unknown
Group 1|running
 web|running
  Sync|failed
   539: no room|unknown
   possible causes: the volume is full|unknown
   recommended: make room|unknown
 db|to come
Group 1 again|Brewing
 web|running
Hand|waits
 manual action: Call Ann|unknown
 instructions: 0815|unknown
`
	got := lines(jobtree.Of(j, map[string]engine.Job{"child": child}))
	if rest, ok := strings.CutPrefix(got, want); !ok || strings.Count(got, "no room") != 2 || !strings.Contains(rest, "1: of the job") {
		t.Errorf("lines:\n%s", got)
	}
}
