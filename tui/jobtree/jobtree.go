// Package jobtree turns a Site Recovery job into lines: its tasks with their
// children, what is behind them, and every error once. Commands and screens draw
// the same lines.
package jobtree

import (
	"cmp"
	"strings"
	"time"

	"failback/engine"
)

// Kind says what a line is.
type Kind int

// The kinds of lines.
const (
	Task    Kind = iota // one task with its state
	Detail              // what is behind the task above
	Fault               // an error of the task above, or of the job
	Warning             // the same, where the service calls it less
	Advice              // causes and recommendations of the error above
)

// Line is one line of a tree.
type Line struct {
	Depth int
	Kind  Kind
	Text  string
	State string        // of a task, as the service spells it
	Took  time.Duration // of a task that has ended
	Job   string        // the job that does the task's work, where it is another
}

// Of lists a job's lines. Jobs of children that are given, by name, are drawn
// below the tasks that link them.
func Of(j engine.Job, children map[string]engine.Job) []Line {
	w := walk{children: children, seen: map[string]bool{j.Name: true}}
	w.tasks(j.Tasks, 0)
	w.faults(j.OwnErrors(), 0)
	return w.lines
}

// Links lists the names of the jobs that a job's tasks link, each once.
func Links(j engine.Job) []string {
	var out []string
	seen := map[string]bool{}
	for _, l := range Of(j, nil) {
		if l.Job != "" && !seen[l.Job] {
			seen[l.Job] = true
			out = append(out, l.Job)
		}
	}
	return out
}

type walk struct {
	lines    []Line
	children map[string]engine.Job
	seen     map[string]bool // jobs that are drawn already: one VM has one job for several tasks
}

func (w *walk) add(l Line) { w.lines = append(w.lines, l) }

func (w *walk) tasks(ts []engine.Task, depth int) {
	for _, t := range ts {
		l := Line{Depth: depth, Kind: Task, Text: t.Title(), State: t.State}
		if !t.Started.IsZero() && !t.Ended.IsZero() {
			l.Took = t.Ended.Sub(t.Started)
		}
		if t.Child != nil {
			l.Job = t.Child.Job
		}
		w.add(l)
		w.details(t, depth+1)
		w.faults(t.Errors, depth+1)
		w.tasks(t.Children, depth+1)
		if j, ok := w.children[l.Job]; ok && !w.seen[l.Job] {
			w.seen[l.Job] = true
			w.tasks(j.Tasks, depth+1)
			w.faults(j.OwnErrors(), depth+1)
		}
	}
}

func (w *walk) details(t engine.Task, depth int) {
	say := func(label, s string) {
		if s = strings.TrimSpace(s); s != "" {
			w.add(Line{Depth: depth, Kind: Detail, Text: label + s})
		}
	}
	if t.Skipped != "" {
		say("left out: ", t.Skipped)
	}
	if a := t.Action; a != nil {
		switch a.Kind {
		case engine.ActionManual:
			say("manual action: ", a.Name)
			say("instructions: ", a.Text)
			say("observation: ", a.Output)
		case engine.ActionScript, engine.ActionRunbook:
			say(string(a.Kind)+": ", strings.TrimSuffix(a.Name+", "+a.Text, ", "))
			say("output: ", a.Output)
		}
	}
	for _, n := range t.Notes {
		say("", n)
	}
}

func (w *walk) faults(errs []engine.JobError, depth int) {
	for _, e := range errs {
		kind := Fault
		if e.Level != "" && !strings.EqualFold(e.Level, "error") && !strings.EqualFold(e.Level, "critical") {
			kind = Warning
		}
		said := cmp.Or(e.Message, "no message")
		if e.Code != "" {
			said = e.Code + ": " + said
		}
		w.add(Line{Depth: depth, Kind: kind, Text: said})
		if e.PossibleCauses != "" {
			w.add(Line{Depth: depth, Kind: Advice, Text: "possible causes: " + e.PossibleCauses})
		}
		if e.Recommended != "" {
			w.add(Line{Depth: depth, Kind: Advice, Text: "recommended: " + e.Recommended})
		}
	}
}

// words are the states of jobs and tasks as people say them.
var words = map[string]string{
	string(engine.JobNotStarted): "to come", string(engine.JobInProgress): "running", string(engine.JobSucceeded): "done",
	string(engine.JobFailed): "failed", string(engine.JobCancelled): "cancelled", string(engine.JobSuspended): "waits",
	string(engine.JobPartiallySucceeded): "partly done", string(engine.JobWithInformation): "done, with information",
	engine.TaskStateSkipped: "skipped", string(engine.JobCancelling): "cancelling", "Completed": "done",
}

// Word says a state of a job or a task. One that is not known is said as it is.
func Word(state string) string { return cmp.Or(words[state], state, "unknown") }

// Waits says what a suspended job waits for, empty for any other.
func Waits(j engine.Job) string {
	switch j.Waits() {
	case engine.WaitComplete:
		_, portal := engine.GateComplete.Action(engine.ToOnPremises)
		return "waits for " + portal
	case engine.WaitManualAction:
		if t, ok := j.ManualAction(); ok && t.Action != nil {
			return "waits for the manual action " + t.Action.Name
		}
		return "waits for a manual action"
	case engine.WaitTestFailover:
		return "waits for the cleanup of its test failover"
	case engine.WaitOther:
		return "waits, for what is not known here"
	case engine.WaitNone:
	}
	return ""
}
