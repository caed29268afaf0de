package world

import "slices"

// Allowed are the operations that an item offers now. An item on which a job
// works offers none; that this holds for a failback is inferred.
func (it *Item) Allowed() []string {
	if it.Scenario.Job != "" && it.Protection != InitialReplication {
		return []string{}
	}
	switch it.Protection {
	case Protected:
		return []string{"PlannedFailover", "UnplannedFailover", "DisableProtection", "TestFailover"}
	case FailoverPending, UnplannedPending:
		return []string{"CompleteMigration", "Commit", "DisableProtection", "ChangePit"}
	case FailedOver, UnplannedDone:
		return []string{"CompleteMigration", "DisableProtection", "Failback"}
	case FailbackPending:
		return []string{"DisableProtection", "FinalizeFailback"}
	case FailbackFinal:
		return []string{"ReverseReplicate", "DisableProtection"}
	}
	return []string{"DisableProtection"}
}

func (it *Item) offers(operation string) bool { return slices.Contains(it.Allowed(), operation) }

var descriptions = map[string]string{
	Protected:                "Protected",
	FailoverPending:          "Planned failover finished",
	FailedOver:               "Planned failover committed",
	UnplannedPending:         "Failover completed",
	UnplannedDone:            "Failover committed",
	FailbackPending:          "Finalize failback pending",
	FailbackFinal:            "Failback finalized",
	InitialReplication:       "Initial replication is in progress",
	InitialWaiting:           "Waiting for first recovery point",
	"UnprotectedStatesBegin": "Enabling protection",
}

// Describe is the service's sentence for a protection state; the name itself
// where there is none.
func Describe(protection string) string {
	if d := descriptions[protection]; d != "" {
		return d
	}
	return protection
}
