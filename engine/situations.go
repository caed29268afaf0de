package engine

// failoverPending is the one situation that a run may take itself out of.
const failoverPending = "failover to Azure not committed"

// Reasons that several situations share.
var (
	inAzure   = Advice{"already in Azure", "choose the direction Azure → on-premises"}
	atHome    = Advice{"already on-premises", "nothing to bring home; to send it to Azure choose the direction on-premises → Azure"}
	unoffered = Advice{"Site Recovery does not offer a planned failover now (state: {state})", "wait until replication is healthy, or look at the item's job"}
	occupied  = Advice{"a job is working on it: {scenario} ({job})", "wait for that job, or resume the run it belongs to"}
)

const (
	recorded2023 = "recorded, Hyper-V site, 2023"
	recorded2021 = "recorded, Hyper-V site, 2021"
	recorded2017 = "recorded, Hyper-V site, 2017"
	recordedVMM  = "recorded, VMM cloud, 2023"
	example2024  = "example of the REST specification, 2024-04-01"
)

// situations are tried in order; the first that fits is the item's. Rows that go
// by what is offered come before rows that go by names.
var situations = []Situation{
	{
		Name: "test failover waits for its cleanup", Offers: []string{AllowTestFailoverCleanup},
		Meaning:  "A test VM runs in Azure beside the machine. Nothing else is offered until it is cleaned up.",
		Failback: atHome,
		Forward:  Advice{"a test failover waits for its cleanup", "clean the test failover up in the portal, then check again"},
		Recorded: []Combination{{"Protected", "Protected", "Primary", []string{"TestFailoverCleanup"}, "WaitingForCompletion", "TestFailover", recorded2017}},
	},
	{
		Name: "test failover under way", Working: true, Scenarios: []string{ScenarioTestFailover},
		Meaning:  "A job makes the test VM in Azure.",
		Failback: atHome,
		Forward:  Advice{"a test failover is under way (job {job})", "wait for it, then clean the test failover up in the portal"},
		Inferred: "what is offered meanwhile",
	},
	{
		Name: "failback not committed", Offers: []string{AllowFinalizeFailback},
		Meaning:  "The machine runs on-premises, and its Azure copy is stopped and kept until the commit deletes it. The item says on-premises already.",
		Failback: Advice{"a failback waits for its commit", "check the on-premises VM, then commit that failback (resume its run, or use the portal)"},
		Forward:  Advice{"a failback waits for its commit", "check the on-premises VM, then commit that failback (resume its run, or use the portal) and re-protect"},
		Recorded: []Combination{{"FinalizeRestorePending", "Finalize failback pending", "Primary", []string{"DisableProtection", "FinalizeFailback"}, "None", "", recorded2021}},
	},
	{
		Name: "failback committed, not replicating", Offers: []string{AllowReverseReplicate}, Active: LocationOnPremises,
		Meaning:  "The machine is home, its Azure copy is deleted, and nothing protects it.",
		Failback: Advice{"already on-premises, not replicating", "re-protect it (Reverse replicate)"},
		Forward:  Advice{"not replicating to Azure", "re-protect it (Reverse replicate) and wait until it is protected"},
		Recorded: []Combination{{"RestoreFinalized", "Failback finalized", "Primary", []string{"ReverseReplicate", "DisableProtection"}, "None", "", recorded2021}},
	},
	{
		Name: "ready to fail back", Offers: []string{AllowFailback}, Active: LocationAzure,
		Meaning: "The machine runs in Azure and that failover is committed.",
		Forward: inAzure,
		Recorded: []Combination{
			{"UnplannedFailoverCommitted", "Failover committed", "Recovery", []string{"CompleteMigration", "DisableProtection", "Failback"}, "None", "", recorded2021},
			{"PlannedFailoverStatesBegin", "Planned failover committed", "Recovery", []string{"CompleteMigration", "DisableProtection", "Failback"}, "MarkedForDeletion", "", example2024},
		},
	},
	{
		Name: failoverPending, Offers: []string{AllowCommit}, Active: LocationAzure,
		Meaning:  "The machine runs in Azure, and its recovery points are kept until that failover is committed.",
		Failback: Advice{"its failover to Azure is not committed", "commit that failover first (start --commit-failover, or choose it in the wizard); its recovery points go away then"},
		Forward:  inAzure,
		Recorded: []Combination{
			{"UnplannedFailoverCommitPendingStatesBegin", "Failover completed", "Recovery", []string{"CompleteMigration", "Commit", "DisableProtection", "ChangePit"}, "None", "", recorded2017},
			{"PlannedFailoverCommitRequired", "Planned failover finished", "Recovery", []string{"CompleteMigration", "Commit", "DisableProtection", "ChangePit"}, "MarkedForDeletion", "", example2024},
		},
	},
	{
		Name: "ready to fail over", Offers: []string{AllowPlannedFailover}, Active: LocationOnPremises,
		Meaning:  "The machine runs on-premises and replicates to Azure.",
		Failback: atHome,
		Recorded: []Combination{
			{"Protected", "Protected", "Primary", []string{"PlannedFailover", "UnplannedFailover", "DisableProtection", "TestFailover"}, "None", "", recorded2023},
			{"Protected", "Protected", "Primary", []string{"PlannedFailover", "UnplannedFailover", "DisableProtection", "TestFailover"}, "MarkedForDeletion", "", recorded2017},
		},
	},
	{
		Name: "test failover left open", TestFailover: []string{"WaitingForCompletion", "WaitingForCleanup"}, Active: LocationOnPremises,
		Meaning:  "A test VM runs in Azure beside the machine, and nothing is offered.",
		Failback: atHome,
		Forward:  Advice{"a test failover is open and nothing is offered", "clean the test failover up in the portal, then check again"},
		Inferred: "that an item in these states may offer nothing",
	},
	{
		Name: "failback under way", Active: LocationAzure, Working: true, Scenarios: []string{ScenarioPlannedFailover, ScenarioFailback},
		Meaning:  "A job brings the machine home. Until it ends the on-premises disks are half-written.",
		Failback: occupied,
		Forward:  inAzure,
		Inferred: "the whole row: no recording shows an item while its failback runs or waits",
	},
	{
		Name: "failover under way", Active: LocationOnPremises, Working: true, Scenarios: []string{ScenarioPlannedFailover, ScenarioUnplannedFailover},
		Meaning:  "A job takes the machine to Azure.",
		Failback: atHome,
		Forward:  occupied,
		Inferred: "that the item still says on-premises meanwhile",
	},
	{
		Name: "replication begins", Protection: []string{"InitialReplicationInProgress", "InitialReplicationRecoveryCompletionPending"}, Active: LocationOnPremises,
		Meaning:  "The machine is home and its replication to Azure has begun; until the first recovery point it is unprotected.",
		Failback: atHome,
		Forward:  Advice{"its replication to Azure is not complete (state: {state})", "wait until it is protected"},
		Recorded: []Combination{
			{"InitialReplicationInProgress", "Initial replication is in progress", "Primary", []string{"DisableProtection"}, "None", "", recorded2021},
			{"InitialReplicationRecoveryCompletionPending", "Waiting for first recovery point", "Primary", []string{"DisableProtection"}, "None", "", recordedVMM},
		},
	},
	{
		Name: "protection is being finalized", Protection: []string{"Protected"}, Active: LocationOnPremises, Working: true,
		Meaning:  "The first recovery point is there, and a job finishes the protection; nothing is offered until it has ended.",
		Failback: atHome,
		Forward:  occupied,
		Recorded: []Combination{{"Protected", "Protected", "Primary", []string{}, "None", "EnableProtection", recordedVMM}},
	},
	{
		Name: "failover did not complete", Protection: []string{"UnplannedFailoverStatesBegin", "UnplannedFailoverCompletionFailed"},
		Meaning:  "A failover to Azure began and has not ended well.",
		Failback: Advice{"its failover to Azure has not ended well (state: {state})", "look at the failover's job; repeat or commit it in the portal"},
		Forward:  Advice{"an earlier failover to Azure has not ended well (state: {state})", "look at the failover's job; repeat or commit it in the portal"},
		Inferred: "the names were recorded between two VMM sites only",
	},
	{
		Name: "a job works on it", Working: true,
		Meaning:  "Whoever began the job, nothing else can begin before it ends.",
		Failback: occupied,
		Forward:  occupied,
		Inferred: "that an item in a workflow offers nothing",
	},
	{
		Name: "on-premises, nothing offered", Active: LocationOnPremises,
		Meaning:  "The machine runs on-premises, and no planned failover is offered.",
		Failback: atHome,
		Forward:  unoffered,
		Inferred: "every combination that has no row of its own",
	},
	{
		Name: "in Azure, nothing offered", Active: LocationAzure,
		Meaning:  "The machine runs in Azure, and no failback is offered.",
		Failback: Advice{"Site Recovery does not offer a failback now (state: {state})", "look at the item's health and its jobs"},
		Forward:  inAzure,
		Inferred: "every combination that has no row of its own",
	},
	{
		Name:     "not known where it runs",
		Meaning:  "The vault says of no location that the machine is active there.",
		Failback: Advice{"Site Recovery does not offer a failback now (state: {state})", "look at the item in the portal"},
		Forward:  unoffered,
		Inferred: "every combination that has no row of its own",
	},
}

var protectionStates = []ProtectionState{
	{"Protected", "Protected", ItemProtected, ""},
	{"UnplannedFailoverCommitPendingStatesBegin", "Failover completed", ItemFailoverPending, ""},
	{"PlannedFailoverCommitRequired", "Planned failover finished", ItemFailoverPending, ""},
	{"UnplannedFailoverCommitted", "Failover committed", ItemFailedOver, ""},
	{"PlannedFailoverStatesBegin", "Planned failover committed", ItemFailedOver, ""},
	{"FinalizeRestorePending", "Finalize failback pending", ItemFailbackCommitPending, ""},
	{"RestoreFinalized", "Failback finalized", ItemFailbackCommitted, ""},
	{"InitialReplicationInProgress", "Initial replication is in progress", ItemReverseReplicating, ""},
	{"InitialReplicationRecoveryCompletionPending", "Waiting for first recovery point", ItemReverseReplicating, ""},
	{"UnplannedFailoverStatesBegin", "", ItemStateOther, "recorded between two VMM sites only"},
	{"UnplannedFailoverCompletionFailed", "", ItemStateOther, "recorded between two VMM sites only"},
}
