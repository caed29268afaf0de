package siterecovery

import (
	"context"
	"io"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// Options names a vault and how to reach it. Credential and ClientOptions come
// from one azure.Session: its pipeline knows which requests were really sent.
type Options struct {
	Subscription  string
	ResourceGroup string
	Vault         string
	Credential    azcore.TokenCredential
	ClientOptions *arm.ClientOptions
	// Download fetches a file whose address carries a signature, and keeps that
	// address to itself. Nil means that files can't be fetched.
	Download func(ctx context.Context, call azure.Call, address string, w io.Writer) error
}

// Client is one vault. It implements [engine.Inventory], [engine.Failover],
// [engine.PlanFailover] and [engine.JobDesk], and is safe for concurrent use.
type Client struct {
	group, vault string
	download     func(ctx context.Context, call azure.Call, address string, w io.Writer) error

	items     *asr.ReplicationProtectedItemsClient
	candidate *asr.ReplicationProtectableItemsClient
	jobs      *asr.ReplicationJobsClient
	fabrics   *asr.ReplicationFabricsClient
	providers *asr.ReplicationRecoveryServicesProvidersClient
	plans     *asr.ReplicationRecoveryPlansClient
	points    *asr.RecoveryPointsClient
	clouds    *asr.ReplicationProtectionContainersClient

	mu    sync.Mutex
	known *directory            // names and hosts of the last listing
	ended map[string]engine.Job // jobs that can't change any more, by name
}

var (
	_ engine.Inventory    = (*Client)(nil)
	_ engine.Failover     = (*Client)(nil)
	_ engine.PlanFailover = (*Client)(nil)
	_ engine.JobDesk      = (*Client)(nil)
)

// New makes a client for one vault. It sends nothing.
func New(o Options) (*Client, error) {
	for what, text := range map[string]string{"subscription": o.Subscription, "resource group": o.ResourceGroup, "vault": o.Vault} {
		if text == "" {
			return nil, engine.Usagef("name it in the profile", "the vault's %s is missing", what)
		}
	}
	f, err := asr.NewClientFactory(o.Subscription, o.Credential, o.ClientOptions)
	if err != nil {
		return nil, err
	}
	return &Client{
		group: o.ResourceGroup, vault: o.Vault, download: o.Download,
		items:     f.NewReplicationProtectedItemsClient(),
		candidate: f.NewReplicationProtectableItemsClient(),
		jobs:      f.NewReplicationJobsClient(),
		fabrics:   f.NewReplicationFabricsClient(),
		providers: f.NewReplicationRecoveryServicesProvidersClient(),
		plans:     f.NewReplicationRecoveryPlansClient(),
		points:    f.NewRecoveryPointsClient(),
		clouds:    f.NewReplicationProtectionContainersClient(),
		ended:     map[string]engine.Job{},
	}, nil
}

// pager is what every list of the SDK looks like.
type pager[P any] interface {
	More() bool
	NextPage(ctx context.Context) (P, error)
}

// collect reads a whole list. Pages may be empty, the last one in particular.
func collect[P, T any](ctx context.Context, pages pager[P], values func(P) []*T) ([]*T, error) {
	var out []*T
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range values(page) {
			if v != nil {
				out = append(out, v)
			}
		}
	}
	return out, nil
}
