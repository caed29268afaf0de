package direct

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"failback/engine"
	"failback/providers/azure/snapshots"
)

// left is what a job that ended has left, with what removing it takes.
type left struct {
	engine.Leftovers
	client    *snapshots.Client
	snapshots []snapshots.Snapshot // in the order of the list
	disks     []string             // files of disks whose files are on the list
}

// Leftovers implements [engine.DirectDesk].
func (w planned) Leftovers(ctx context.Context, job string) (engine.Leftovers, error) {
	r, err := w.store.load(job)
	if err != nil {
		return engine.Leftovers{}, err
	}
	l, err := w.leftBy(ctx, r)
	return l.Leftovers, err
}

// leftBy looks for what a job has left. What can't be looked at stays, and says so.
func (d *Desk) leftBy(ctx context.Context, r *record) (left, error) {
	out := left{Leftovers: engine.Leftovers{Job: r.Name, Item: r.Item.Name}}
	stays := func(what, why string) { out.Stays = append(out.Stays, engine.LeftThing{What: what, Why: why}) }
	if err := clearable(r); err != nil {
		return out, err
	}
	later, err := d.repairOf(r)
	if err != nil {
		return out, err
	}
	if later != nil {
		stays("its disks and snapshots", "job "+later.Name+" of "+later.Started.Format("2006-01-02 15:04")+" UTC has gone on with them, and they are that one's to remove")
		return out, nil
	}
	if err := d.filesOf(ctx, r, &out, stays); err != nil {
		return out, err
	}
	err = d.snapshotsOf(ctx, r, &out, stays)
	return out, err
}

// clearable says why nothing of a job may be cleared away.
func clearable(r *record) error {
	const what = "remove what the failback has left"
	where := r.Item.Name + ", job " + r.Name
	switch {
	case r.Scenario != engine.ScenarioFailback || r.Failback == nil:
		return engine.Refuse(what, where, "it is no failback, and writes nothing", "name the run of the failback")
	case !r.ended():
		return engine.Refuse(what, where, "the job has not ended (state: "+string(r.State)+")", "let its run end, or cancel it")
	case r.State.Good() || r.Failback.AtHome && r.State != engine.JobCancelled:
		return engine.Refuse(what, where, "the VM on "+r.Host+" has its disks", "commit the failback, which removes its snapshots: nothing else is left over")
	}
	return nil
}

// repairOf is a later job that has gone on with what the job brought; nil where none has.
func (d *Desk) repairOf(r *record) (*record, error) {
	all, err := d.store.list()
	if err != nil {
		return nil, err
	}
	for _, other := range all {
		if other.Scenario == engine.ScenarioFailback && other.Failback.Repairs == r.Name {
			return other, nil
		}
	}
	return nil, nil
}

// filesOf lists the files that the job made, where no VM of its host has one of them.
func (d *Desk) filesOf(ctx context.Context, r *record, out *left, stays func(what, why string)) error {
	var disks []string
	for _, disk := range r.Failback.Disks {
		disks = append(append(disks, disk.File), disk.Old...)
	}
	var files []engine.LeftFile
	for _, disk := range disks {
		for _, path := range filesBeside(disk) {
			at, err := os.Lstat(path)
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				stays(path, folderWhy(err))
			default:
				files = append(files, engine.LeftFile{Path: path, Bytes: at.Size()})
			}
		}
	}
	if len(files) == 0 {
		out.Folder = emptied(r.Failback.Home, nil)
		return nil
	}
	users, err := d.users(ctx, r)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		stays("the files in "+r.Failback.Home, "whether a VM on "+r.Host+" has them could not be seen: "+engine.AsFailure(err, "", "").Why)
		return nil
	}
	for _, vm := range users {
		stays("the files in "+r.Failback.Home, "VM "+vm.Name+" ("+vm.ID+") on "+r.Host+" has them, or was made for them ("+vm.State+")")
	}
	if len(users) == 0 {
		out.Files, out.disks, out.Folder = files, disks, emptied(r.Failback.Home, files)
	}
	return nil
}

// emptied is the folder where it is there and nothing but these files is in it.
func emptied(folder string, files []engine.LeftFile) string {
	if folder == "" {
		return ""
	}
	entries, err := os.ReadDir(folder)
	if err != nil || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return !slices.ContainsFunc(files, func(f engine.LeftFile) bool { return f.Path == filepath.Join(folder, e.Name()) })
	}) {
		return ""
	}
	return folder
}

// filesBeside are all files that belong to a disk on its way, it itself last.
func filesBeside(file string) []string {
	out := append(notesBeside(file), file+".failback-limit", file+".failback-manifest", file+".failback-new")
	return append(append(out, drafts(file+".azure.manifest")...), file)
}

