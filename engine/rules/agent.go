package rules

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"failback/engine"
)

// agentRules look at the host's role, its framework and its recovery services agent.
var agentRules = []Rule{
	{
		ID: "role", Title: "The Hyper-V role is installed", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theFacts, applies: always, evaluate: role,
	},
	{
		ID: "dotnet", Title: "The host has .NET Framework 4.6.2 or later",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: dotNet,
	},
	{
		ID: "agent-version", Title: "The agent is installed, and new enough for the disks",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: agentVersion,
	},
	{
		ID: "provider-installed", Title: "The vault knows the provider that is installed",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts | theHosts, applies: always, evaluate: providerInstalled,
	},
	{
		ID: "provider-certificate", Title: "The registration's certificate is valid",
		Source: docCleanup, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts, applies: always, evaluate: certificate,
	},
	{
		ID: "proxy", Title: "Site Recovery goes through no HTTPS proxy",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: proxy,
	},
	{
		ID: "azure-backup", Title: "Azure Backup does not work on the same host",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: azureBackup,
	},
	{
		ID: "storage-spaces", Title: "The host uses no Storage Spaces",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: storageSpaces,
	},
	{
		ID: "no-extra", Title: "Nothing else has to be installed to fail back",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts, applies: failback, evaluate: noExtra,
	},
	{
		ID: "host-health", Title: "Site Recovery has no complaint about the host",
		Source: docTroubleshoot, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atAllGates,
		needs: theItem | theHosts, applies: always, evaluate: hostHealth,
	},
}

// part answers for a part of what the host says of itself that it could not read.
func part(o *observation, name, remedy string) (answer, bool) {
	why, failed := o.facts.Unread[name]
	if !failed {
		return answer{}, false
	}
	return unknown("the host could not read it: "+firstOf(why, "no reason given"), remedy), true
}

// installRole is the command that installs the role. This program never runs it.
const installRole = "Install-WindowsFeature -Name Hyper-V -IncludeManagementTools -Restart"

// role asks Windows itself; on a VMM server that is no Hyper-V host it may be absent.
func role(o *observation) answer {
	remedy := "look on the host: Get-WindowsFeature -Name Hyper-V"
	if a, failed := part(o, "role", remedy); failed {
		return a
	}
	_, vmm := o.facts.Services["SCVMMService"]
	switch r := o.facts.Role; {
	case r == "Enabled":
		return ok("installed")
	case r == "":
		return unknown("the host does not say", remedy)
	case o.item.Kind == engine.KindVMM && vmm:
		return ok(strings.ToLower(r) + " on the VMM server; its hosts have it")
	default:
		return block("the role is "+strings.ToLower(r), "install it on the host: "+installRole)
	}
}

// release462 is the release number of .NET Framework 4.6.2.
const release462 = 394802

func dotNet(o *observation) answer {
	remedy := `look on the host: HKLM\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full, Release`
	if a, failed := part(o, "dotnet", remedy); failed {
		return a
	}
	switch n := o.facts.DotNet; {
	case n == 0:
		return unknown("the host does not say", remedy)
	case n < release462:
		return warn(fmt.Sprintf("release %d is older than 4.6.2 (%d)", n, release462), "install .NET Framework 4.6.2 or later, then restart provider and agent")
	default:
		return ok("release " + strconv.Itoa(n))
	}
}

// bigDisks is the agent from which on disks over the older limits are taken.
const bigDisks = "2.0.9214.0"

// agentVersion knows one line that a document draws: the older limits of disks.
func agentVersion(o *observation) answer {
	remedy := "look on the host: Programs and Features, Microsoft Azure Recovery Services Agent"
	if a, failed := part(o, "versions", remedy); failed {
		return a
	}
	version := o.facts.AgentVersion
	big := exceeds(o.item, limits[1].disks, limits[1].system, limits[1].data)
	switch {
	case version == "" && o.item.Kind == engine.KindVMM:
		return ok("not on the VMM server; its hosts have it")
	case version == "":
		return block("the recovery services agent is not installed", "install it on the host; without it no data moves")
	case big == "":
		return ok(version)
	}
	newer, known := later(version, bigDisks)
	switch {
	case !known:
		return unknown(version+" is no version that can be compared; "+big, "it must be later than "+bigDisks)
	case !newer:
		return block(version+" is not later than "+bigDisks+", which "+big+" needs", "update the agent on the host")
	}
	return ok(version + ", later than " + bigDisks)
}

