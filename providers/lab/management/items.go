package management

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"failback/providers/lab/world"
)

const (
	itemType        = fabricType + "/replicationProtectionContainers/replicationProtectedItems"
	protectableType = fabricType + "/replicationProtectionContainers/replicationProtectableItems"
)

func (c *call) listItems(names []string) {
	terms, refusal := parseFilter(c.query.Get("$filter"), "sourcefabricname", "recoveryplanname", "instancetype")
	if refusal != nil {
		c.fail(refusal)
		return
	}
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		var list []*world.Item
		for _, it := range s.Items {
			if !it.Unprotected && (len(names) <= 3 || strings.EqualFold(it.Fabric, names[3])) && matches(s, it, terms) {
				list = append(list, it)
			}
		}
		return paged(c, list, itemRows, false, func(it *world.Item) obj { return c.item(s, it) })
	})
}

func matches(s *world.State, it *world.Item, terms []term) bool {
	for _, t := range terms {
		fits := false
		switch t.key {
		case "sourcefabricname":
			fits = strings.EqualFold(t.value, it.Fabric)
		case "instancetype":
			fits = strings.EqualFold(t.value, instanceType(it))
		case "recoveryplanname":
			p := s.Plan(t.value)
			fits = p != nil && slices.ContainsFunc(p.Groups, func(g []string) bool { return slices.Contains(g, it.Name) })
		}
		if !fits {
			return false
		}
	}
	return true
}

// instanceType is the replication provider of an item.
func instanceType(it *world.Item) string {
	if it.Foreign {
		return "InMageRcm"
	}
	return "HyperVReplicaAzure"
}

// named finds the item that a path names.
func named(s *world.State, names []string) (*world.Item, error) {
	if err := within(s, names); err != nil {
		return nil, err
	}
	it := s.Named(names[5])
	if it == nil || !strings.EqualFold(it.Fabric, names[3]) {
		return nil, notThere("replication protected item", names[5])
	}
	return it, nil
}

func (c *call) getItem(names []string) {
	c.read(func(s *world.State) (obj, error) {
		it, err := named(s, names)
		if err != nil {
			return nil, err
		}
		return c.item(s, it), nil
	})
}

// item is a replicated item as the service shows it.
func (c *call) item(s *world.State, it *world.Item) obj {
	id := ids{s}
	f := s.Fabric(it.Fabric)
	location, source := "Primary", "SingleHostHyperVFabric"
	if it.AtRecovery {
		location = "Recovery"
	}
	if f.VMM {
		source = "VmmFabric"
	}
	details, kind := c.hyperVDetails(s, it), "HyperVVirtualMachine"
	if it.Foreign {
		details, kind = obj{"instanceType": instanceType(it)}, "VmwareVirtualMachine"
	}
	properties := obj{
		"friendlyName": it.Friendly(), "protectedItemType": kind, "protectableItemId": id.protectable(it),
		"recoveryServicesProviderId": id.provider(s.Host(it.Host)),
		"primaryFabricFriendlyName":  f.Friendly, "primaryFabricProvider": source,
		"recoveryFabricFriendlyName": azureName, "recoveryFabricId": azureName,
		"primaryProtectionContainerFriendlyName":  f.Friendly,
		"recoveryProtectionContainerFriendlyName": azureName,
		"protectionState":                         it.Protection, "protectionStateDescription": world.Describe(it.Protection),
		"activeLocation": location, "testFailoverState": cmp.Or(it.TestFailover, "None"), "testFailoverStateDescription": cmp.Or(it.TestFailover, "None"),
		"allowedOperations": allowed(it), "replicationHealth": replicationHealth(it), "failoverHealth": "Warning",
		"replicationHealthErrors": []obj{}, "failoverHealthErrors": []obj{}, "healthErrors": append(ailing(it), noTestYet(it)),
		"policyId": id.policy(), "policyFriendlyName": policyName,
		"lastSuccessfulFailoverTime": stampOrNull(it.FailedOver), "lastSuccessfulTestFailoverTime": nil,
		"currentScenario": scenario(id, it.Scenario), "failoverRecoveryPointId": nil,
		"eventCorrelationId": it.HyperVID, "switchProviderState": nil, "switchProviderStateDescription": nil,
		"providerSpecificDetails": details,
		"recoveryContainerId":     id.fabric(azureFabric) + "/replicationProtectionContainers/" + azureContainer,
	}
	return obj{"id": id.item(it), "name": it.Name, "type": itemType, "location": nil, "properties": properties}
}

func allowed(it *world.Item) []string {
	if it.Foreign {
		return []string{"TestFailover", "DisableProtection"}
	}
	return it.Allowed()
}

// noTestYet is the harmless warning that most items carry.
func noTestYet(it *world.Item) obj {
	return obj{
		"errorSource": "", "errorType": "", "errorLevel": "Warning", "errorCategory": "TestFailover", "errorCode": "161011",
		"errorId": "TestFailoverNotDone", "summaryMessage": "No test failover was done.",
		"errorMessage":      "No test failover was done on the virtual machine yet.",
		"possibleCauses":    "The virtual machine has not been tested.",
		"recommendedAction": "Do a test failover.", "creationTimeUtc": stamp(it.Replicated),
		"recoveryProviderErrorMessage": nil, "entityId": it.VMID, "customerResolvability": "Allowed", "innerHealthErrors": []obj{},
	}
}

func replicationHealth(it *world.Item) string {
	if it.Ailing != "" {
		return "Warning"
	}
	return "Normal"
}

