package management

import (
	"errors"
	"fmt"
	"net/http"

	"failback/providers/lab/world"
)

const nicType = "Microsoft.Network/networkInterfaces"

// size is a size of VMs.
type size struct {
	name string
	cpus int
	gib  int
}

// sizes are some of Azure's, from small to large.
var sizes = []size{
	{"Standard_B1ms", 1, 2}, {"Standard_B2s", 2, 4}, {"Standard_D2s_v3", 2, 8}, {"Standard_E2s_v3", 2, 16}, {"Standard_D4s_v3", 4, 16},
	{"Standard_E4s_v3", 4, 32}, {"Standard_D8s_v3", 8, 32}, {"Standard_E8s_v3", 8, 64}, {"Standard_D16s_v3", 16, 64}, {"Standard_E16s_v3", 16, 128},
	{"Standard_D32s_v3", 32, 128}, {"Standard_E32s_v3", 32, 256}, {"Standard_D64s_v3", 64, 256}, {"Standard_E64s_v3", 64, 432},
}

// sizeOf is the smallest size that has what the machine had at home.
func sizeOf(it *world.Item) size {
	for _, s := range sizes {
		if it != nil && s.cpus >= it.CPUs && int64(s.gib)<<30 >= it.Memory {
			return s
		}
	}
	return sizes[len(sizes)-1]
}

func (c *call) listSizes([]string) {
	rows := make([]obj, 0, len(sizes))
	for _, s := range sizes {
		rows = append(rows, obj{
			"name": s.name, "numberOfCores": s.cpus, "memoryInMB": s.gib << 10, "maxDataDiskCount": 2 * s.cpus,
			"osDiskSizeInMB": 1047552, "resourceDiskSizeInMB": s.gib << 11,
		})
	}
	c.read(func(*world.State) (obj, error) { return page(rows), nil })
}

// generation is how compute names that of a machine.
func generation(it *world.Item) string {
	if it == nil {
		return "V1"
	}
	return fmt.Sprintf("V%d", it.AzureGeneration())
}

func (c *call) getNIC(names []string) {
	c.read(func(s *world.State) (obj, error) {
		vm, there := s.NIC(names[2])
		if !there {
			return nil, c.noResource(nicType, names[2])
		}
		properties := obj{"provisioningState": "Succeeded", "resourceGuid": s.GUIDOf(names[2]), "primary": true, "ipConfigurations": []obj{}}
		if vm != nil {
			properties["virtualMachine"] = obj{"id": ids{s}.resource(machineType + "/" + vm.Name)}
		}
		return obj{
			"id": ids{s}.resource(nicType + "/" + names[2]), "name": names[2], "type": nicType, "location": s.Location,
			"tags": obj{}, "properties": properties,
		}, nil
	})
}

func (c *call) deleteMachine(names []string) {
	op, err := c.world.DeleteAzureVM(names[2])
	c.acceptDeletion(op, err, computeProvider)
}

func (c *call) deleteDisk(names []string) {
	op, err := c.world.DeleteDisk(names[2])
	c.acceptDeletion(op, err, computeProvider)
}

func (c *call) deleteNIC(names []string) {
	op, err := c.world.DeleteNIC(names[2])
	c.acceptDeletion(op, err, "Microsoft.Network")
}

// acceptDeletion answers the deletion of a resource. Resource Manager has no content
// for one that is not there.
func (c *call) acceptDeletion(op world.Operation, err error, provider string) {
	var refusal *world.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Status == http.StatusNotFound:
		c.answer(http.StatusNoContent, nil)
	case err != nil:
		c.fail(err)
	default:
		c.accepted = true
		c.goesOn(provider, op)
	}
}
