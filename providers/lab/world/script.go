package world

import (
	"fmt"

	"failback/providers/lab/estate"
)

// script is what a job does, step by step. It follows from the job alone, so
// that a job of a killed process finds its place again.
func (w *World) script(s *State, j *Job) []step {
	switch j.Kind {
	case KindFailback:
		return failbackScript(s.Times, j.Args.Full)
	case KindForward:
		return forwardScript(s.Times)
	case KindCommitBack:
		return commitBackScript(s.Times)
	case KindCommitForward:
		return commitForwardScript(s.Times)
	case KindDisable:
		return disableScript(s.Times)
	case KindReprotect, KindEnable:
		return reprotectScript(s.Times)
	case KindIrCompletion:
		return irCompletionScript(s.Times)
	case KindRestore:
		return []step{{task: "CompleteRestorePrerequisites"}, {task: "CompleteRestore"}}
	case KindStageSync, KindStageShutdown, KindStageFailover, KindStageStart:
		return stageScript(s.Times, j)
	case KindPlanFailback:
		return planFailbackScript(s, j)
	case KindPlanForward:
		return planForwardScript(s, j)
	case KindPlanCommit, KindPlanReprotect:
		return planChildrenScript(j)
	case KindExport: // over when it is made
	}
	return nil
}

// trouble is what may go wrong at a job's moment: an error that ends it, or a
// warning that it carries to a good end.
func (r *run) trouble(when estate.Moment, item, host string) error {
	if f := r.strike(when, item, host, estate.JobWarns); f != nil {
		e := errorOf(*f, "28175", "The requested name was in use; the virtual machine was created with another one.")
		e.Level, e.At = "Warning", now()
		if err := r.edit(func(_ *State, j *Job, _ *Item) { j.Errors = append(j.Errors, *e) }); err != nil {
			return err
		}
	}
	if f := r.strike(when, item, host, estate.JobFails); f != nil {
		return errorOf(*f, "539", "The requested action couldn't be performed by the 'Hyper-V' Replication Provider.")
	}
	return nil
}

func errorOf(f estate.Fault, code, message string) *JobError {
	if f.Code != "" {
		code = f.Code
	}
	if f.Message != "" {
		message = f.Message
	}
	return &JobError{
		Code: code, Message: message,
		Causes: "Check the provider errors for more information.",
		Remedy: "Resolve the issue and retry the operation.",
	}
}

// needHost refuses to go on while the host of the job cannot be talked to.
func (r *run) needHost(host string) error {
	var err error
	r.Read(func(s *State) {
		h := s.Host(host)
		if h == nil {
			err = fmt.Errorf("no provider for host %s", host)
			return
		}
		if _, connected := s.Heartbeat(h); !connected {
			err = &JobError{
				Code: "708", Message: "The heartbeat of the Site Recovery provider on '" + host + "' is missing.",
				Causes: "The host is off or cannot reach Azure, or its provider service is stopped.",
				Remedy: "Start the host and the service 'Microsoft Azure Site Recovery Service', check its way to Azure, and retry.",
			}
		}
	})
	return err
}

// targetHost is where a failback job brings its item.
func (j *Job) targetHost(it *Item) string {
	if j.Args.Host != "" {
		return j.Args.Host
	}
	return it.Host
}
