package management

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"failback/providers/lab/world"
)

// listSubscriptions has the one that the lab's vault is in.
func (c *call) listSubscriptions([]string) {
	c.read(func(s *world.State) (obj, error) {
		return page([]obj{{
			"id": "/subscriptions/" + s.Subscription, "subscriptionId": s.Subscription, "displayName": "Lab", "state": "Enabled",
			"authorizationSource": "RoleBased", "tenantId": nil, "subscriptionPolicies": nil,
		}}), nil
	})
}

func (c *call) listVaults([]string) {
	c.read(func(s *world.State) (obj, error) { return page([]obj{vault(s)}), nil })
}

func (c *call) getVault([]string) {
	c.read(func(s *world.State) (obj, error) { return vault(s), nil })
}

// read answers with a document made from the state.
func (c *call) read(f func(s *world.State) (obj, error)) {
	var body obj
	var err error
	c.world.Read(func(s *world.State) { body, err = f(s) })
	if err != nil {
		c.fail(err)
		return
	}
	c.answer(http.StatusOK, body)
}

func vault(s *world.State) obj {
	return obj{
		"id": ids{s}.resource(vaultType + "/" + s.Vault), "name": s.Vault, "type": vaultType, "location": s.Location,
		"etag": nil, "tags": obj{}, "identity": nil,
		"sku":        obj{"name": "RS0", "tier": "Standard"},
		"properties": obj{"provisioningState": "Succeeded", "publicNetworkAccess": "Enabled"},
	}
}

func (c *call) listFabrics([]string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, f := range s.Fabrics {
			rows = append(rows, fabric(s, f))
		}
		return page(rows), nil
	})
}

func (c *call) getFabric(names []string) {
	c.read(func(s *world.State) (obj, error) {
		f := s.Fabric(names[3])
		if f == nil {
			return nil, noFabric(names[3])
		}
		return fabric(s, f), nil
	})
}

// within refuses a path through a fabric or a container that the vault does not
// have; names may end before either.
func within(s *world.State, names []string) error {
	if len(names) <= 3 {
		return nil
	}
	f := s.Fabric(names[3])
	if f == nil {
		return noFabric(names[3])
	}
	if len(names) > 4 && !strings.EqualFold(f.Container, names[4]) {
		return notThere("protection container", names[4])
	}
	return nil
}

func noFabric(name string) *world.Refusal {
	return &world.Refusal{
		Status: http.StatusNotFound, Code: "NotFound", Detail: "FabricArmEntityMissing",
		Message: "The fabric '" + name + "' does not exist.",
		Causes:  "The fabric was removed from the vault.", Remedy: "List the fabrics of the vault.",
	}
}

func fabric(s *world.State, f *world.Fabric) obj {
	details := obj{"instanceType": f.Type()}
	if !f.VMM {
		hosts := []obj{}
		for _, h := range s.Hosts {
			if h.Fabric == f.Name {
				hosts = append(hosts, obj{"id": h.Name, "name": h.Name, "marsAgentVersion": "2.0.9260.0"})
			}
		}
		details["hyperVHosts"] = hosts
	}
	key := obj{"kekState": "None", "kekCertThumbprint": nil}
	if f.Thumbprint != "" {
		key = obj{"kekState": "Enabled", "kekCertThumbprint": f.Thumbprint, "kekCertExpiryDate": stampOrNull(f.KeyExpires)}
	}
	return obj{
		"id": ids{s}.fabric(f.Name), "name": f.Name, "type": fabricType,
		"properties": obj{
			"friendlyName": f.Friendly, "encryptionDetails": key,
			"rolloverEncryptionDetails": obj{"kekState": "None", "kekCertThumbprint": nil},
			"internalIdentifier":        f.Internal, "bcdrState": "Valid", "customDetails": details,
			"healthErrorDetails": []obj{}, "failoverHealthErrorDetails": []obj{}, "health": "Normal",
		},
	}
}

func (c *call) listProviders(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		var rows []obj
		for _, h := range s.Hosts {
			if len(names) < 4 || strings.EqualFold(h.Fabric, names[3]) {
				rows = append(rows, provider(s, h))
			}
		}
		return page(rows), nil
	})
}

func (c *call) getProvider(names []string) {
	c.read(func(s *world.State) (obj, error) {
		h := s.Provider(names[4])
		if h == nil || !strings.EqualFold(h.Fabric, names[3]) {
			return nil, notThere("recovery services provider", names[4])
		}
		return provider(s, h), nil
	})
}

func notThere(kind, name string) *world.Refusal {
	return &world.Refusal{
		Status: http.StatusNotFound, Code: "NotFound", Detail: "ArmResourceDoesNotExist",
		Message: "The " + kind + " '" + name + "' does not exist.",
		Causes:  "The resource was deleted, or its name is not spelt right.",
		Remedy:  "List the resources of the vault and use a name from there.",
	}
}

