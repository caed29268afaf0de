package management

import (
	"fmt"
	"path"
	"strings"

	"failback/providers/lab/world"
)

func (c *call) listProtectable(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		var list []*world.Candidate
		for _, vm := range s.Candidates() {
			if strings.EqualFold(vm.Fabric, names[3]) {
				list = append(list, &vm)
			}
		}
		return paged(c, list, protectableRows, true, func(vm *world.Candidate) obj { return protectable(s, *vm) })
	})
}

func (c *call) getProtectable(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		if vm, known := s.Candidate(names[3], names[5]); known {
			return protectable(s, vm), nil
		}
		return nil, notThere("protectable item", names[5])
	})
}

// protectable is a VM that an item protects, or may protect. The OS disk is called
// "Data" here, as the service calls it.
func protectable(s *world.State, vm world.Candidate) obj {
	id := ids{s}
	disks := []obj{}
	for _, d := range vm.Disks {
		disks = append(disks, obj{"maxSizeMB": d.Bytes >> 20, "vhdType": "Data", "vhdId": d.VHDID, "vhdName": d.Name})
	}
	status, item := "Unprotected", any(nil)
	if vm.Item != nil && !vm.Item.Unprotected {
		status, item = "Protected", id.item(vm.Item)
	}
	return obj{
		"id": id.container(vm.Fabric) + "/replicationProtectableItems/" + vm.ID, "name": vm.ID, "type": protectableType,
		"properties": obj{
			"friendlyName": vm.Name, "protectionStatus": status, "replicationProtectedItemId": item,
			"recoveryServicesProviderId": id.provider(s.Host(vm.Host)), "protectionReadinessErrors": []string{},
			"supportedReplicationProviders": []string{"HyperVReplicaAzure"},
			"customDetails": obj{
				"instanceType": "HyperVVirtualMachine", "sourceItemId": vm.VM, "generation": fmt.Sprint(vm.Shape.Generation),
				"osDetails": nil, "diskDetails": disks, "hasPhysicalDisk": "NotPresent", "hasFibreChannelAdapter": "NotPresent",
				"hasSharedVhd": "NotPresent", "hyperVHostId": vm.Host,
			},
		},
	}
}

// protectItem enables the protection of a VM. The lab has one policy, one storage
// account and one network, and wants no others.
func (c *call) protectItem(names []string) {
	var body struct {
		Properties struct {
			PolicyID string `json:"policyId"`
			VM       string `json:"protectableItemId"`
			Details  struct {
				InstanceType string `json:"instanceType"`
				VM           string `json:"hvHostVmId"`
				Disk         string `json:"vhdId"`
				Account      string `json:"targetStorageAccountId"`
				Group        string `json:"targetAzureV2ResourceGroupId"`
				Managed      string `json:"useManagedDisks"`
			} `json:"providerSpecificDetails"`
		} `json:"properties"`
	}
	if !c.decode(&body) {
		return
	}
	p := body.Properties
	var wrong string
	c.world.Read(func(s *world.State) {
		id := ids{s}
		switch {
		case !strings.EqualFold(p.PolicyID, id.policy()):
			wrong = "policyId"
		case p.Details.InstanceType != "HyperVReplicaAzure":
			wrong = "instanceType"
		case !strings.EqualFold(p.Details.Account, id.account()):
			wrong = "targetStorageAccountId"
		case !strings.EqualFold(p.Details.Group, strings.ToLower(id.group())):
			wrong = "targetAzureV2ResourceGroupId"
		}
	})
	if wrong != "" {
		c.fail(invalid("InvalidParameter", "The value of "+wrong+" is not one of this vault.", "Send a value that the vault knows."))
		return
	}
	op, err := c.world.Protect(world.ProtectRequest{
		Segment: names[5], Fabric: names[3], Protectable: path.Base(p.VM), VM: p.Details.VM, Disk: p.Details.Disk, Managed: p.Details.Managed == "true",
	}, c.client)
	c.acceptAt(c.r.URL.EscapedPath()+"/operationresults/"+op.ID, op, err)
}

func (c *call) unprotectItem(names []string) {
	op, err := c.world.Unprotect(c.nameOf(names[5]), c.client)
	c.accept(op, err)
}

// nameOf is what the world calls the item that a path names.
func (c *call) nameOf(segment string) (name string) {
	name = segment
	c.world.Read(func(s *world.State) {
		if it := s.Named(segment); it != nil {
			name = it.Name
		}
	})
	return name
}
