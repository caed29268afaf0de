package lab_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

func (r *rig) compute() *armcompute.ClientFactory {
	r.t.Helper()
	o := &arm.ClientOptions{DisableRPRegistration: true}
	o.Transport = r.client
	o.InsecureAllowCredentialWithHTTP = true
	o.Cloud = cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: r.endpoints.Management, Audience: "lab"},
	}}
	f, err := armcompute.NewClientFactory(r.endpoints.Subscription, word(r.endpoints.Token), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func TestAzureVMsHaveBlobsOrManagedDisks(t *testing.T) {
	r := smallRig(t)
	machines := r.compute().NewVirtualMachinesClient()
	group := r.endpoints.ResourceGroup
	web, err := machines.Get(t.Context(), group, "web01", nil)
	if err != nil || web.Properties.StorageProfile.OSDisk.Vhd == nil || web.Properties.StorageProfile.OSDisk.ManagedDisk != nil {
		t.Fatalf("%+v %v", web.Properties, err)
	}
	lnx, err := machines.Get(t.Context(), group, "lnx01", nil)
	if err != nil || lnx.Properties.StorageProfile.OSDisk.ManagedDisk == nil || len(lnx.Properties.StorageProfile.DataDisks) != 1 {
		t.Fatalf("%+v %v", lnx.Properties, err)
	}
	view, err := machines.InstanceView(t.Context(), group, "web01", nil)
	if err != nil || len(view.Statuses) != 2 || *view.Statuses[1].Code != "PowerState/running" {
		t.Fatalf("%+v %v", view.Statuses, err)
	}
}

func TestManagedDiskIsReadThroughASnapshot(t *testing.T) {
	synctest.Test(t, readThroughSnapshot)
}

func readThroughSnapshot(t *testing.T) {
	t.Helper()
	r := smallRig(t)
	group, f := r.endpoints.ResourceGroup, r.compute()
	lnx, err := f.NewVirtualMachinesClient().Get(t.Context(), group, "lnx01", nil)
	if err != nil {
		t.Fatal(err)
	}
	snapshots := f.NewSnapshotsClient()
	made, err := snapshots.BeginCreateOrUpdate(t.Context(), group, "first", armcompute.Snapshot{
		Location: new("westeurope"),
		Properties: &armcompute.SnapshotProperties{Incremental: new(true), CreationData: &armcompute.CreationData{
			CreateOption: new(armcompute.DiskCreateOptionCopy), SourceResourceID: lnx.Properties.StorageProfile.OSDisk.ManagedDisk.ID,
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	snap, err := made.PollUntilDone(t.Context(), nil)
	if err != nil || *snap.Properties.CompletionPercent != 100 {
		t.Fatalf("%+v %v", snap.Properties, err)
	}
	granting, err := snapshots.BeginGrantAccess(t.Context(), group, "first", armcompute.GrantAccessData{
		Access: new(armcompute.AccessLevelRead), DurationInSeconds: new(int32(600)),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	access, err := granting.PollUntilDone(t.Context(), nil)
	if err != nil || access.AccessSAS == nil {
		t.Fatalf("%+v %v", access, err)
	}
	disk, err := pageblob.Open(t.Context(), pageblob.Options{URL: *access.AccessSAS, Client: policy.ClientOptions{Transport: r.client}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transfer.Sum(t.Context(), disk, nil); err != nil {
		t.Error(err)
	}
	revoking, err := snapshots.BeginRevokeAccess(t.Context(), group, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := revoking.PollUntilDone(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := disk.ReadAt(t.Context(), make([]byte, 512), 0); err == nil {
		t.Error("a revoked signature still reads")
	}
	deleting, err := snapshots.BeginDelete(t.Context(), group, "first", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deleting.PollUntilDone(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if resp, _ := r.send(http.MethodGet, r.endpoints.Management+*snap.ID, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("the snapshot is still there: %d", resp.StatusCode)
	}
}
