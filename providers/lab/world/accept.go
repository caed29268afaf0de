package world

import (
	"slices"
	"strings"

	"failback/providers/lab/estate"
)

// directions of a planned failover.
const (
	toPrimary  = "RecoveryToPrimary"
	toRecovery = "PrimaryToRecovery"
)

// FailoverRequest is a planned failover as it was asked for, in the service's
// words.
type FailoverRequest struct {
	Direction    string // failoverDirection; may be absent
	InstanceType string
	DataSync     string // dataSyncOption
	CreateVM     string // recoveryVmCreationOption
	ProviderID   string // last segment of providerIdForAlternateRecovery
	Provider     bool   // an alternate provider was named
	Point        string // last segment of recoveryPointId, "" for the latest
	Certificate  bool   // primaryKekCertificatePfx holds the bytes of a file
}

// PlannedFailover starts a planned failover of an item, in either direction.
func (w *World) PlannedFailover(item string, req FailoverRequest, activity string) (Operation, error) {
	managed := w.strike(estate.OnStart, item, "", estate.ManagedRefused) != nil
	return w.accept(item, func(s *State, it *Item) (*Job, error) {
		if managed {
			return nil, refuse("ManagedDiskFailbackNotSupported", "Expected 'Blob', Actual 'ManagedDisk'.",
				"The disks of the virtual machine in Azure are managed disks.",
				"Bring the virtual machine home without Site Recovery.")
		}
		back := req.Direction == toPrimary || req.Direction == "" && it.AtRecovery
		if err := checkDirection(it, back); err != nil {
			return nil, err
		}
		if back {
			return s.acceptFailback(it, req, activity)
		}
		return s.acceptForward(it, req, activity)
	})
}

func checkDirection(it *Item, back bool) error {
	if back != it.AtRecovery {
		return refuse("InvalidFailoverDirection",
			"The failover direction does not fit the active location of the replicated item '"+it.Name+"'.",
			"The virtual machine is active at the other location.",
			"Choose the direction that starts where the virtual machine is active.")
	}
	return nil
}

func (s *State) acceptFailback(it *Item, req FailoverRequest, activity string) (*Job, error) {
	if !it.offers("Failback") {
		return nil, notAllowed(it, "Failback")
	}
	if !strings.EqualFold(req.InstanceType, "HyperVReplicaAzureFailback") {
		return nil, refuse("InvalidParameter", "The provider specific details are not those of a failback.",
			"providerSpecificDetails.instanceType is '"+req.InstanceType+"'.", "Send HyperVReplicaAzureFailback.")
	}
	args := Args{Full: req.DataSync == "ForSynchronization", CreateVM: req.CreateVM == "CreateVmIfNotFound"}
	if !args.Full && req.DataSync != "ForDownTime" {
		return nil, refuse("InvalidParameter", "The data synchronization option '"+req.DataSync+"' is not known.",
			"dataSyncOption is neither ForDownTime nor ForSynchronization.", "Send one of these values.")
	}
	if req.Provider {
		h := s.Provider(req.ProviderID)
		if h == nil || h.Fabric != s.Host(it.Host).Fabric {
			return nil, refuse("InvalidProviderId", "The provider '"+req.ProviderID+"' is not one of the item's fabric.",
				"providerIdForAlternateRecovery names no provider of a Hyper-V host of the same site.",
				"Send the resource id of the provider of the target host.")
		}
		args.Host = h.Name
	}
	j := s.addJob(KindFailback, activity)
	j.Args = args
	return j, nil
}

// acceptForward takes a planned failover to Azure. That a VM with the retired
// encryption is refused without its certificate is inferred.
func (s *State) acceptForward(it *Item, req FailoverRequest, activity string) (*Job, error) {
	if !it.offers("PlannedFailover") {
		return nil, notAllowed(it, "PlannedFailover")
	}
	if it.Encryption && !req.Certificate {
		return nil, refuse("InvalidParameter", "The data encryption certificate of '"+it.Name+"' is missing.",
			"The virtual machine is encrypted by VMM and primaryKekCertificatePfx holds no certificate.",
			"Send the certificate that was issued when the Provider was set up.")
	}
	if req.Point != "" && !slices.ContainsFunc(it.Points, func(p Point) bool { return strings.EqualFold(p.Name, req.Point) }) {
		return nil, refuse("RecoveryPointNotFound", "The recovery point '"+req.Point+"' of '"+it.Name+"' was not found.",
			"It has aged out, or a failover was committed since.", "Choose another recovery point.")
	}
	return s.addJob(KindForward, activity), nil
}

// Commit commits a failover in either direction.
func (w *World) Commit(item, activity string) (Operation, error) {
	return w.accept(item, func(s *State, it *Item) (*Job, error) {
		switch {
		case it.offers("FinalizeFailback"):
			return s.addJob(KindCommitBack, activity), nil
		case it.offers("Commit"):
			return s.addJob(KindCommitForward, activity), nil
		case it.AtRecovery:
			return nil, notAllowed(it, "Commit")
		}
		return nil, refuse("25037", "The virtual machine '"+it.Name+"' is not ready for committing the failback.",
			"No failback has been completed.", "Complete the failback first.")
	})
}

// Reprotect starts reverse replication of an item that is home again.
func (w *World) Reprotect(item, direction, activity string) (Operation, error) {
	return w.accept(item, func(s *State, it *Item) (*Job, error) {
		if direction == toPrimary && !it.AtRecovery {
			return nil, checkDirection(it, true)
		}
		if !it.offers("ReverseReplicate") {
			return nil, refuse("25038", "The virtual machine '"+it.Name+"' is not ready for re-enabling protection.",
				"Its failback is not committed.", "Commit the failback first.")
		}
		it.Protection, it.Inner = InitialReplication, "UnprotectedStatesBegin"
		return s.addJob(KindReprotect, activity), nil
	})
}

// accept makes the job of a request and starts it.
func (w *World) accept(item string, begin func(s *State, it *Item) (*Job, error)) (op Operation, err error) {
	var name string
	err = w.update(func(s *State) error {
		it := s.Item(item)
		if it == nil || it.Unprotected {
			return missing("replication protected item", item)
		}
		if it.Scenario.Job != "" {
			return busy(it)
		}
		j, err := begin(s, it)
		if err != nil {
			return err
		}
		name, op = j.Name, s.taken(j, it)
		return nil
	})
	if err == nil {
		w.launch(name)
	}
	return op, err
}

// taken gives a job to its item, and keeps the operation that tells of it.
func (s *State) taken(j *Job, it *Item) Operation {
	j.bind(it)
	op := s.operation(j.Name, j.Name)
	op.Item = it.Name
	s.Operations = append(s.Operations, &op)
	return op
}

// bind gives a job to its item.
func (j *Job) bind(it *Item) {
	j.Item = it.Name
	it.Scenario = Scenario{Name: j.Scenario, Job: j.Name, Started: j.Started}
}

func (s *State) operation(id, job string) Operation {
	return Operation{ID: id, Job: job, Started: now()}
}

func busy(it *Item) *Refusal {
	return conflict("AnotherOperationInProgress",
		"Another operation ('"+it.Scenario.Name+"') is in progress on '"+it.Name+"'.",
		"A job works on the replicated item: "+it.Scenario.Job+".",
		"Wait until that job has ended, and retry.")
}

func notAllowed(it *Item, operation string) *Refusal {
	return refuse("OperationNotAllowed",
		"The operation '"+operation+"' is not allowed on '"+it.Name+"' in its state '"+it.Protection+"'.",
		"The replicated item is not in a state from which the operation can start.",
		"Look at the allowed operations of the replicated item.")
}
