package look

import (
	"failback/engine"
	"failback/tui/theme"
)

// JobMark is the symbol of a state of a job or a task. One that is not known has
// the symbol for it.
func (l Look) JobMark(state string) string {
	switch engine.JobState(state) {
	case engine.JobSucceeded, engine.JobWithInformation:
		return l.G.Done
	case engine.JobInProgress, engine.JobCancelling:
		return l.G.Running
	case engine.JobNotStarted:
		return l.G.Pending
	case engine.JobFailed:
		return l.G.Failed
	case engine.JobCancelled:
		return l.G.Stopped
	case engine.JobSuspended:
		return l.G.Gate
	case engine.JobPartiallySucceeded:
		return l.G.Warn
	case engine.JobState(engine.TaskStateSkipped):
		return l.G.Dash
	}
	return l.G.Unknown
}

// JobTone is the style of a state of a job or a task.
func (l Look) JobTone(state string) theme.Style {
	switch engine.JobState(state) {
	case engine.JobFailed:
		return l.T.Bad
	case engine.JobSuspended, engine.JobPartiallySucceeded:
		return l.T.Warn
	case engine.JobSucceeded, engine.JobWithInformation:
		return l.T.OK
	case engine.JobNotStarted, engine.JobInProgress, engine.JobCancelling, engine.JobCancelled:
	}
	return l.T.Text
}
