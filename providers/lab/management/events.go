package management

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/world"
)

const eventType = vaultType + "/replicationEvents"

// event is something that happened in the vault. Inferred: the lab has no list of them,
// they follow from jobs that failed and from the health of items.
type event struct {
	kind, subject, fabric string // what happened, the friendly name it happened to, the fabric's name
	severity              string
	at                    time.Time
	name                  string
	properties            obj
}

// eventName is how the service names events: the count of 100 ns since 1601,
// taken from the largest number, so that names sort the newest first.
func eventName(kind string, at time.Time, id string) string {
	const from1601to1970 = 11_644_473_600
	ticks := (at.Unix()+from1601to1970)*10_000_000 + int64(at.Nanosecond()/100)
	return fmt.Sprintf("%s;%d_%s", kind, math.MaxInt64-ticks, id)
}

// events lists the newest first.
func events(s *world.State) []event {
	var list []event
	for _, j := range s.Jobs {
		if j.State == world.Failed || j.State == world.PartiallySucceeded {
			list = append(list, jobEvent(s, j))
		}
	}
	for _, it := range s.Items {
		if !it.Foreign && !it.Replicated.IsZero() {
			list = append(list, healthEvent(s, it))
		}
	}
	slices.SortStableFunc(list, func(a, b event) int { return b.at.Compare(a.at) })
	return list
}

func jobEvent(s *world.State, j *world.Job) event {
	_, subject, kind := j.Target(s)
	fabric := j.Fabric(s).Name
	name := eventName("JobStatusMonitoringEvent", j.Ended, j.Name)
	faults := []obj{}
	for _, e := range j.Errors {
		faults = append(faults, obj{
			"errorLevel": nil, "errorCode": e.Code, "errorMessage": e.Message, "possibleCauses": e.Causes,
			"recommendedAction": e.Remedy, "creationTimeUtc": stamp(e.At), "recoveryProviderErrorMessage": nil, "entityId": nil,
		})
	}
	return event{kind: "JobStatus", subject: subject, fabric: fabric, severity: "Critical", at: j.Ended, name: name, properties: obj{
		"eventCode": "SRSJobStatus", "description": j.Scenario + " - " + j.State, "eventType": "JobStatus",
		"providerSpecificDetails": nil,
		"eventSpecificDetails": obj{
			"instanceType": "JobStatus", "jobId": ids{s}.job(j.Name), "jobFriendlyName": j.Friendly,
			"jobStatus": j.State, "affectedObjectType": kind,
		},
		"healthErrors": faults,
	}}
}

func healthEvent(s *world.State, it *world.Item) event {
	f := s.Fabric(it.Fabric)
	name := eventName("VmMonitoringEvent", it.Replicated, it.HyperVID)
	return event{kind: "VmHealth", subject: it.Name, fabric: f.Name, severity: "OK", at: it.Replicated, name: name, properties: obj{
		"eventCode": "SRSVMHealthChanged", "description": "Virtual machine health is OK", "eventType": "VmHealth",
		"providerSpecificDetails": obj{
			"instanceType": "HyperVReplicaAzure", "containerName": f.Friendly, "fabricName": f.Friendly, "remoteContainerName": azureName,
		},
		"eventSpecificDetails": nil, "healthErrors": []obj{},
	}}
}

func (e event) document(s *world.State) obj {
	id := ids{s}
	e.properties["affectedObjectFriendlyName"] = e.subject
	e.properties["severity"] = e.severity
	e.properties["timeOfOccurrence"] = stamp(e.at)
	e.properties["fabricId"] = id.fabric(e.fabric)
	return obj{"id": id.vault() + "/replicationEvents/" + e.name, "name": e.name, "type": eventType, "properties": e.properties}
}

func (c *call) listEvents([]string) {
	filter, refusal := parseEventFilter(c.query.Get("$filter"))
	if refusal != nil {
		c.fail(refusal)
		return
	}
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, e := range events(s) {
			if filter.takes(e) {
				rows = append(rows, e.document(s))
			}
		}
		return page(rows), nil
	})
}

func (c *call) getEvent(names []string) {
	c.read(func(s *world.State) (obj, error) {
		for _, e := range events(s) {
			if strings.EqualFold(e.name, names[3]) {
				return e.document(s), nil
			}
		}
		return nil, notThere("event", names[3])
	})
}

// eventFilter are the keys of the documented event query; as with jobs, a start
// time means "from".
type eventFilter struct {
	from, until time.Time
	terms       []term
}

func parseEventFilter(text string) (f eventFilter, refusal *world.Refusal) {
	f.terms, refusal = parseFilter(text, "starttime", "endtime", "eventtype", "severity", "affectedobjectfriendlyname", "fabricname")
	for _, t := range f.terms {
		switch t.key {
		case "starttime":
			f.from, refusal = t.moment()
		case "endtime":
			f.until, refusal = t.moment()
		}
		if refusal != nil {
			break
		}
	}
	return f, refusal
}

func (f eventFilter) takes(e event) bool {
	if !f.from.IsZero() && e.at.Before(f.from) || !f.until.IsZero() && e.at.After(f.until) {
		return false
	}
	has := map[string]string{
		"eventtype": e.kind, "severity": e.severity, "affectedobjectfriendlyname": e.subject, "fabricname": e.fabric,
	}
	for _, t := range f.terms {
		if is, ok := has[t.key]; ok && !strings.EqualFold(t.value, is) {
			return false
		}
	}
	return true
}