// later compares dotted versions; known is false where one is none.
func later(a, b string) (newer, known bool) {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(x), len(y)) {
		m, okA := number(x, i)
		n, okB := number(y, i)
		switch {
		case !okA || !okB:
			return false, false
		case m != n:
			return m > n, true
		}
	}
	return false, true
}

// number is the i-th part of a version, 0 beyond its end.
func number(parts []string, i int) (int, bool) {
	if i >= len(parts) {
		return 0, true
	}
	n, err := strconv.Atoi(parts[i])
	return n, err == nil && n >= 0
}

func providerInstalled(o *observation) answer {
	remedy := "look on the host: Programs and Features, Microsoft Azure Site Recovery Provider"
	if a, failed := part(o, "versions", remedy); failed {
		return a
	}
	h, found := o.provider()
	installed := o.facts.ProviderVersion
	switch {
	case !found:
		return unknown("no provider is registered", "register the host with the vault, then check again")
	case installed == "" && o.item.Kind == engine.KindVMM:
		return ok("not on this host; under VMM the server has it")
	case installed == "":
		return warn("the host lists no provider, the vault knows "+firstOf(h.Version, "one"), remedy)
	case h.Version != "" && h.Version != installed:
		return warn(fmt.Sprintf("installed %s, the vault knows %s", installed, h.Version), "restart the provider (dra) after an update, and refresh the server in the portal")
	}
	return ok(installed)
}

// certificateWarn is how long before its end a certificate is worth a warning; inferred.
const certificateWarn = 14 * 24 * time.Hour

func certificate(o *observation) answer {
	remedy := "register the host with the vault again"
	if a, failed := part(o, "certificates", remedy); failed {
		return a
	}
	ends := o.facts.CertificateExpires
	switch left := ends.Sub(o.now); {
	case ends.IsZero():
		return unknown("the host names none", "look at the computer's personal certificates: ASR_SRSAUTH_CERT_KEY_CONTAINER")
	case left <= 0:
		return warn("it ended on "+ends.Format(time.DateOnly), remedy)
	case left < certificateWarn:
		return warn("it ends on "+ends.Format(time.DateOnly), remedy+" before then")
	}
	return ok("until " + ends.Format(time.DateOnly))
}

func proxy(o *observation) answer {
	remedy := "look at the provider's proxy settings on the host"
	if a, failed := part(o, "proxy", remedy); failed {
		return a
	}
	switch p := o.facts.Proxy; {
	case p == "":
		return ok("none is set")
	case strings.HasPrefix(strings.ToLower(p), "https:"):
		return warn("through the HTTPS proxy "+p+", which is not supported", "set a plain HTTP proxy, or none")
	default:
		return ok("through " + p)
	}
}

func azureBackup(o *observation) answer {
	remedy := "look on the host: Get-OBPolicy"
	if a, failed := part(o, "backup", remedy); failed {
		return a
	}
	if o.facts.Backup {
		return warn("the agent has a backup policy, too: both on one host are not supported", "pause the backups while the data comes home")
	}
	return ok("no backup policy")
}

// storageSpaces can't tell which disks lie on a pool, so it warns of any.
func storageSpaces(o *observation) answer {
	remedy := "look on the host: Get-StoragePool -IsPrimordial $false"
	if a, failed := part(o, "pools", remedy); failed {
		return a
	}
	if n := o.facts.Pools; n > 0 {
		return warn(fmt.Sprintf("%d storage pools: Storage Spaces and S2D are not supported", n), "decide yourself; a drill of one VM first shows whether it works")
	}
	return ok("no storage pool")
}

// noExtra finds what belongs to other replications and is taken for a part of this.
func noExtra(o *observation) answer {
	if state, found := o.facts.Services["cxprocessserver"]; found {
		return warn("a process server (cxprocessserver, "+state+") is on the host: it belongs to VMware and is not needed", "leave it alone; it takes part in nothing here")
	}
	return ok("no process server, no failback appliance, no agent in the guest: host and vault do it")
}

func hostHealth(o *observation) answer {
	h, found := o.provider()
	switch {
	case !found:
		return unknown("no provider is registered", "register the host with the vault, then check again")
	case len(h.Health) > 0:
		return warn(h.Name+": "+strings.Join(h.Health, "; "), "look at the host's health in the portal")
	}
	return ok("none about " + h.Name)
}
