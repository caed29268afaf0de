package world

// recipe is what jobs of a kind have in common.
type recipe struct {
	scenario, friendly string
	fromAzure          bool
	tasks              func() []*Task
}

func recipeOf(k Kind) recipe {
	switch k {
	case KindFailback:
		return recipe{"PlannedFailover", "Planned failover", true, failbackTasks}
	case KindForward:
		return recipe{"PlannedFailover", "Planned failover", false, forwardTasks}
	case KindCommitBack:
		return recipe{"FinalizeFailback", "Commit", true, commitBackTasks}
	case KindCommitForward:
		return recipe{"CommitFailover", "Commit", false, commitForwardTasks}
	case KindReprotect:
		return recipe{"ReprotectReplicationGroup", "Reverse replication", true, reprotectTasks}
	case KindEnable: // inferred: no recording of a first protection exists
		return recipe{"EnableDr", "Enable replication", false, reprotectTasks}
	case KindDisable: // inferred, the same
		return recipe{"DisableDr", "Disable replication", false, disableTasks}
	case KindIrCompletion:
		return recipe{"IrCompletion", "Finalize protection on the virtual machine", false, irCompletionTasks}
	case KindRestore:
		return recipe{"RestoreCompletion", "Complete data synchronization", true, restoreTasks}
	case KindStageSync, KindStageShutdown, KindStageFailover, KindStageStart:
		return recipe{"Failback", "Planned failover", true, nil} // its tasks depend on the mode
	case KindPlanFailback:
		return recipe{"Failback", "Planned failover", true, nil}
	case KindPlanForward:
		return recipe{"PlannedFailover", "Planned failover", false, nil}
	case KindPlanCommit:
		return recipe{"CommitFailover", "Commit", false, nil}
	case KindPlanReprotect:
		return recipe{"ReverseReplication", "Reverse replication", true, nil}
	case KindExport: // inferred: no recording of an export exists
		return recipe{"ExportJobs", "Export jobs", false, nil}
	}
	return recipe{}
}

// addJob makes a job that has not begun; whoever adds it launches it when the
// change is saved. activity is the client request id that it carries.
func (s *State) addJob(k Kind, activity string) *Job {
	r := recipeOf(k)
	j := &Job{
		Name: s.mint(), Kind: k, Scenario: r.scenario, Friendly: r.friendly, FromAzure: r.fromAzure,
		State: InProgress, Description: InProgress, Started: now(),
	}
	j.Activity = activity + " ActivityId: " + s.mint()
	if r.tasks != nil {
		j.Tasks = r.tasks()
	}
	s.Jobs = append(s.Jobs, j)
	return j
}
