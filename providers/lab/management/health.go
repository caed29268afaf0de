package management

import "failback/providers/lab/world"

const healthType = vaultType + "/replicationVaultHealth"

// getHealth counts what the vault has, and what is wrong with it.
func (c *call) getHealth([]string) {
	c.read(func(s *world.State) (obj, error) {
		fabrics, items := []obj{}, []obj{}
		for _, h := range s.Hosts {
			if _, connected := s.Heartbeat(h); !connected {
				fabrics = append(fabrics, issue("replicationFabrics", "FabricInfrastructure", "Error", "708",
					"The provider on '"+h.Name+"' is not connected.", s.Fabric(h.Fabric).Internal))
			}
		}
		var untested []string
		for _, it := range s.Items {
			untested = append(untested, it.VMID)
		}
		if len(untested) > 0 {
			items = append(items, issue("replicationProtectedItems", "TestFailover", "Warning", "161011", "No test failover was done.", untested...))
		}
		return obj{
			"id": ids{s}.vault() + "/replicationVaultHealth/Default", "name": "Default", "type": healthType, "location": nil,
			"properties": obj{
				"vaultErrors": []obj{}, "fabricsHealth": summary(len(s.Fabrics), fabrics),
				"containersHealth":     summary(len(s.Fabrics), []obj{}),
				"protectedItemsHealth": summary(len(s.Items), items),
			},
		}, nil
	})
}

func summary(count int, issues []obj) obj {
	return obj{"resourceCount": count, "issues": issues, "categorizedResourceCounts": obj{}}
}

func issue(resource, category, severity, code, message string, affected ...string) obj {
	return obj{
		"summaryCode": code, "category": category, "severity": severity, "summaryMessage": message,
		"affectedResourceType": resource, "affectedResourceSubtype": "", "affectedResourceCorrelationIds": affected,
	}
}
