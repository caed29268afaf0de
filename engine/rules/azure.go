package rules

import (
	"fmt"
	"strings"

	"failback/engine"
)

// azureRules look at the Azure copy and at what its disks are.
var azureRules = []Rule{
	{
		ID: "azure-vm", Title: "The Azure VM runs, and its power can be read", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atComplete,
		needs: theItem | thePower, unread: engine.VerdictBlock, applies: failback, evaluate: azureVM,
	},
	{
		ID: "managed-disks", Title: "The Azure disks can be failed back from",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem, applies: failback, evaluate: managedDisks,
	},
	{
		ID: "disk-limits", Title: "Number and sizes of the disks are within the limits",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem, applies: always, evaluate: diskLimits,
	},
	{
		ID: "encryption", Title: "The item does not use the retired VMM data encryption",
		Source: docEncryption, Dated: datedEncryption, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: ofVMM, evaluate: encryption,
	},
	{
		ID: "damage", Title: "The on-premises VM was not left damaged", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem, applies: failback, evaluate: damage,
	},
}

// azureVM wants to read the power now, because the switch depends on reading it.
func azureVM(o *observation) answer {
	name := firstOf(o.item.AzureVM.Name, "the Azure VM")
	switch o.power {
	case engine.PowerRunning:
		return ok(name + " is running")
	case engine.PowerDeleted:
		return block(name+" does not exist", "there is nothing to bring home; look at the item in the portal")
	case engine.PowerUnknown:
		return block(name+": Azure gives no power state", "the VM must be confirmed stopped before the switch; make its power readable first")
	case engine.PowerStopped, engine.PowerDeallocated, engine.PowerStopping, engine.PowerStarting:
	}
	return warn(name+" is "+string(o.power), "the machine is down already; start it in Azure, or go on if that is meant")
}

// managedDisks informs: what the service offers decides, in the rule on the commit.
func managedDisks(o *observation) answer {
	var managed, straight int
	for _, d := range o.item.Disks {
		if d.Managed {
			managed++
		}
		if d.Straight {
			straight++
		}
	}
	if managed == 0 {
		return ok("page blobs of a storage account")
	}
	seen := fmt.Sprintf("%d of %d are managed disks", managed, len(o.item.Disks))
	switch straight {
	case 0:
		seen += ", made of a storage account's blobs at the failover"
	case managed:
		seen += ", replicated straight to managed disks"
	default:
		seen += fmt.Sprintf(", %d replicated straight to managed disks", straight)
	}
	seen += ": the documents up to 2021-06-30 say they can't be failed back, the support matrix of 2026-09-11 says they can"
	if o.item.Allows(engine.AllowFailback) {
		seen += "; Site Recovery offers the failback"
	}
	a := warn(seen, "what Site Recovery offers decides; try one VM first")
	a.source, a.dated = docMatrix, datedMatrix2020+" against "+datedMatrix
	return a
}

// limits are the documents' limits, the newer one first.
var limits = []struct {
	dated        string
	disks        int
	system, data int64
}{
	{datedMatrix, 64, 4095 << 30, 32767 << 30},
	{datedMatrix2020, 17, 2048 << 30, 4095 << 30},
}

// diskLimits only warns: the item replicates, so the service took its disks.
func diskLimits(o *observation) answer {
	newest, older := exceeds(o.item, limits[0].disks, limits[0].system, limits[0].data), exceeds(o.item, limits[1].disks, limits[1].system, limits[1].data)
	switch {
	case newest != "":
		return warn(newest+": over the limits of "+limits[0].dated, "ask Microsoft before the start")
	case older != "":
		a := warn(older+": over the limits of "+limits[1].dated+", within those of "+limits[0].dated, "needs managed disks and a replication provider later than 2.0.9214.0")
		a.dated = limits[1].dated + " against " + limits[0].dated
		return a
	}
	return ok(engine.DiskWords(len(o.item.Disks)) + ", " + engine.SizeWords(o.item.Bytes()) + " in all")
}

func exceeds(it engine.Item, count int, system, data int64) string {
	var over []string
	if len(it.Disks) > count {
		over = append(over, fmt.Sprintf("%d disks", len(it.Disks)))
	}
	for _, d := range it.Disks {
		if d.OS && d.Bytes > system || !d.OS && d.Bytes > data {
			over = append(over, d.Name+" with "+engine.SizeWords(d.Bytes))
		}
	}
	return strings.Join(over, ", ")
}

// encryption: the feature was retired on 2022-04-30, and today's request to fail
// back has no field for the certificate.
func encryption(o *observation) answer {
	cure := "disable its replication and enable it again, with storage encrypted at rest"
	switch {
	case !o.item.Encryption:
		return ok("not encrypted by VMM")
	case failback(o.plan, o.item):
		return block("encrypted by VMM: the feature was retired on 2022-04-30, and the request to fail back takes no certificate", cure)
	case o.plan.CertificateThumbprint == "":
		return block("encrypted by VMM, and the plan names no certificate", "name the certificate that was issued when the provider was set up, or "+cure)
	case o.item.KeyThumbprint != "" && !strings.EqualFold(o.item.KeyThumbprint, o.plan.CertificateThumbprint):
		return block("encrypted by VMM with the certificate "+o.item.KeyThumbprint+"; the plan names "+o.plan.CertificateThumbprint,
			"name the certificate that the vault knows, or "+cure)
	}
	return warn("encrypted by VMM: the feature was retired on 2022-04-30; the certificate "+o.plan.CertificateThumbprint+" was checked here, the service may refuse it all the same", cure)
}

// damage is no obstacle: running the failback to its end is the repair.
func damage(o *observation) answer {
	d := o.item.Damaged
	if d == nil {
		return ok("no synchronisation was broken off")
	}
	seen := "damaged: " + d.Reason
	if !d.Since.IsZero() {
		seen += ", since " + d.Since.UTC().Format("2006-01-02 15:04 UTC")
	}
	return warn(seen, "do not start the VM; this run repairs it by finishing the synchronisation")
}
