package rules

import (
	"fmt"
	"strings"
	"time"

	"failback/engine"
)

// Age of a provider's last heartbeat from which a check warns, and from which it
// blocks. No document gives numbers; these are inferred.
const (
	HeartbeatWarn  = 5 * time.Minute
	HeartbeatBlock = 60 * time.Minute
)

// providerRules look at the registered providers as the vault sees them.
var providerRules = []Rule{
	{
		ID: "connected", Title: "The provider is connected to Azure and reports",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atAllGates,
		needs: theItem | theHosts, unread: engine.VerdictBlock, applies: always, evaluate: connected,
	},
	{
		ID: "provider-version", Title: "The provider's version is supported",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theHosts, applies: always, evaluate: providerVersion,
	},
	{
		ID: "vmm", Title: "The VMM server is connected to Azure",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atAllGates,
		needs: theItem | theHosts, unread: engine.VerdictBlock, applies: ofVMM, evaluate: vmm,
	},
}

func connected(o *observation) answer {
	h, found := o.provider()
	if !found {
		return block("no provider is registered for "+firstOf(targetHost(o.plan, o.item), "the item's host"), "register the host with the vault, then check again")
	}
	return contact(h, o.now)
}

// contact judges one provider's connection and the age of its heartbeat.
func contact(h engine.Host, now time.Time) answer {
	remedy := "look at the provider service (dra) and the host's way to Azure"
	if !h.Connected {
		return block(h.Name+" is not connected to Azure"+lastSeen(h, now), remedy)
	}
	if h.LastHeartbeat.IsZero() {
		return unknown(h.Name+" is connected, but the vault gives no heartbeat", remedy)
	}
	seen := h.Name + " is connected" + lastSeen(h, now)
	switch age := now.Sub(h.LastHeartbeat); {
	case age >= HeartbeatBlock:
		return block(seen, remedy)
	case age >= HeartbeatWarn:
		return warn(seen, remedy)
	}
	return ok(seen)
}

func lastSeen(h engine.Host, now time.Time) string {
	if h.LastHeartbeat.IsZero() {
		return ""
	}
	return fmt.Sprintf(", last heartbeat %s ago", engine.SpanWords(max(0, now.Sub(h.LastHeartbeat)).Truncate(time.Second)))
}

// providerVersion warns only: which versions still fail back is not documented.
func providerVersion(o *observation) answer {
	h, found := o.provider()
	if !found {
		return unknown("no provider is registered", "register the host with the vault, then check again")
	}
	seen := strings.TrimSpace(h.Version + " " + h.VersionStatus)
	switch strings.ToLower(h.VersionStatus) {
	case "notsupported", "deprecated", "updaterequired", "securityupdaterequired":
		return warn(seen, "update the provider on "+h.Name+" before the failback")
	case "":
		return unknown(strings.TrimSpace("version "+h.Version+", the vault does not say whether it is supported"), "look at the provider in the portal")
	}
	return ok(seen)
}

// vmm asks for the VMM server of the item's fabric, whatever host the item goes to.
func vmm(o *observation) answer {
	for _, h := range o.hosts {
		if h.Kind == engine.HostVMM && engine.SameID(h.FabricID, o.item.FabricID) {
			return contact(h, o.now)
		}
	}
	return block("no VMM server is registered for "+o.item.FabricName, "register the VMM server with the vault again")
}
