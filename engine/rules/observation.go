package rules

import (
	"slices"
	"strings"
	"time"

	"failback/engine"
)

// source is one thing that is read for a check; sources combine as bits.
type source uint16

const (
	theItem     source = 1 << iota // the item, afresh
	theHosts                       // the registered hosts
	theFacts                       // what the target host says of itself
	theVM                          // the item's VM on the target host
	theNames                       // all VMs of the target host
	theOriginal                    // the item's VM on its original host, for an alternate target
	thePower                       // the Azure VM's power
	thePoints                      // the item's recovery points, where the plan names one
	theReach                       // what the target host can connect to
	theDirect                      // what a failback without Site Recovery works with
)

// allSources lists every source, in the order in which failures are named.
var allSources = []source{theItem, theHosts, theFacts, theVM, theNames, theOriginal, thePower, thePoints, theReach, theDirect}

// everything is what a check without a gate reads.
const everything = theItem | theHosts | theFacts | theVM | theNames | theOriginal | thePower | thePoints | theReach | theDirect

// observation is what has been read so far. Only the goroutine that collects
// touches it.
type observation struct {
	plan    engine.Plan
	planned engine.PlanItem
	now     time.Time
	gate    engine.Gate // at which it is looked again; none in the preflight

	item     engine.Item
	hosts    []engine.Host
	facts    engine.HostFacts
	factsAt  time.Time // our clock when the facts were read
	vm       engine.VM
	names    []engine.VM
	original engine.VM
	power    engine.Power
	points   []engine.RecoveryPoint
	way      engine.HostWay
	direct   engine.DirectFacts

	read     source
	failures map[source]*engine.Failure
}

// origin is the host that the item came from. Once it has gone to another one the
// vault names that one, so what the plan was made for counts.
func (o *observation) origin() string { return firstOf(o.planned.Host, o.item.HostName) }

// failure is the first failure among the sources, nil if there was none.
func (o *observation) failure(of source) *engine.Failure {
	for _, s := range allSources {
		if of&s != 0 && o.failures[s] != nil {
			return o.failures[s]
		}
	}
	return nil
}

// absent reports whether the source said that the thing does not exist.
func (o *observation) absent(s source) bool {
	f := o.failures[s]
	return f != nil && f.Kind == engine.FailureNotFound
}

// vmID is the Hyper-V id of the item's VM; empty of an Azure VM that nobody knows one of.
func vmID(it engine.Item) string {
	if it.HyperVID != "" || engine.IsMachineID(it.ID) {
		return strings.ToLower(it.HyperVID)
	}
	return strings.ToLower(it.VMID)
}

// targetHost is the name of the host the item goes to, empty if nobody says.
func targetHost(p engine.Plan, it engine.Item) string {
	if p.Target.Alternate {
		return p.Target.HostName
	}
	return it.HostName
}

// provider is the registered provider of the target and whether there is one.
func (o *observation) provider() (engine.Host, bool) {
	id := o.item.HostID
	if toAlternate(o.plan, o.item) {
		id = o.plan.Target.HostID
	}
	i := slices.IndexFunc(o.hosts, func(h engine.Host) bool { return id != "" && engine.SameID(h.ID, id) })
	if i < 0 {
		return engine.Host{}, false
	}
	return o.hosts[i], true
}