func provider(s *world.State, h *world.Host) obj {
	heartbeat, connected := s.Heartbeat(h)
	count := 0
	for _, it := range s.Items {
		if it.Host == h.Name {
			count++
		}
	}
	status, health := "Connected", []obj{}
	if !connected {
		status, health = "NotConnected", []obj{missedHeartbeat(h, heartbeat)}
	}
	if h.Health != "" {
		health = append(health, obj{"errorSource": "Provider", "errorType": "ProviderHealth", "errorLevel": "Warning", "errorCode": "31331", "errorMessage": h.Health, "summaryMessage": h.Health})
	}
	scenarios := []string{"Refresh"}
	if count == 0 {
		scenarios = append(scenarios, "Purge")
	}
	f := s.Fabric(h.Fabric)
	return obj{
		"id": ids{s}.provider(h), "name": h.ID, "type": fabricType + "/replicationRecoveryServicesProviders",
		"properties": obj{
			"fabricType": f.Type(), "fabricFriendlyName": f.Friendly, "friendlyName": h.Name,
			"providerVersion": h.Provider, "serverVersion": "10.0." + h.Build, "providerVersionState": "Latest",
			"providerVersionExpiryDate": neverTime,
			"providerVersionDetails":    obj{"version": h.Provider, "expiryDate": neverTime, "status": cmp.Or(h.ProviderStatus, "Supported")},
			"lastHeartBeat":             stamp(heartbeat), "connectionStatus": status, "protectedItemCount": count,
			"allowedScenarios": scenarios, "healthErrorDetails": health,
			"draIdentifier": h.ID, "machineId": h.Machine, "machineName": h.Name, "biosId": nil,
		},
	}
}

// missedHeartbeat is the health error of a provider that is not heard of.
func missedHeartbeat(h *world.Host, last time.Time) obj {
	return obj{
		"errorSource": "", "errorType": "FabricInfrastructure", "errorLevel": "Error",
		"errorCategory": "FabricInfrastructure", "errorCode": "708", "errorId": "HeartbeatMissing",
		"summaryMessage":    "The provider on '" + h.Name + "' is not connected.",
		"errorMessage":      "No heartbeat from '" + h.Name + "' since " + stamp(last) + ".",
		"possibleCauses":    "The host is off, cannot reach Azure, or its provider service is stopped.",
		"recommendedAction": "Start the host and its Site Recovery services, and check its way to Azure.",
		"creationTimeUtc":   stamp(last), "recoveryProviderErrorMessage": nil, "entityId": h.ID,
		"customerResolvability": "Allowed", "innerHealthErrors": []obj{},
	}
}

func (c *call) listContainers(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		var rows []obj
		for _, f := range s.Fabrics {
			if len(names) < 4 || strings.EqualFold(f.Name, names[3]) {
				rows = append(rows, container(s, f))
			}
		}
		return page(rows), nil
	})
}

func (c *call) getContainer(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if err := within(s, names); err != nil {
			return nil, err
		}
		return container(s, s.Fabric(names[3])), nil
	})
}

func container(s *world.State, f *world.Fabric) obj {
	count := 0
	for _, it := range s.Items {
		if it.Fabric == f.Name {
			count++
		}
	}
	return obj{
		"id": ids{s}.container(f.Name), "name": f.Container, "type": fabricType + "/replicationProtectionContainers",
		"properties": obj{
			"fabricFriendlyName": f.Friendly, "friendlyName": f.Friendly, "fabricType": f.Type(),
			"protectedItemCount": count, "pairingStatus": "Paired", "role": "Primary", "fabricSpecificDetails": nil,
		},
	}
}

func (c *call) listPolicies([]string) {
	c.read(func(s *world.State) (obj, error) { return page([]obj{policy(s)}), nil })
}

// getPolicy is the vault's one policy.
func (c *call) getPolicy(names []string) {
	c.read(func(s *world.State) (obj, error) {
		if !strings.EqualFold(names[3], policyName) {
			return nil, notThere("policy", names[3])
		}
		return policy(s), nil
	})
}

func policy(s *world.State) obj {
	return obj{
		"id": ids{s}.policy(), "name": policyName, "type": vaultType + "/replicationPolicies",
		"properties": obj{"friendlyName": policyName, "providerSpecificDetails": obj{
			"instanceType":                                  "HyperVReplicaAzure",
			"recoveryPointHistoryDurationInHours":           2,
			"applicationConsistentSnapshotFrequencyInHours": 1,
			"replicationInterval":                           300,
			"encryption":                                    "Disabled",
			"activeStorageAccountId":                        ids{s}.account(),
		}},
	}
}