// drafts are the beginnings of a manifest that a crash has left: its name with a number.
func drafts(manifest string) (out []string) {
	entries, _ := os.ReadDir(filepath.Dir(manifest)) // what can't be read shows when it is removed
	for _, e := range entries {
		n, is := strings.CutPrefix(e.Name(), filepath.Base(manifest)+".")
		if is && n != "" && strings.Trim(n, "0123456789") == "" {
			out = append(out, filepath.Join(filepath.Dir(manifest), e.Name()))
		}
	}
	return out
}

// snapshotsOf lists the snapshots that the job's runs took.
func (d *Desk) snapshotsOf(ctx context.Context, r *record, out *left, stays func(what, why string)) error {
	client, err := d.snapshots(r.Item.AzureVM, r.run(), nil)
	var all []snapshots.Snapshot
	if err == nil {
		out.client = client
		all, err = client.Leftovers(ctx, r.groups()...)
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		stays("its snapshots in Azure, if there are any", "they could not be listed: "+engine.AsFailure(err, "", "").Why)
	}
	runs := append(slices.Clone(r.Failback.Runs), r.run())
	for _, s := range all {
		if slices.Contains(runs, s.Run) {
			out.snapshots = append(out.snapshots, s)
			out.Snapshots = append(out.Snapshots, engine.AzureThing{ID: s.ID, Kind: "snapshot", Name: s.Name, Bytes: s.Bytes})
		}
	}
	return nil
}

// Clear implements [engine.DirectDesk].
func (w planned) Clear(ctx context.Context, list engine.Leftovers, requestID string) (engine.Cleared, error) {
	r, err := w.store.load(list.Job)
	if err != nil {
		return engine.Cleared{}, err
	}
	v, err := w.own(r.Name)
	if err != nil {
		return engine.Cleared{}, err
	}
	if v == nil {
		return engine.Cleared{}, engine.Refuse("remove what the failback has left", r.Item.Name+", job "+r.Name, "another process works with the job", "let it end, and look again")
	}
	out, err := v.clear(ctx, list, requestID)
	return out, errors.Join(err, v.letGo())
}

// clear removes what was agreed to and is there still. That nobody goes on with the
// disks is written down before the first of them goes.
func (v *driver) clear(ctx context.Context, list engine.Leftovers, requestID string) (engine.Cleared, error) {
	out := engine.Cleared{Job: v.rec.Name, Item: v.rec.Item.Name}
	now, err := v.d.leftBy(ctx, v.look())
	if err != nil {
		return out, err
	}
	out.Stays = now.Stays
	if now.None() {
		return out, nil
	}
	if now.any(list) {
		if err := v.change(func(r *record) { r.Cancel = requestID }); err != nil {
			return out, err
		}
	}
	stays := func(what, why string) { out.Stays = append(out.Stays, engine.LeftThing{What: what, Why: why}) }
	const fresh = "it was not there when the list was shown: look again"
	if len(now.Files) > 0 {
		if i := slices.IndexFunc(now.Files, func(f engine.LeftFile) bool { return !showsFile(list, f) }); i >= 0 {
			stays("the files in "+v.look().Failback.Home, now.Files[i].Path+": "+fresh)
		} else {
			v.clearFiles(now, &out, stays)
		}
	}
	if now.Folder != "" && now.Folder == list.Folder && os.Remove(now.Folder) == nil { // what somebody puts there keeps it
		out.Removed = append(out.Removed, now.Folder)
	}
	for i, s := range now.snapshots {
		switch {
		case !showsSnapshot(list, now.Snapshots[i]):
			stays(now.Snapshots[i].ID, fresh)
		default:
			if err := now.client.Remove(ctx, s); err != nil {
				stays(s.ID, engine.AsFailure(err, "", "").Why)
				continue
			}
			out.Removed = append(out.Removed, s.ID)
		}
	}
	return out, ctx.Err()
}

// any reports whether anything of what is left was shown.
func (l left) any(list engine.Leftovers) bool {
	return slices.ContainsFunc(l.Files, func(f engine.LeftFile) bool { return showsFile(list, f) }) ||
		slices.ContainsFunc(l.Snapshots, func(t engine.AzureThing) bool { return showsSnapshot(list, t) })
}

func showsFile(list engine.Leftovers, f engine.LeftFile) bool {
	return slices.ContainsFunc(list.Files, func(g engine.LeftFile) bool { return g.Path == f.Path })
}

func showsSnapshot(list engine.Leftovers, t engine.AzureThing) bool {
	return slices.ContainsFunc(list.Snapshots, func(u engine.AzureThing) bool { return engine.SameID(u.ID, t.ID) })
}

// clearFiles removes each disk with what lies beside it.
func (v *driver) clearFiles(now left, out *engine.Cleared, stays func(what, why string)) {
	for _, disk := range now.disks {
		if err := v.removeFile(disk); err != nil {
			stays(disk, engine.AsFailure(err, "", "").Why)
		}
	}
	for _, f := range now.Files {
		if _, err := os.Lstat(f.Path); errors.Is(err, fs.ErrNotExist) {
			out.Removed = append(out.Removed, f.Path)
		}
	}
}
