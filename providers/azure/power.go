package azure

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
)

// Access implements [engine.AzureAccess] with a [Session]. It is safe for
// concurrent use.
type Access struct{ session *Session }

var _ engine.AzureAccess = (*Access)(nil)

// NewAccess reaches Azure copies through s.
func NewAccess(s *Session) *Access { return &Access{session: s} }

// Power reads the power state. A VM or resource group that Azure says does not
// exist is [engine.PowerDeleted]; any other not-found answer is an error, since
// "deleted" counts as stopped.
func (a *Access) Power(ctx context.Context, vm engine.AzureVMRef) (engine.Power, error) {
	call := Call{Action: ActionReadPower, What: "read the power state of the Azure VM", Where: vm.Name}
	machines, err := a.machines(vm, call)
	if err != nil {
		return engine.PowerUnknown, err
	}
	view, err := machines.InstanceView(ctx, vm.ResourceGroup, vm.Name, nil)
	if Gone(err) {
		return engine.PowerDeleted, nil
	}
	if err != nil {
		return engine.PowerUnknown, call.Failure(err)
	}
	return power(view.Statuses), nil
}

// Deallocate asks Azure to stop and deallocate the VM and does not wait for it.
func (a *Access) Deallocate(ctx context.Context, vm engine.AzureVMRef) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	effect, sent := Effect(ctx, "")
	call := Call{Action: ActionStopMachine, What: "stop the Azure VM", Where: vm.Name, Sent: sent}
	machines, err := a.machines(vm, call)
	if err != nil {
		return err
	}
	_, err = machines.BeginDeallocate(effect, vm.ResourceGroup, vm.Name, nil)
	return call.Failure(err)
}

func (a *Access) machines(vm engine.AzureVMRef, call Call) (*armcompute.VirtualMachinesClient, error) {
	if vm.Name == "" || vm.ResourceGroup == "" {
		return nil, &engine.Failure{Kind: engine.FailureNotFound, What: call.What, Where: vm.Name,
			Why: "Site Recovery names no Azure VM and resource group for this item", Remedy: "read the item again once it is in Azure"}
	}
	subscription := vm.Subscription
	if subscription == "" {
		subscription = a.session.subscription
	}
	c, err := armcompute.NewVirtualMachinesClient(subscription, a.session.credential, a.session.ClientOptions())
	return c, call.Failure(err)
}

// Gone reports whether Azure says that a resource, or its resource group, is not there.
// Any other not-found answer is none of that.
func Gone(err error) bool {
	var answer *azcore.ResponseError
	if !errors.As(err, &answer) || answer.StatusCode != http.StatusNotFound {
		return false
	}
	return answer.ErrorCode == "ResourceNotFound" || answer.ErrorCode == "ResourceGroupNotFound"
}

var powers = map[string]engine.Power{
	"running":      engine.PowerRunning,
	"starting":     engine.PowerStarting,
	"stopping":     engine.PowerStopping,
	"deallocating": engine.PowerStopping,
	"stopped":      engine.PowerStopped,
	"deallocated":  engine.PowerDeallocated,
}

// power finds the power state among the statuses; what is not known stays
// unknown, which never counts as off.
func power(statuses []*armcompute.InstanceViewStatus) engine.Power {
	for _, s := range statuses {
		if s == nil || s.Code == nil {
			continue
		}
		kind, value, _ := strings.Cut(*s.Code, "/")
		if strings.EqualFold(kind, "PowerState") {
			return powers[strings.ToLower(value)]
		}
	}
	return engine.PowerUnknown
}
