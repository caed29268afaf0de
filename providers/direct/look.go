package direct

import (
	"context"
	"os"
	"path/filepath"

	"failback/engine"
	"failback/providers/disk"
)

// Look implements [engine.DirectDesk].
func (w planned) Look(ctx context.Context, it engine.Item) (engine.DirectFacts, error) {
	out := engine.DirectFacts{Unread: map[string]string{}}
	unread := func(part string, err error) {
		if err != nil {
			out.Unread[part] = engine.AsFailure(err, "", "").Why
		}
	}
	var err error
	out.Machine, err = w.o.Azure.Machine(ctx, it.AzureVM)
	if ctx.Err() != nil {
		return out, context.Cause(ctx)
	}
	unread(engine.DirectMachine, err)
	out.Folder, err = w.folder()
	unread(engine.DirectFolder, err)
	out.Disks, err = w.lookAtDisks(ctx, it)
	unread(engine.DirectDisks, err)
	return out, ctx.Err()
}

func (w planned) lookAtDisks(ctx context.Context, it engine.Item) ([]engine.DirectDisk, error) {
	client, err := w.snapshots(it.AzureVM, "look", nil)
	if err != nil {
		return nil, err
	}
	disks, err := client.Disks(ctx, it.AzureVM)
	if err != nil {
		return nil, err
	}
	counts, err := client.Held(ctx, disks)
	if err != nil {
		return nil, err
	}
	home, err := homeFor(w.direct.Folder, it.Name)
	if err != nil { // said of the folder already
		home = filepath.Join(w.direct.Folder, plainName(it.Name))
	}
	var out []engine.DirectDisk
	for i, d := range disks {
		row := engine.DirectDisk{Disk: diskOf(d), Sector: d.Sector, Snapshots: counts[i]}
		row.File, row.HostFile = files(w.direct, home, d.Name, i)
		if err := d.Exportable("look at the disk"); err != nil {
			row.Problem = engine.AsFailure(err, "", "").Why
		}
		out = append(out, row)
	}
	return out, nil
}

// folder says what the plan's folder takes. A file is made there and removed again.
func (w planned) folder() (engine.FolderFacts, error) {
	var out engine.FolderFacts
	dir := w.direct.Folder
	at, err := os.Stat(dir)
	if err != nil || !at.IsDir() {
		out.Closed = folderWhy(err)
		return out, nil
	}
	inside := filepath.Join(dir, "disk")
	if out.Free, err = disk.FreeSpace(inside); err != nil {
		return out, err
	}
	if out.Total, err = disk.TotalSpace(inside); err != nil {
		return out, err
	}
	f, err := os.CreateTemp(dir, ".failback-*")
	if err != nil {
		out.Closed = folderWhy(err)
		return out, nil
	}
	_ = f.Close()
	return out, os.Remove(f.Name())
}

// Deletions implements [engine.DirectDesk].
func (w planned) Deletions(ctx context.Context, it engine.Item) (engine.Deletions, error) {
	c, err := w.chainOf(it.ID)
	if err != nil {
		return engine.Deletions{}, err
	}
	if c.failback == nil || !c.failback.Failback.AtHome {
		return engine.Deletions{}, engine.Refuse("list what a commit deletes", it.Name, "there is no direct failback of it that could be committed", "look at the item")
	}
	return w.deletions(ctx, c)
}

func (w planned) deletions(ctx context.Context, c chain) (out engine.Deletions, err error) {
	if out.Things = c.rest(); out.Things == nil {
		if out.Things, err = w.o.Azure.Belongings(ctx, c.failback.Item.AzureVM); err != nil {
			return out, err
		}
	}
	r := c.failback
	if r.Direct.KeepDays == 0 || r.Failback.Set == nil {
		return out, nil
	}
	out.Until = keptUntil(r.Direct.KeepDays)
	for _, s := range r.Failback.Set.Snapshots {
		out.Kept = append(out.Kept, engine.AzureThing{ID: s.ID, Kind: "snapshot", Name: s.Name, Bytes: s.Bytes})
	}
	return out, nil
}

// CommitExactly implements [engine.DirectDesk].
func (w planned) CommitExactly(ctx context.Context, it engine.Item, list []engine.AzureThing, requestID string) (string, error) {
	const what = "commit the direct failback"
	return w.begin(ctx, what, it.ID, requestID, func(now engine.Item) (*record, error) {
		if !now.Allows(engine.AllowFinalizeFailback) {
			return nil, engine.Refuse(what, now.Name, "there is nothing to commit (state: "+now.RawDescription+")", "look at the item")
		}
		c, err := w.chainOf(it.ID)
		if err != nil {
			return nil, err
		}
		if p, err := w.o.Vault.Azure.Power(ctx, c.failback.Item.AzureVM); err != nil {
			return nil, err
		} else if !p.Off() && p != engine.PowerDeleted {
			return nil, inUse(c.failback.Item.AzureVM, p)
		}
		there, err := w.deletions(ctx, c)
		if err != nil {
			return nil, err
		}
		gone := 0
		if c.rest() != nil && sameThings(c.commit.Things, list) {
			there.Things, gone = list, c.commit.Gone // the same list, gone on with
		}
		if !sameThings(there.Things, list) {
			return nil, engine.Refuse(what, now.Name, "what belongs to the Azure VM is not what the list says; nothing was deleted", "look at the list again and answer the gate again")
		}
		f := c.failback
		now.Disks = f.Item.Disks
		return &record{
			Scenario: engine.ScenarioFinalizeFailback, Step: stepCompare, Item: now, Host: f.Host, Direct: f.Direct, Target: f.Target,
			Of: f.Name, Failback: f.Failback, Things: list, Gone: gone,
		}, nil
	})
}
