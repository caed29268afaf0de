package management

import (
	"net/http"
	"strings"

	"failback/providers/lab/world"
)

const machineType = "Microsoft.Compute/virtualMachines"

func (c *call) getMachine(names []string) {
	c.read(func(s *world.State) (obj, error) {
		v := s.AzureVM(names[2])
		if v == nil {
			return nil, c.noResource(machineType, names[2])
		}
		body := c.machine(s, v)
		if c.query.Get("$expand") == "instanceView" {
			body["properties"].(obj)["instanceView"] = instanceView(s, v)
		}
		return body, nil
	})
}

func (c *call) listMachines([]string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, v := range s.AzureVMs {
			rows = append(rows, c.machine(s, v))
		}
		return page(rows), nil
	})
}

func (c *call) noResource(kind, name string) *world.Refusal {
	return &world.Refusal{
		Status: http.StatusNotFound, Code: "ResourceNotFound",
		Message: "The Resource '" + kind + "/" + name + "' under resource group '" + c.path.after("resourceGroups") + "' was not found.",
	}
}

// machine is an Azure VM, with managed disks or with blobs.
func (c *call) machine(s *world.State, v *world.AzureVM) obj {
	it := s.Item(v.Item)
	storage := obj{"dataDisks": []obj{}}
	var data []obj
	for _, d := range it.Disks {
		disk := obj{"name": d.Name, "createOption": "Attach", "caching": "None", "diskSizeGB": (d.Bytes + 1<<30 - 1) >> 30}
		if d.Managed != "" {
			disk["managedDisk"] = obj{"id": ids{s}.resource("Microsoft.Compute/disks/" + d.Managed), "storageAccountType": "Premium_LRS"}
		} else {
			disk["vhd"] = obj{"uri": c.blobURL(d.Blob)}
		}
		if d.OS {
			disk["osType"] = it.OS
			storage["osDisk"] = disk
			continue
		}
		disk["lun"] = d.LUN
		data = append(data, disk)
	}
	if data != nil {
		storage["dataDisks"] = data
	}
	return obj{
		"id": ids{s}.resource(machineType + "/" + v.Name), "name": v.Name, "type": machineType, "location": s.Location,
		"tags": obj{},
		"properties": obj{
			"vmId": v.ID, "hardwareProfile": obj{"vmSize": sizeOf(it).name}, "storageProfile": storage,
			"provisioningState": provisioning(v), "timeCreated": stamp(v.Created),
			"networkProfile": obj{"networkInterfaces": []obj{{"id": ids{s}.resource(nicType + "/" + world.NICOf(v.Name)), "properties": obj{"primary": true}}}},
		},
	}
}

func provisioning(v *world.AzureVM) string {
	if v.Deleting != "" {
		return "Deleting"
	}
	if v.Power == world.PowerStarting || v.Power == world.PowerDeallocating {
		return "Updating"
	}
	return "Succeeded"
}

func (c *call) getInstanceView(names []string) {
	c.read(func(s *world.State) (obj, error) {
		v := s.AzureVM(names[2])
		if v == nil {
			return nil, c.noResource(machineType, names[2])
		}
		return instanceView(s, v), nil
	})
}

var powerWords = map[string]string{
	world.PowerRunning: "VM running", world.PowerStarting: "VM starting",
	world.PowerDeallocating: "VM deallocating", world.PowerDeallocated: "VM deallocated",
}

func instanceView(s *world.State, v *world.AzureVM) obj {
	state := provisioning(v)
	return obj{
		"computerName": v.Name, "hyperVGeneration": generation(s.Item(v.Item)), "disks": []obj{},
		"statuses": []obj{
			{"code": "ProvisioningState/" + strings.ToLower(state), "level": "Info", "displayStatus": "Provisioning " + state},
			{"code": "PowerState/" + v.Power, "level": "Info", "displayStatus": powerWords[v.Power]},
		},
	}
}

func (c *call) deallocate(names []string) {
	op, err := c.world.Deallocate(names[2])
	c.acceptCompute(op, err)
}

func (c *call) startMachine(names []string) {
	op, err := c.world.StartAzure(names[2])
	c.acceptCompute(op, err)
}

// acceptCompute answers a request of compute that goes on after the answer.
func (c *call) acceptCompute(op world.Operation, err error) {
	if err != nil {
		c.fail(err)
		return
	}
	c.accepted = true
	c.goesOn(computeProvider, op)
}

const computeProvider = "Microsoft.Compute"

// goesOn says where an operation that goes on after the answer is looked at.
func (c *call) goesOn(provider string, op world.Operation) {
	var location string
	c.world.Read(func(s *world.State) {
		location = "/subscriptions/" + s.Subscription + "/providers/" + provider + "/locations/" + s.Location + "/operations/" + op.ID
	})
	query := "?api-version=" + c.query.Get("api-version")
	h := c.w.Header()
	h.Set("Azure-AsyncOperation", c.origin()+location+query)
	h.Set("Location", c.origin()+location+query+"&monitor=true")
	h.Set("Retry-After", "1")
	c.answer(http.StatusAccepted, nil)
}

// computeOperation is where compute's operations are looked at: as a status, or
// as the result itself.
func (c *call) computeOperation(names []string) {
	var op world.Operation
	var granted obj
	known := false
	c.world.Read(func(s *world.State) {
		if found := s.Operation(names[2]); found != nil {
			op, known = *found, true
			granted = c.access(s, op.Snapshot)
		}
	})
	if !known {
		c.fail(c.noResource("operations", names[2]))
		return
	}
	over := !op.Ended.IsZero()
	if c.query.Get("monitor") == "true" {
		switch {
		case !over:
			c.w.Header().Set("Location", c.origin()+c.r.URL.RequestURI())
			c.w.Header().Set("Retry-After", "1")
			c.answer(http.StatusAccepted, nil)
		case granted != nil:
			c.answer(http.StatusOK, granted)
		default:
			c.answer(http.StatusOK, nil)
		}
		return
	}
	status := world.InProgress
	if over {
		status = world.Succeeded
	} else {
		c.w.Header().Set("Retry-After", "1")
	}
	body := obj{"name": op.ID, "status": status, "startTime": stamp(op.Started)}
	if over {
		body["endTime"] = stamp(op.Ended)
		if granted != nil {
			body["properties"] = obj{"output": granted}
		}
	}
	c.answer(http.StatusOK, body)
}
