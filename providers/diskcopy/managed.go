package diskcopy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure"
	"failback/providers/azure/snapshots"
)

// SignIn opens a session for what Azure Resource Manager has to be asked: the
// caller of a source that is a managed disk or a snapshot.
type SignIn func(ctx context.Context) (*azure.Session, error)

// managed reports whether a name is the id of a resource in Azure.
func managed(name string) bool { return strings.HasPrefix(strings.ToLower(name), "/subscriptions/") }

// theDisk reports whether an id is that of a managed disk, and not of a snapshot.
func theDisk(id string) bool {
	return strings.Contains(strings.ToLower(id), "/providers/microsoft.compute/disks/")
}

// runOf names the snapshot of a managed disk that is copied to a target, so that
// the same order finds it again.
func runOf(disk, target string) string {
	if path, err := filepath.Abs(target); err == nil {
		target = path
	}
	sum := sha256.Sum256([]byte(strings.ToLower(disk) + "\x00" + target))
	return ownRun + hex.EncodeToString(sum[:8])
}

// openManaged lends itself a snapshot. Of a managed disk one is taken, which is
// deleted when the copy is done; one that is named stays.
func (d *Disks) openManaged(ctx context.Context, id, target string) (*source, error) {
	if d.signIn == nil {
		return nil, engine.Usagef("name a file", "%s: this program signs in nowhere here", id)
	}
	session, err := d.signIn(ctx)
	if err != nil {
		return nil, err
	}
	s, err := lend(ctx, session, id, target)
	if err != nil {
		session.Close()
		return nil, failed(err, "open the source", id)
	}
	return s, nil
}

func lend(ctx context.Context, session *azure.Session, id, target string) (*source, error) {
	client, err := snapshots.New(session, snapshots.Options{Run: runOf(id, target)})
	if err != nil {
		return nil, err
	}
	var snapshot snapshots.Snapshot
	if theDisk(id) {
		snapshot, err = client.TakeDisk(ctx, id, "disk")
	} else {
		snapshot, err = client.Find(ctx, id)
	}
	if err != nil {
		return nil, err
	}
	loan, err := client.Lend(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	return &source{
		Source: loan, name: id, identity: snapshot.ID + ", " + snapshot.Unique, snapshot: snapshot.ID, sector: 512,
		changes: func(ctx context.Context, older string) (transfer.Changes, error) {
			return since(ctx, client, loan, older)
		},
		renew:     loan.Renew,
		checksum:  func() string { return checksumOf(loan.Checked()) },
		unchanged: func() error { return nil }, // a snapshot does not change
		finished: func(ctx context.Context) error {
			if !theDisk(id) {
				return nil
			}
			return errors.Join(loan.Close(ctx), client.Remove(ctx, snapshot))
		},
		close: func() error {
			defer session.Close()
			return loan.Close(ctx) // also where ctx has ended
		},
	}, nil
}

// since are the changes since an older snapshot, which is lent meanwhile.
func since(ctx context.Context, client *snapshots.Client, newer *snapshots.Loan, older string) (transfer.Changes, error) {
	s, err := client.Find(ctx, older)
	if err != nil {
		return transfer.Changes{}, err
	}
	before, err := client.Lend(ctx, s)
	if err != nil {
		return transfer.Changes{}, err
	}
	ch, err := newer.Changes(ctx, before)
	return ch, errors.Join(err, before.Close(ctx))
}
