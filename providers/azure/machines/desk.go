package machines

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// Desk implements [engine.AzureDesk] within one subscription. It is safe for
// concurrent use.
type Desk struct {
	session  *azure.Session
	machines *armcompute.VirtualMachinesClient
	disks    *armcompute.DisksClient
	sizes    *armcompute.VirtualMachineSizesClient
	network  *arm.Client // of network interfaces: the SDK's own module is for all networks
}

var _ engine.AzureDesk = (*Desk)(nil)

// New prepares a desk for the session's subscription. It sends nothing.
func New(s *azure.Session) (*Desk, error) {
	call := azure.Call{What: "prepare to look after Azure VMs"}
	f, err := armcompute.NewClientFactory(s.Subscription(), s.Credential(), s.ClientOptions())
	if err != nil {
		return nil, call.Failure(err)
	}
	n, err := arm.NewClient("failback", "v1.0.0", s.Credential(), s.ClientOptions())
	if err != nil {
		return nil, call.Failure(err)
	}
	return &Desk{
		session: s, machines: f.NewVirtualMachinesClient(), disks: f.NewDisksClient(), sizes: f.NewVirtualMachineSizesClient(), network: n,
	}, nil
}

// networkVersion is the version of Microsoft.Network's interface.
const networkVersion = "2024-05-01"

// nic is what is read of a network interface.
type nic struct {
	Name       string `json:"name"`
	Properties struct {
		GUID    string `json:"resourceGuid"`
		Machine *struct {
			ID string `json:"id"`
		} `json:"virtualMachine"`
		PrivateEndpoint *struct {
			ID string `json:"id"`
		} `json:"privateEndpoint"`
	} `json:"properties"`
}

func (d *Desk) nic(ctx context.Context, id string) (n nic, err error) {
	r, err := d.aboutNIC(ctx, http.MethodGet, id, http.StatusOK)
	if err != nil {
		return n, err
	}
	defer r.Body.Close() //nolint:errcheck // read whole by the pipeline already
	err = runtime.UnmarshalAsJSON(r, &n)
	return n, err
}

// aboutNIC sends a request about a network interface; an answer of another status
// than the wanted ones is an error.
func (d *Desk) aboutNIC(ctx context.Context, method, id string, want ...int) (*http.Response, error) {
	r, err := runtime.NewRequest(ctx, method, runtime.JoinPaths(d.network.Endpoint(), id))
	if err != nil {
		return nil, err
	}
	query := r.Raw().URL.Query()
	query.Set("api-version", networkVersion)
	r.Raw().URL.RawQuery = query.Encode()
	r.Raw().Header.Set("Accept", "application/json")
	answer, err := d.network.Pipeline().Do(r)
	if err != nil {
		return nil, err
	}
	if !runtime.HasStatusCode(answer, want...) {
		return nil, runtime.NewResponseError(answer)
	}
	return answer, nil
}

// place splits a resource id, and refuses one of another subscription or type.
func (d *Desk) place(call azure.Call, id, kind string) (group, name string, err error) {
	r, err := arm.ParseResourceID(id)
	if err != nil || r.ResourceGroupName == "" || !strings.EqualFold(r.ResourceType.String(), kind) {
		return "", "", engine.Refuse(call.What, call.Where, "the id "+id+" is not that of a "+kind, "read the VM again")
	}
	if !strings.EqualFold(r.SubscriptionID, d.session.Subscription()) {
		return "", "", engine.Refuse(call.What, call.Where, "it lies in subscription "+r.SubscriptionID, "name a profile for that subscription")
	}
	return r.ResourceGroupName, r.Name, nil
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
