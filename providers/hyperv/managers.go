package hyperv

import (
	"context"
	"errors"
	"strings"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// Managers implements [engine.HostDesk].
func (a *Access) Managers(ctx context.Context, host, vmID string) (engine.HostManagers, error) {
	var x scripts.ManagersAnswer
	if err := a.on(ctx, host, scripts.ReadManagers, vmID, scripts.ManagersParams{VMID: vmID}, &x); err != nil {
		return engine.HostManagers{}, err
	}
	return engine.HostManagers{
		Cluster: x.Cluster, Nodes: x.Nodes, Owner: x.Owner, VMM: x.VMM, VMMVersion: x.Version, Clouds: x.Clouds, Hosts: x.Hosts, Unread: x.Unread,
	}, nil
}

// elsewhere adds to the failure of a VM that its host does not have where its
// cluster has it now. A host that was seen to be in no cluster is not asked again.
func (a *Access) elsewhere(ctx context.Context, host, vmID string, err error) error {
	var f *engine.Failure
	if !errors.As(err, &f) || f.Kind != engine.FailureNotFound {
		return err
	}
	key := strings.ToLower(host)
	if _, alone := a.alone.Load(key); alone {
		return err
	}
	m, asked := a.Managers(ctx, host, vmID)
	switch {
	case asked != nil || m.Unread["cluster"] != "":
		return err
	case m.Cluster == "":
		a.alone.Store(key, true)
		return err
	case m.Owner == "" || strings.EqualFold(m.Owner, host):
		return err
	}
	moved := *f
	moved.Why += " Its cluster " + m.Cluster + " has it on node " + m.Owner + " now."
	moved.Remedy = "move its role to " + host + ", or name " + m.Owner + " under hosts in the profile and as its host, then try again"
	return &moved
}
