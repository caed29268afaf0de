package world

// Names of tasks that the scripts refer to. The two synchronisations of a
// failback have the same task names, so ids tell them apart.
const (
	tCheck         = "AzureVmFailbackPrerequisitesCheck"
	tPrepare       = "PrepareVmOnPremForFailback"
	tInitiate      = "InitiateDataSync"
	tMonitor       = "MonitorDataSync"
	tWait          = "WaitForUserInputForFailback"
	tStart         = "StartAzureVmFailback"
	tCheckAgain    = "AzureVmFailbackPrerequisitesCheckTask"
	tShutdown      = "ShutdownVmOnAzureTask"
	tInitiateFinal = "InitiateDataSyncTask"
	tMonitorFinal  = "MonitorDataSyncTask"
	tFinalize      = "PrepareForFinalizeRestoreTask"
	tBoot          = "StartVmOnPrimaryTask"
)

// Types of tasks.
const (
	typePlain    = "TaskDetails"
	typeInline   = "InlineWorkflowTaskDetails"
	typeVM       = "VirtualMachineTaskDetails"
	typeGroup    = "RecoveryPlanGroupTaskDetails"
	typeShutdown = "RecoveryPlanShutdownGroupTaskDetails"
	typeManual   = "ManualActionTaskDetails"
	typeScript   = "ScriptActionTaskDetails"
)

func newTask(id, name, friendly string) *Task {
	return &Task{ID: id, Name: name, Friendly: friendly, State: NotStarted, Description: NotStarted, Type: typePlain}
}

func plain(name, friendly string) *Task { return newTask(name, name, friendly) }

// failbackTasks is the recorded tree of an item's failback job.
func failbackTasks() []*Task {
	start := plain(tStart, "Starting virtual machine failback")
	start.Type = typeInline
	start.Children = []*Task{
		newTask(tCheckAgain, tCheck, "Prerequisites check for virtual machine failback"),
		newTask(tShutdown, "ShutdownVmOnAzure", "Shut down the Azure virtual machine"),
		newTask(tInitiateFinal, tInitiate, "Initiating data synchronization"),
		newTask(tMonitorFinal, tMonitor, "Monitoring data synchronization"),
		newTask(tFinalize, "PrepareForFinalizeRestore", "Preparing for final failback"),
		newTask(tBoot, "StartVmOnPrimary", "Starting the virtual machine"),
	}
	return []*Task{
		plain(tCheck, "Prerequisites check for virtual machine failback"),
		plain(tPrepare, "Preparing the on-premises virtual machine"),
		plain(tInitiate, "Initiating data synchronization"),
		plain(tMonitor, "Monitoring data synchronization"),
		plain(tWait, "Waiting for user input"),
		start,
	}
}

// forwardTasks is the recorded tree of a planned failover to Azure; the ids
// differ from the names there.
func forwardTasks() []*Task {
	return []*Task{
		newTask("PlannedFailoverPreflightChecksTask", "VmPfoPrerequisitesCheck", "Prerequisites check for planned failover"),
		newTask("ShutdownVmOnPrimary", "VmShutdownVmOnPrimary", "Shut down the virtual machine"),
		newTask("PrepareForFailoverTask", "VmPrepareForFailover", "Preparing for failover"),
		newTask("FailoverTask", "VmFailover", "Start failover"),
		newTask("StartVmOnSecondary", "VmFoStartVmOnSecondary", "Start the replica virtual machine"),
	}
}

func commitForwardTasks() []*Task {
	return []*Task{
		plain("VmCommitPrerequisitesCheck", "Prerequisite check"),
		plain("VmCommit", "Commit"),
	}
}

// commitBackTasks: the names are recorded, the friendly names are inferred.
func commitBackTasks() []*Task {
	return []*Task{
		plain("FinalizeRestoreOnRecovery", "Finalizing failback on the recovery site"),
		plain("FinalizeRestoreOnPrimary", "Finalizing failback on the primary site"),
	}
}

// reprotectTasks: the names are recorded, the friendly names are inferred.
func reprotectTasks() []*Task {
	return []*Task{
		plain("CreateProtectionTarget", "Creating the protection target"),
		plain("EnableProtection", "Enabling protection"),
		plain("VmStartInitialReplication", "Starting initial replication"),
	}
}

// irCompletionTasks: the names are recorded, the friendly names are inferred.
func irCompletionTasks() []*Task {
	return []*Task{
		plain("CompleteInitialReplication", "Completing initial replication"),
		plain("FailWorkflowOnIRFailureTask", "Checking the initial replication"),
		plain("ReplicaConfiguration", "Configuring the replica"),
		plain("UpdateDraState", "Updating the provider states"),
	}
}

// restoreTasks are those of the short job that the service adds when the host
// has finished a synchronisation.
func restoreTasks() []*Task {
	return []*Task{
		plain("CompleteRestorePrerequisites", "Prerequisites check for completing data synchronization"),
		plain("CompleteRestore", "Completing data synchronization"),
	}
}
