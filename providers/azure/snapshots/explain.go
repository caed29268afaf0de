package snapshots

import (
	"errors"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
)

// remedies say what to do about refusals that come from an organisation's own
// rules: the service says only what is forbidden.
var remedies = map[string]string{
	"RequestDisallowedByPolicy":    "an Azure Policy of your organisation forbids it: ask for an exemption, or name another resource group for the snapshots",
	"ScopeLocked":                  "a lock on the resource group forbids it: ask who set the lock, then delete the snapshots by their tag " + TagRun,
	"ReadOnlyDisabledSubscription": "the subscription is disabled and can only be read: ask its owner",
	codeTooMany:                    "delete snapshots of the disk that nobody needs, or wait some minutes",
}

// explained adds what to do to a refusal whose code is known.
func explained(err error) error {
	var f *engine.Failure
	if errors.As(err, &f) && remedies[f.Code] != "" {
		f.Remedy = remedies[f.Code]
	}
	return err
}

const whatLend = "open read access to the snapshot"

// mayLend refuses a snapshot whose own settings forbid that anybody reads it.
func (s Snapshot) mayLend() error {
	if s.network == armcompute.NetworkAccessPolicyDenyAll {
		return &engine.Failure{Kind: engine.FailurePermission, What: whatLend, Where: s.Name, Code: "NetworkAccessPolicy",
			Why:    "its network access policy is DenyAll: nobody may export it",
			Remedy: "allow the export of the disk under Networking in the portal (AllowAll, or AllowPrivate with a disk access), or ask whoever set it; a new snapshot takes the disk's setting over"}
	}
	return nil
}

// unreadable adds the snapshot's own settings to the reason why it could not be
// read: the storage service does not name them.
func (s Snapshot) unreadable(err error) error {
	var f *engine.Failure
	if err == nil || !errors.As(err, &f) {
		return err
	}
	private := s.network == armcompute.NetworkAccessPolicyAllowPrivate || s.public == armcompute.PublicNetworkAccessDisabled
	switch {
	case private:
		f.Remedy = "the snapshot is exported through a private endpoint only: run this where the endpoint of its disk access is reached, and where its name resolves to a private address"
		if s.access != "" {
			f.Causes = "disk access " + s.access
		}
	case s.signIn:
		f.Remedy = "the snapshot's data needs a sign-in beside the signature: ask for the built-in role Data Operator for Managed Disks"
	}
	return err
}
