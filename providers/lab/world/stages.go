package world

import "failback/providers/lab/estate"

// stageTasks are the tasks of one VM's job in one stage of a recovery plan's
// failback. That a VM has a job for each stage is documented; which of the item's
// recorded tasks stand in which is inferred.
func stageTasks(j *Job) []*Task {
	one := failbackTasks()
	start := find(one, func(t *Task) bool { return t.ID == tStart }).Children
	pick := func(ids ...string) (list []*Task) {
		for _, id := range ids {
			if t := findTask(one, id); t != nil {
				list = append(list, t)
			}
		}
		return list
	}
	switch j.Kind {
	case KindStageSync:
		return pick(tCheck, tPrepare, tInitiate, tMonitor)
	case KindStageShutdown:
		if j.Args.Full {
			return append(pick(tCheck, tPrepare), start[1])
		}
		return start[:2]
	case KindStageFailover:
		return start[2:5]
	case KindStageStart:
		return start[5:]
	case KindFailback, KindForward, KindCommitBack, KindCommitForward, KindReprotect, KindIrCompletion, KindRestore,
		KindPlanFailback, KindPlanForward, KindPlanCommit, KindPlanReprotect, KindExport, KindEnable, KindDisable:
	}
	return nil
}

// stageScript is the part of an item's failback that a stage does.
func stageScript(t estate.Times, j *Job) (steps []step) {
	for _, st := range failbackScript(t, false) {
		if j.task(st.task) != nil {
			steps = append(steps, st)
		}
	}
	return steps
}
