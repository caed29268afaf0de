package diskcopy

import (
	"context"
	"path"
	"strings"

	"failback/engine"
	"failback/providers/azure/snapshots"
)

// ownRun begins the runs of snapshots that copies take.
const ownRun = "copy-"

// leftover is the id of the snapshot that was taken for the copy, by its name: empty
// where the source was something else, or a snapshot that a person named.
func (b begun) leftover() string {
	id, _, _ := strings.Cut(b.identity.Source, ", ")
	if !managed(id) || !strings.HasPrefix(path.Base(id), snapshots.Prefix+ownRun) {
		return ""
	}
	return id
}

// DeleteSnapshot deletes the snapshot that was taken for a copy onto the target, and
// no other; access to it is taken back before. It signs in. One that is gone already
// is no error.
func (d *Disks) DeleteSnapshot(ctx context.Context, id, target string) error {
	if d.signIn == nil {
		return engine.Usagef("delete it in the portal", "%s: this program signs in nowhere here", id)
	}
	session, err := d.signIn(ctx)
	if err != nil {
		return err
	}
	defer session.Close()
	client, err := snapshots.New(session, snapshots.Options{Run: "cancel"})
	if err != nil {
		return err
	}
	s, err := client.Find(ctx, id)
	if engine.KindOf(err) == engine.FailureNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if s.Run != runOf(s.Disk, target) {
		return engine.Refuse("delete the snapshot", s.Name, "it was not taken for a copy onto "+target, "delete it in the portal where it is not needed")
	}
	return client.Remove(ctx, s)
}
