package management

import (
	"fmt"
	"strings"

	"failback/providers/lab/world"
)

func (c *call) listProtectable(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		var list []*world.Item
		for _, it := range s.Items {
			if strings.EqualFold(it.Fabric, names[3]) && !it.Foreign {
				list = append(list, it)
			}
		}
		return paged(c, list, protectableRows, true, func(it *world.Item) obj { return protectable(s, it) })
	})
}

func (c *call) getProtectable(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		for _, it := range s.Items {
			if strings.EqualFold(it.VMID, names[5]) && strings.EqualFold(it.Fabric, names[3]) && !it.Foreign {
				return protectable(s, it), nil
			}
		}
		return nil, notThere("protectable item", names[5])
	})
}

// protectable is the VM that an item protects. The OS disk is called "Data"
// here, as the service calls it.
func protectable(s *world.State, it *world.Item) obj {
	id := ids{s}
	disks := []obj{}
	for _, d := range it.Disks {
		disks = append(disks, obj{"maxSizeMB": d.Bytes >> 20, "vhdType": "Data", "vhdId": d.VHDID, "vhdName": d.Name})
	}
	return obj{
		"id": id.protectable(it), "name": it.VMID, "type": protectableType,
		"properties": obj{
			"friendlyName": it.Name, "protectionStatus": "Protected", "replicationProtectedItemId": id.item(it),
			"recoveryServicesProviderId": id.provider(s.Host(it.Host)), "protectionReadinessErrors": []string{},
			"supportedReplicationProviders": []string{"HyperVReplicaAzure"},
			"customDetails": obj{
				"instanceType": "HyperVVirtualMachine", "sourceItemId": it.VMID, "generation": fmt.Sprint(it.Generation),
				"osDetails": nil, "diskDetails": disks, "hasPhysicalDisk": "NotPresent", "hasFibreChannelAdapter": "NotPresent",
				"hasSharedVhd": "NotPresent", "hyperVHostId": it.Host,
			},
		},
	}
}
