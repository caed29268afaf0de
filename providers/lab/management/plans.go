package management

import (
	"encoding/json"

	"failback/providers/lab/world"
)

const planType = vaultType + "/replicationRecoveryPlans"

func (c *call) listPlans([]string) {
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, p := range s.Plans {
			rows = append(rows, plan(s, p))
		}
		return page(rows), nil
	})
}

func (c *call) getPlan(names []string) {
	c.read(func(s *world.State) (obj, error) {
		p := s.Plan(names[3])
		if p == nil {
			return nil, notThere("recovery plan", names[3])
		}
		return plan(s, p), nil
	})
}

func plan(s *world.State, p *world.RecoveryPlan) obj {
	id := ids{s}
	groups := []obj{
		planGroup(p, "Shutdown", world.PlaceShutdown, nil), planGroup(p, "Failover", world.PlaceFailover, nil),
	}
	for i, names := range p.Groups {
		members := []obj{}
		for _, name := range names {
			if it := s.Item(name); it != nil {
				members = append(members, obj{"id": id.item(it), "virtualMachineId": it.VMID})
			}
		}
		groups = append(groups, planGroup(p, "Boot", world.PlaceOf(i), members))
	}
	properties := obj{
		"friendlyName": p.Name, "primaryFabricId": id.fabric(p.Fabric), "primaryFabricFriendlyName": s.Fabric(p.Fabric).Friendly,
		"recoveryFabricId": azureName, "recoveryFabricFriendlyName": azureName, "failoverDeploymentModel": "ResourceManager",
		"replicationProviders": []string{"HyperVReplicaAzure"}, "allowedOperations": s.PlanAllowed(p),
		"lastPlannedFailoverTime": stampOrNull(p.Last), "lastUnplannedFailoverTime": nil, "lastTestFailoverTime": nil,
		"currentScenario": nil, "currentScenarioStatus": nil, "currentScenarioStatusDescription": nil,
		"groups": groups, "providerSpecificDetails": []obj{},
	}
	if j := s.Job(p.Scenario.Job); j != nil {
		name := p.Scenario.Name
		if j.Kind == world.KindPlanFailback {
			name = "PlannedFailover" // as recorded, though the job is called Failback
		}
		properties["currentScenario"] = obj{"scenarioName": name, "jobId": id.job(j.Name), "startTime": stamp(p.Scenario.Started)}
		properties["currentScenarioStatus"], properties["currentScenarioStatusDescription"] = j.State, j.Description
	}
	return obj{"id": id.plan(p.Name), "name": p.Name, "type": planType, "properties": properties}
}

func planGroup(p *world.RecoveryPlan, kind, place string, members []obj) obj {
	if members == nil {
		members = []obj{}
	}
	return obj{
		"groupType": kind, "replicationProtectedItems": members,
		"startGroupActions": planActions(p, place, true), "endGroupActions": planActions(p, place, false),
	}
}

func planActions(p *world.RecoveryPlan, place string, before bool) []obj {
	list := []obj{}
	for _, a := range p.Actions {
		if a.Place != place || a.Before != before {
			continue
		}
		directions := []string{"PrimaryToRecovery", "RecoveryToPrimary"}
		switch a.Direction {
		case "to-azure":
			directions = directions[:1]
		case "to-onprem":
			directions = directions[1:]
		}
		details, name := obj{"instanceType": "ManualActionDetails", "description": a.Text}, a.Manual
		if a.Script != "" {
			details, name = obj{"instanceType": "ScriptActionDetails", "path": a.Text, "timeout": nil, "fabricLocation": "Primary"}, a.Script
		}
		list = append(list, obj{
			"actionName": name, "failoverTypes": []string{"PlannedFailover"}, "failoverDirections": directions, "customDetails": details,
		})
	}
	return list
}

func (c *call) startPlan(names []string) {
	var body failoverBody
	var details []failoverDetails
	if !c.decode(&body) {
		return
	}
	// Unlike an item's, a plan's details are an array.
	if err := json.Unmarshal(body.Properties.ProviderSpecificDetails, &details); err != nil || len(details) == 0 {
		c.fail(badContent("providerSpecificDetails must be an array with one element."))
		return
	}
	op, err := c.world.FailOverPlan(names[3], details[0].request(body.Properties.FailoverDirection), c.client)
	c.accept(op, err)
}

func (c *call) commitPlan(names []string) {
	op, err := c.world.CommitPlan(names[3], c.client)
	c.accept(op, err)
}

func (c *call) reprotectPlan(names []string) {
	op, err := c.world.ReprotectPlan(names[3], c.client)
	c.accept(op, err)
}
