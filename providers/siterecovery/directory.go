package siterecovery

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"
	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/providers/azure"
)

// directory is what one listing knew: the unique names of items and the hosts
// by provider id. It is immutable once made.
type directory struct {
	names map[string]string
	hosts map[string]engine.Host
}

// name is the item's unique name, and whether the listing had it.
func (d *directory) name(id string) (string, bool) {
	n, ok := d.names[sameKey(id)]
	return n, ok
}

// newDirectory gives every item a name of its own: its friendly name, with the
// fabric where two share one, with its resource name where even that is shared.
func newDirectory(items []*asr.ReplicationProtectedItem, hosts []engine.Host) *directory {
	d := &directory{names: map[string]string{}, hosts: map[string]engine.Host{}}
	for _, h := range hosts {
		d.hosts[sameKey(h.ID)] = h
	}
	plain, withFabric := map[string]int{}, map[string]int{}
	for _, it := range items {
		plain[strings.ToLower(friendly(it))]++
		withFabric[strings.ToLower(friendly(it)+fabricName(it))]++
	}
	taken := map[string]bool{}
	for _, it := range items {
		name := friendly(it)
		switch {
		case plain[strings.ToLower(name)] == 1:
		case withFabric[strings.ToLower(name+fabricName(it))] == 1:
			name += " (" + fabricName(it) + ")"
		default:
			name += " (" + text(it.Name) + ")"
		}
		d.names[sameKey(text(it.ID))] = unique(name, taken)
	}
	return d
}

// unique numbers a name that is taken all the same.
func unique(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = name + " #" + strconv.Itoa(n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

func friendly(it *asr.ReplicationProtectedItem) string {
	if p := it.Properties; p != nil && text(p.FriendlyName) != "" {
		return text(p.FriendlyName)
	}
	return text(it.Name)
}

func fabricName(it *asr.ReplicationProtectedItem) string {
	if p := it.Properties; p != nil && text(p.PrimaryFabricFriendlyName) != "" {
		return text(p.PrimaryFabricFriendlyName)
	}
	return segment(text(it.ID), "replicationFabrics")
}

// list reads all items, and the hosts meanwhile, and remembers their names. Each page
// of items is handed to came.
func (c *Client) list(ctx context.Context, came func([]*asr.ReplicationProtectedItem)) ([]*asr.ReplicationProtectedItem, *directory, error) {
	var hosts []engine.Host
	var items []*asr.ReplicationProtectedItem
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		hosts, err = c.Hosts(ctx)
		return err
	})
	g.Go(func() (err error) {
		items, err = collect(ctx, c.items.NewListPager(c.group, c.vault, nil),
			func(p asr.ReplicationProtectedItemsClientListResponse) []*asr.ReplicationProtectedItem {
				came(p.Value)
				return p.Value
			})
		return c.call(azure.ActionListItems, "list the replicated items", c.vault).Failure(err)
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(items, func(a, b *asr.ReplicationProtectedItem) int { return cmp.Compare(text(a.ID), text(b.ID)) })
	d := newDirectory(items, hosts)
	c.mu.Lock()
	c.known = d
	c.mu.Unlock()
	return items, d, nil
}

// lookup finds a directory that knows the item, listing afresh where it must.
func (c *Client) lookup(ctx context.Context, id string) (*directory, error) {
	c.mu.Lock()
	d := c.known
	c.mu.Unlock()
	if d != nil {
		if _, ok := d.name(id); ok {
			return d, nil
		}
	}
	_, d, err := c.list(ctx, func([]*asr.ReplicationProtectedItem) {})
	return d, err
}
