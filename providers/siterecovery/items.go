package siterecovery

import (
	"cmp"
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

func (c *Client) call(action azure.Action, what, where string) azure.Call {
	return azure.Call{Action: action, What: what, Where: where}
}

// Items lists every replicated item, those of other replication providers
// included, with unique names, sorted by name. Damage is read off the history
// of jobs; a history that can't be read fails the listing, since an unknown
// damage must not look like none.
func (c *Client) Items(ctx context.Context) ([]engine.Item, error) {
	return c.Browse(ctx, func([]engine.Item) {})
}

// Browse implements [engine.Browser].
func (c *Client) Browse(ctx context.Context, came func([]engine.Item)) ([]engine.Item, error) {
	wire, d, err := c.list(ctx, func(page []*asr.ReplicationProtectedItem) {
		passing := newDirectory(nil, nil)
		some := make([]engine.Item, 0, len(page))
		for _, w := range page {
			if w != nil {
				some = append(some, decodeItem(w, passing))
			}
		}
		came(some)
	})
	if err != nil {
		return nil, err
	}
	items := make([]engine.Item, 0, len(wire))
	for _, w := range wire {
		items = append(items, decodeItem(w, d))
	}
	if err := c.markDamaged(ctx, items); err != nil {
		return nil, err
	}
	slices.SortStableFunc(items, func(a, b engine.Item) int { return cmp.Compare(a.Name, b.Name) })
	return items, nil
}

// Item reads one item afresh. Only its name and its host's are remembered from
// the last listing.
func (c *Client) Item(ctx context.Context, id string) (engine.Item, error) {
	w, err := c.get(ctx, id)
	if err != nil {
		return engine.Item{}, err
	}
	d, err := c.lookup(ctx, text(w.ID))
	if err != nil {
		return engine.Item{}, err
	}
	one := []engine.Item{decodeItem(w, d)}
	err = c.markDamaged(ctx, one)
	return one[0], err
}

// get reads an item as the vault has it now.
func (c *Client) get(ctx context.Context, id string) (*asr.ReplicationProtectedItem, error) {
	p, err := placeOf(id)
	if err != nil {
		return nil, err
	}
	answer, err := c.items.Get(ctx, c.group, c.vault, p.fabric, p.container, p.item, nil)
	if err != nil {
		return nil, c.call(azure.ActionReadItem, "read the replicated item", p.item).Failure(err)
	}
	w := answer.ReplicationProtectedItem
	if text(w.ID) == "" {
		w.ID = &id
	}
	return &w, nil
}

// decodeItem reads an item as the vault wrote it. d may lack the item.
func decodeItem(w *asr.ReplicationProtectedItem, d *directory) engine.Item {
	id := text(w.ID)
	it := engine.Item{ID: id, Name: friendly(w), FabricID: upTo(id, "replicationFabrics"), FabricName: fabricName(w)}
	if name, ok := d.name(id); ok {
		it.Name = name
	}
	p := w.Properties
	if p == nil {
		it.Kind, it.State, it.OutOfScope = engine.KindOther, engine.ItemStateOther, foreign(nil)
		return it
	}
	it.Active, it.Allowed = location(p.ActiveLocation), texts(p.AllowedOperations)
	it.RawState, it.RawDescription = text(p.ProtectionState), text(p.ProtectionStateDescription)
	it.Policy, it.Health, it.FailedOver = text(p.PolicyFriendlyName), text(p.ReplicationHealth), clock(p.LastSuccessfulFailoverTime)
	if s := p.CurrentScenario; s != nil {
		if it.CurrentJob = jobName(s.JobID); it.CurrentJob != "" {
			it.CurrentScenario = text(s.ScenarioName)
		}
	}
	it.TestFailover = text(p.TestFailoverState)
	it.Replication.FailoverHealth, it.Replication.Errors = text(p.FailoverHealth), healthNotes(p.HealthErrors)
	it.HostID = text(p.RecoveryServicesProviderID)
	host := d.hosts[sameKey(it.HostID)]
	it.HostName, it.KeyThumbprint, it.KeyExpires = host.Name, host.KeyThumbprint, host.KeyExpires
	it.OutOfScope = foreign(p.ProviderSpecificDetails)
	it.Kind = engine.KindOther
	if details, ok := p.ProviderSpecificDetails.(*asr.HyperVReplicaAzureReplicationDetails); ok {
		it.Kind = kindOf(p, host)
		decodeDetails(&it, details)
	}
	it.State = itemState(it)
	return it
}

// kindOf takes the item's own word for its fabric, and its host's where older
// answers lack it.
func kindOf(p *asr.ReplicationProtectedItemProperties, host engine.Host) engine.ItemKind {
	if k := fabricKind(text(p.PrimaryFabricProvider)); k != engine.KindUnknown {
		return k
	}
	switch host.Kind {
	case engine.HostHyperV:
		return engine.KindHyperVSite
	case engine.HostVMM:
		return engine.KindVMM
	case engine.HostUnknown:
	}
	return engine.KindUnknown
}

func decodeDetails(it *engine.Item, d *asr.HyperVReplicaAzureReplicationDetails) {
	it.VMID = text(d.VMID)
	it.HyperVID = hyperVID(it.Kind, d)
	it.Encryption = strings.EqualFold(text(d.Encryption), "Enabled")
	if d.OSDetails != nil {
		it.OS = text(d.OSDetails.OSType)
	}
	group := text(d.RecoveryAzureResourceGroupID)
	it.AzureVM = engine.AzureVMRef{
		Subscription:  segment(group, "subscriptions"),
		ResourceGroup: segment(group, "resourceGroups"),
		Name:          text(d.RecoveryAzureVMName),
	}
	decodeReplication(&it.Replication, d)
	managed := managedDisks(d)
	for _, w := range d.AzureVMDiskDetails {
		if w != nil {
			it.Disks = append(it.Disks, decodeDisk(w, managed))
		}
	}
}

// decodeReplication reads how far the copy has come. A number of the service's that
// is written as a text stays one: it is shown, never reckoned with.
func decodeReplication(r *engine.Replication, d *asr.HyperVReplicaAzureReplicationDetails) {
	r.RPOAt, r.Last, r.LastPoint = clock(d.LastRpoCalculatedTime), clock(d.LastReplicatedTime), clock(d.LastRecoveryPointReceived)
	if d.RpoInSeconds != nil && *d.RpoInSeconds >= 0 && *d.RpoInSeconds <= longestRPO {
		r.RPO = time.Duration(*d.RpoInSeconds) * time.Second
	} else {
		r.RPOAt = time.Time{} // nothing was reckoned
	}
	r.Inner = text(d.VMProtectionState)
	if i := d.InitialReplicationDetails; i != nil {
		r.Initial = text(i.InitialReplicationProgressPercentage)
	}
}

// longestRPO is a century in seconds; what is longer is no age.
const longestRPO = 100 * 366 * 24 * 3600

// healthNotes are an item's health errors in the service's words, those inside
// others after them.
func healthNotes(errs []*asr.HealthError) []engine.HealthNote {
	var out []engine.HealthNote
	for _, e := range errs {
		if e == nil {
			continue
		}
		out = append(out, engine.HealthNote{
			Code: text(e.ErrorCode), Level: text(e.ErrorLevel), Message: cmp.Or(text(e.SummaryMessage), text(e.ErrorMessage)),
			Causes: text(e.PossibleCauses), Remedy: text(e.RecommendedAction), At: clock(e.CreationTimeUTC),
		})
		for _, in := range e.InnerHealthErrors {
			if in != nil {
				out = append(out, engine.HealthNote{
					Code: text(in.ErrorCode), Level: text(in.ErrorLevel), Message: cmp.Or(text(in.SummaryMessage), text(in.ErrorMessage)),
					Causes: text(in.PossibleCauses), Remedy: text(in.RecommendedAction), At: clock(in.CreationTimeUTC),
				})
			}
		}
	}
	return out
}

// kinds tells what an item's disks are in Azure.
type kinds struct {
	all      bool // the item says so of all of them
	straight map[string]bool
}

// managedDisks reads which of the item's disks are managed: all of them where the
// item says so, and those that it replicates straight to managed disks.
func managedDisks(d *asr.HyperVReplicaAzureReplicationDetails) kinds {
	k := kinds{all: strings.EqualFold(text(d.UseManagedDisks), "true"), straight: map[string]bool{}}
	for _, m := range d.ProtectedManagedDisks {
		if m != nil {
			k.straight[strings.ToLower(text(m.DiskID))] = true
		}
	}
	return k
}

func decodeDisk(w *asr.AzureVMDiskDetails, k kinds) engine.Disk {
	disk := engine.Disk{
		ID: cmp.Or(text(w.DiskID), text(w.VhdID)), Name: cmp.Or(text(w.VhdName), text(w.VhdID), text(w.DiskID)),
		Bytes: megabytes(w.MaxSizeMB), LUN: int(min(number(w.LunID), 1<<16)), OS: strings.EqualFold(text(w.VhdType), "OperatingSystem"),
	}
	disk.Straight = k.straight[strings.ToLower(disk.ID)]
	disk.Managed = k.all || disk.Straight
	if !disk.Managed {
		disk.BlobURL = blobURL(text(w.TargetDiskLocation))
	}
	return disk
}

// blobURL is the address of a blob without any signature; a location that is no
// web address names no blob.
func blobURL(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	return u.String()
}

var guid = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// hyperVID is the Hyper-V id. A Hyper-V site uses it for the item itself; VMM
// has an id of its own, and Hyper-V's is the prefix of the disk ids.
func hyperVID(kind engine.ItemKind, d *asr.HyperVReplicaAzureReplicationDetails) string {
	for _, w := range d.AzureVMDiskDetails {
		if w == nil {
			continue
		}
		prefix, _, found := strings.Cut(strings.ToLower(text(w.DiskID)), "_")
		if found && guid.MatchString(prefix) {
			return prefix
		}
	}
	if kind == engine.KindVMM {
		return ""
	}
	return strings.ToLower(text(d.VMID))
}
