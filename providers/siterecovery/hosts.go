package siterecovery

import (
	"cmp"
	"context"
	"slices"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// Hosts lists the Hyper-V hosts and VMM servers that the vault knows through
// their providers, sorted by name, each with the health of its fabric.
func (c *Client) Hosts(ctx context.Context) ([]engine.Host, error) {
	fabrics, err := collect(ctx, c.fabrics.NewListPager(c.group, c.vault, nil),
		func(p asr.ReplicationFabricsClientListResponse) []*asr.Fabric { return p.Value })
	if err != nil {
		return nil, c.call(azure.ActionListFabrics, "list the fabrics", c.vault).Failure(err)
	}
	providers, err := collect(ctx, c.providers.NewListPager(c.group, c.vault, nil),
		func(p asr.ReplicationRecoveryServicesProvidersClientListResponse) []*asr.RecoveryServicesProvider {
			return p.Value
		})
	if err != nil {
		return nil, c.call(azure.ActionListHosts, "list the hosts", c.vault).Failure(err)
	}
	byID := map[string]*asr.FabricProperties{}
	for _, f := range fabrics {
		if f.Properties != nil {
			byID[sameKey(text(f.ID))] = f.Properties
		}
	}
	hosts := []engine.Host{}
	for _, p := range providers {
		if h, ok := decodeHost(p, byID); ok {
			hosts = append(hosts, h)
		}
	}
	slices.SortFunc(hosts, func(a, b engine.Host) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return hosts, nil
}

// decodeHost reads a provider; ok is false for one of another kind of fabric.
func decodeHost(w *asr.RecoveryServicesProvider, fabrics map[string]*asr.FabricProperties) (h engine.Host, ok bool) {
	p := w.Properties
	if p == nil {
		return h, false
	}
	h = engine.Host{ID: text(w.ID), Name: cmp.Or(text(p.FriendlyName), text(w.Name)), FabricName: text(p.FabricFriendlyName)}
	switch fabricKind(text(p.FabricType)) {
	case engine.KindHyperVSite:
		h.Kind = engine.HostHyperV
	case engine.KindVMM:
		h.Kind = engine.HostVMM
	case engine.KindUnknown, engine.KindOther:
		return h, false
	}
	h.FabricID = upTo(h.ID, "replicationFabrics")
	h.Connected = text(p.ConnectionStatus) == "Connected"
	h.LastHeartbeat = clock(p.LastHeartBeat)
	h.Version, h.VersionStatus = text(p.ProviderVersion), text(p.ProviderVersionState)
	if v := p.ProviderVersionDetails; v != nil && text(v.Status) != "" {
		h.VersionStatus = text(v.Status)
	}
	if p.ProtectedItemCount != nil {
		h.ProtectedItems = int(*p.ProtectedItemCount)
	}
	h.Health = health(p.HealthErrorDetails)
	if f := fabrics[sameKey(h.FabricID)]; f != nil {
		h.FabricName = cmp.Or(h.FabricName, text(f.FriendlyName))
		h.Health = append(h.Health, health(f.HealthErrorDetails)...)
		if e := f.EncryptionDetails; e != nil {
			h.KeyThumbprint, h.KeyExpires = text(e.KekCertThumbprint), clock(e.KekCertExpiryDate)
		}
	}
	return h, true
}

// health is each error in one line: code, then the service's words.
func health(errs []*asr.HealthError) []string {
	var out []string
	for _, e := range errs {
		if e == nil {
			continue
		}
		line := cmp.Or(text(e.SummaryMessage), text(e.ErrorMessage))
		if code := text(e.ErrorCode); code != "" {
			line = code + ": " + line
		}
		if line != "" {
			out = append(out, line)
		}
	}
	return out
}