// ailing is the error of the replication that the estate wants said.
func ailing(it *world.Item) []obj {
	if it.Ailing == "" {
		return []obj{}
	}
	e := noTestYet(it)
	e["errorCategory"], e["errorCode"], e["errorId"] = "Replication", "70094", "ReplicationWarning"
	e["summaryMessage"], e["errorMessage"] = it.Ailing, it.Ailing
	e["possibleCauses"], e["recommendedAction"] = "", ""
	return []obj{e}
}

func scenario(id ids, sc world.Scenario) obj {
	if sc.Job == "" {
		return obj{"scenarioName": "None", "jobId": id.job("None"), "startTime": idleTime}
	}
	return obj{"scenarioName": sc.Name, "jobId": id.job(sc.Job), "startTime": stamp(sc.Started)}
}

// hyperVDetails are the provider specific details. Numbers and booleans that the
// service writes as texts are texts here.
func (c *call) hyperVDetails(s *world.State, it *world.Item) obj {
	id := ids{s}
	disks, protected := []obj{}, []obj{}
	for _, d := range it.Disks {
		disks = append(disks, c.disk(d))
		if d.Straight {
			protected = append(protected, obj{
				"diskId": d.ID, "seedManagedDiskId": nil, "replicaDiskType": "Standard_LRS", "diskEncryptionSetId": nil,
				"targetDiskAccountType": "Standard_LRS", "sectorSizeInBytes": nil,
			})
		}
	}
	encryption := "Disabled"
	if it.Encryption {
		// Inferred from the same field of a policy: no recording shows it.
		encryption = "Enabled"
	}
	group := "/subscriptions/" + s.Subscription + "/resourceGroups/" + s.ResourceGroup
	return obj{
		"instanceType": instanceType(it), "azureVmDiskDetails": disks, "protectedManagedDisks": protected,
		"recoveryAzureVmName": it.Friendly(), "recoveryAzureVMSize": sizeOf(it).name,
		"recoveryAzureStorageAccount": id.account(), "recoveryAzureLogStorageAccountId": nil,
		"lastReplicatedTime": stampOrNull(it.Replicated), "rpoInSeconds": 30, "lastRpoCalculatedTime": stampOrNull(it.Replicated),
		"lastRecoveryPointReceived": stampOrNull(it.Replicated),
		"vmId":                      it.VMID, "vmProtectionState": it.Inner, "vmProtectionStateDescription": world.Describe(it.Inner),
		"initialReplicationDetails": obj{"initialReplicationType": "InitialReplication", "initialReplicationProgressPercentage": "100"},
		"vmNics":                    []obj{nic(it)}, "selectedRecoveryAzureNetworkId": id.resource("Microsoft.Network/virtualNetworks/lab-net"),
		"selectedSourceNicId": nil, "encryption": encryption, "oSDetails": system(it),
		"sourceVmRamSizeInMB": it.Memory >> 20, "sourceVmCpuCount": it.CPUs,
		"enableRdpOnTargetOption":      nil,
		"recoveryAzureResourceGroupId": group, "recoveryAvailabilitySetId": nil, "targetAvailabilityZone": nil,
		"targetProximityPlacementGroupId": nil, "useManagedDisks": fmt.Sprint(it.Managed), "licenseType": "NoLicenseType",
		"sqlServerLicenseType": "NotSpecified", "targetVmTags": obj{}, "seedManagedDiskTags": obj{}, "targetManagedDiskTags": obj{},
		"targetNicTags": obj{}, "allAvailableOSUpgradeConfigurations": []obj{},
	}
}

func (c *call) disk(d *world.Disk) obj {
	kind := "Data"
	if d.OS {
		kind = "OperatingSystem"
	}
	target, name := any(nil), any(nil)
	switch {
	case d.Managed != "":
		// Inferred: a managed disk has a name and no address.
		name = d.Managed
	case d.Blob != "":
		target, name = c.blobURL(d.Blob), path.Base(d.Blob)
	}
	return obj{
		"vhdType": kind, "vhdId": d.VHDID, "vhdName": d.Name, "diskId": d.ID, "maxSizeMB": fmt.Sprint(d.Bytes >> 20),
		"targetDiskLocation": target, "targetDiskName": name, "lunId": fmt.Sprint(d.LUN),
		"diskEncryptionSetId": nil, "customTargetDiskName": nil,
	}
}

// blobURL is where a disk is on the storage server now.
func (c *call) blobURL(blob string) string {
	return strings.TrimSuffix(c.options.Storage(), "/") + "/" + blob
}

func nic(it *world.Item) obj {
	return obj{
		// Inferred: the newest interface has addresses in this list, and the keys
		// that were recorded are gone from Microsoft's types. Both are sent.
		"ipConfigs": []obj{{
			"name": "IPConfig1", "isPrimary": true, "subnetName": it.Switch, "staticIPAddress": nil, "ipAddressType": "Dynamic",
			"isSeletedForFailover": true, "recoverySubnetName": "default", "recoveryStaticIPAddress": nil, "recoveryIPAddressType": "Dynamic",
		}},
		"nicId":        base64.StdEncoding.EncodeToString([]byte("Microsoft:" + strings.ToUpper(it.HyperVID))),
		"replicaNicId": nil, "sourceNicArmId": nil, "vMSubnetName": it.Switch, "vMNetworkName": it.Switch,
		"recoveryVMNetworkId": nil, "recoveryVMSubnetName": "default", "ipAddressType": "Dynamic",
		"primaryNicStaticIPAddress": nil, "replicaNicStaticIPAddress": "", "selectionType": "SelectedByDefault",
	}
}

func system(it *world.Item) obj {
	return obj{
		"osType": it.OS, "productType": "UNKNOWN", "osEdition": "Standard", "oSVersion": "1.1.1.1",
		"oSMajorVersion": "0", "oSMinorVersion": "0",
	}
}
