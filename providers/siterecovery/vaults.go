package siterecovery

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservices"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armsubscriptions"
	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/providers/azure"
)

// What finding a vault needs. A profile that names its vault does without, so they
// are no part of the least role.
const (
	actionListSubscriptions azure.Action = "Microsoft.Resources/subscriptions/read"
	actionListVaults        azure.Action = "Microsoft.RecoveryServices/vaults/read"
)

// abreast is how many lists are read at once.
const abreast = 4

// FindVaults finds the vaults that the sign-in can see: those of one subscription, or
// with "" of all. Each is handed to emit as it is known, from one goroutine at a time
// and in no order. A subscription that can't be read keeps nobody from seeing the
// vaults of the others: its failure comes with those of its like at the end.
func FindVaults(ctx context.Context, subscription string, cred azcore.TokenCredential, o *arm.ClientOptions, emit func(engine.Vault)) error {
	named := map[string]string{subscription: ""}
	if subscription == "" {
		var err error
		if named, err = subscriptions(ctx, cred, o); err != nil {
			return err
		}
	}
	var g errgroup.Group
	g.SetLimit(abreast)
	var mu sync.Mutex
	var failed []error
	for id, name := range named {
		g.Go(func() error {
			err := vaultsOf(ctx, id, cred, o, func(v engine.Vault) {
				mu.Lock()
				defer mu.Unlock()
				v.SubscriptionName = name
				emit(v)
			})
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
			return nil
		})
	}
	_ = g.Wait() // each keeps its own error
	return errors.Join(failed...)
}

// subscriptions are the names of those that are in use, by id.
func subscriptions(ctx context.Context, cred azcore.TokenCredential, o *arm.ClientOptions) (map[string]string, error) {
	call := azure.Call{Action: actionListSubscriptions, What: "list the subscriptions", Where: "Azure"}
	c, err := armsubscriptions.NewClient(cred, o)
	if err != nil {
		return nil, call.Failure(err)
	}
	all, err := collect(ctx, c.NewListPager(nil), func(p armsubscriptions.ClientListResponse) []*armsubscriptions.Subscription { return p.Value })
	if err != nil {
		return nil, call.Failure(err)
	}
	out := map[string]string{}
	for _, s := range all {
		id := text(s.SubscriptionID)
		if state := text(s.State); id == "" || state != "" && !strings.EqualFold(state, "Enabled") && !strings.EqualFold(state, "Warned") {
			continue // nothing can be read in one that is switched off
		}
		out[id] = text(s.DisplayName)
	}
	return out, nil
}

func vaultsOf(ctx context.Context, subscription string, cred azcore.TokenCredential, o *arm.ClientOptions, emit func(engine.Vault)) error {
	call := azure.Call{Action: actionListVaults, What: "list the vaults", Where: "subscription " + subscription}
	c, err := armrecoveryservices.NewVaultsClient(subscription, cred, o)
	if err != nil {
		return call.Failure(err)
	}
	pages := c.NewListBySubscriptionIDPager(nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return call.Failure(err)
		}
		for _, w := range page.Value {
			if w != nil && text(w.ID) != "" {
				emit(decodeVault(w, subscription))
			}
		}
	}
	return nil
}

// decodeVault reads a vault. Its resource group stands in its id alone.
func decodeVault(w *armrecoveryservices.Vault, subscription string) engine.Vault {
	id := text(w.ID)
	return engine.Vault{
		ID: id, Name: cmp.Or(text(w.Name), segment(id, "vaults")), ResourceGroup: segment(id, "resourceGroups"),
		Subscription: cmp.Or(segment(id, "subscriptions"), subscription), Location: text(w.Location),
	}
}
