package rules

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"failback/engine"
)

// reachRules look at the host's own way to Azure.
var reachRules = []Rule{
	{
		ID: "azure-reach", Title: "The host reaches Azure",
		Source: docURLs, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theReach, applies: always, evaluate: azureReach,
	},
	{
		ID: "tls", Title: "TLS 1.2 is not switched off on the host",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts | theReach, applies: always, evaluate: tls12,
	},
}

// documented are the names that the document lists for the host, on port 443. Only those
// without a star can be tried from here.
const documented = "*.hypervrecoverymanager.windowsazure.com, *.backup.windowsazure.com, *.blob.core.windows.net, *.store.core.windows.net, login.microsoftonline.com"

// azureReach never says that all is well with the service's own names: their first
// part is known to the provider alone, and its heartbeat tells of them.
func azureReach(o *observation) answer {
	var open, closed []string
	for _, r := range o.way.Reach {
		if r.Why == "" {
			open = append(open, r.Address)
		} else {
			closed = append(closed, r.Address+" ("+r.Why+")")
		}
	}
	remedy := "let the host out to port 443 of " + documented + " (other names in other clouds)"
	switch {
	case len(open)+len(closed) == 0:
		return unknown("no address was tried", remedy)
	case len(closed) > 0 && o.facts.Proxy != "":
		return unknown("not directly: "+strings.Join(closed, ", ")+"; whether the proxy "+o.facts.Proxy+" lets it through was not tried", "look at the proxy's log, or "+remedy)
	case len(closed) > 0:
		return warn("it does not reach "+strings.Join(closed, ", "), remedy)
	}
	return ok("it reaches " + strings.Join(open, ", "))
}

// storageNames are the storage accounts of the item's disks.
func storageNames(it engine.Item) []string {
	var out []string
	for _, d := range it.Disks {
		if u, err := url.Parse(d.BlobURL); err == nil && u.Hostname() != "" && !slices.Contains(out, u.Hostname()) {
			out = append(out, u.Hostname())
		}
	}
	return out
}

// tls12 reads what Windows was told of TLS 1.2 as a client; without a word it is on.
func tls12(o *observation) answer {
	remedy := `look on the host: HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client`
	switch t := o.way.TLS12; t {
	case "Default", "Enabled":
		return ok("it is on (" + strings.ToLower(t) + ")")
	case "Disabled", "DisabledByDefault":
		return warn(fmt.Sprintf("the registry says %s; Azure speaks nothing older", t), "switch it on there, then restart the host: "+remedy)
	default:
		return unknown("the host does not say", remedy)
	}
}
