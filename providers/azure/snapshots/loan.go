package snapshots

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure"
	"failback/providers/azure/pageblob"
)

// ErrNoDiff says that two snapshots have no difference that could be asked for:
// the whole disk has to be read.
var ErrNoDiff = errors.New("there is no difference between these snapshots")

// Loan is read access to a snapshot. It is a transfer.Source and a
// transfer.Ranger whose signature is renewed before it ends; pass Renew to the
// transfer for one that somebody took back. It is safe for concurrent use.
type Loan struct {
	client   *Client
	snapshot Snapshot
	release  func()

	mu     sync.Mutex
	blob   *pageblob.Blob
	url    string
	until  time.Time
	asked  bool // whether there may be something to take back
	closed bool
}

var (
	_ transfer.Source = (*Loan)(nil)
	_ transfer.Ranger = (*Loan)(nil)
)

// Lend opens read access to a snapshot. It waits while five of its family are
// lent by this client, and refuses where others have lent as many.
func (c *Client) Lend(ctx context.Context, s Snapshot) (*Loan, error) {
	now, err := c.Find(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if now.Unique != s.Unique {
		return nil, engine.Refuse(whatLend, s.Name, "another snapshot has that name by now", "take a new one")
	}
	if now.Bytes == 0 {
		now.Bytes = s.Bytes // of a part of a restore point it is not told
	}
	if err := now.mayLend(); err != nil {
		return nil, err
	}
	if err := c.spare(ctx, now); err != nil {
		return nil, err
	}
	release, err := c.borrow(ctx, now)
	if err != nil {
		return nil, err
	}
	l := &Loan{client: c, snapshot: now, release: release}
	if err := l.open(ctx); err != nil {
		return nil, errors.Join(err, l.Close(ctx))
	}
	return l, nil
}

func (l *Loan) open(ctx context.Context) error {
	if err := l.grant(ctx); err != nil {
		return err
	}
	b, err := l.client.session.OpenBlob(ctx, azure.BlobRef{URL: l.url, Exported: true, SignIn: l.snapshot.signIn, Name: l.snapshot.Name})
	if err != nil {
		return l.snapshot.unreadable(err)
	}
	l.blob = b
	if l.snapshot.Bytes > 0 && b.Size() != l.snapshot.Bytes {
		return engine.Refuse(whatLend, l.snapshot.Name, fmt.Sprintf("the export has a disk of %d bytes, the snapshot one of %d", b.Size(), l.snapshot.Bytes), "look at the snapshot in the portal")
	}
	return nil
}

// grant gets an address with a signature.
func (l *Loan) grant(ctx context.Context) error {
	call := azure.Call{Action: actionLend, What: whatLend, Where: l.snapshot.Name}
	h, err := l.client.handleOf(call, l.snapshot.ID)
	if err != nil {
		return err
	}
	at, seconds := time.Now(), int32(l.client.options.Lend/time.Second)
	l.asked = true
	address, err := l.client.address(ctx, h, seconds)
	if err != nil {
		return explained(call.Failure(err))
	}
	if address == "" {
		return engine.Refuse(call.What, call.Where, "Azure granted it and named no address", "try again")
	}
	l.url, l.until = address, at.Add(l.client.options.Lend)
	if end := endOf(l.url); !end.IsZero() && end.Before(l.until) {
		l.until = end
	}
	return nil
}

// endOf is when the signature of an address ends, zero where it does not say.
func endOf(address string) time.Time {
	u, err := url.Parse(address)
	if err != nil {
		return time.Time{}
	}
	end, err := time.Parse(time.RFC3339, u.Query().Get("se"))
	if err != nil {
		return time.Time{}
	}
	return end
}

// Snapshot is what is being read.
func (l *Loan) Snapshot() Snapshot { return l.snapshot }

// Checked says how the answers so far were checked.
func (l *Loan) Checked() pageblob.Tally {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blob.Checked()
}

// Until is when the present signature ends.
func (l *Loan) Until() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// margin is how long before its end a signature is renewed: a request that has
// begun is to end with it.
func (l *Loan) margin() time.Duration { return min(5*time.Minute, l.client.options.Lend/4) }

// current is the blob with a signature that is good for a while.
func (l *Loan) current(ctx context.Context) (*pageblob.Blob, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, engine.Refuse("read the snapshot", l.snapshot.Name, "the access to it was taken back", "open it again")
	}
	if time.Until(l.until) > l.margin() {
		return l.blob, nil
	}
	err := l.renew(ctx, false)
	return l.blob, err
}

// Renew gets a fresh signature after one was refused, for transfer.Options.Renew.
// It returns the loan itself.
func (l *Loan) Renew(ctx context.Context) (transfer.Source, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, engine.Refuse("read the snapshot", l.snapshot.Name, "the access to it was taken back", "open it again")
	}
	// What was refused before its time does not come back by asking for the same.
	if err := l.client.takeBack(ctx, l.snapshot); err != nil {
		return nil, err
	}
	if err := l.renew(ctx, true); err != nil {
		return nil, err
	}
	return l, nil
}

// renew asks for another signature; l.mu is held. Where the service gives out the
// one that is ending once more, it is taken back first: requests on their way are
// refused then, and asked again.
func (l *Loan) renew(ctx context.Context, takenBack bool) error {
	before := l.until
	if err := l.grant(ctx); err != nil {
		return err
	}
	if !takenBack && !l.until.After(before.Add(l.margin())) {
		if err := l.client.takeBack(ctx, l.snapshot); err != nil {
			return err
		}
		if err := l.grant(ctx); err != nil {
			return err
		}
	}
	fresh, err := l.blob.Renewed(ctx, l.url)
	if err != nil {
		return l.snapshot.unreadable(err)
	}
	l.blob = fresh
	return nil
}

// Size implements transfer.Source.
func (l *Loan) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blob.Size()
}

// Extents implements transfer.Source.
func (l *Loan) Extents(ctx context.Context) ([]transfer.Extent, error) {
	b, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	out, err := b.Extents(ctx)
	return out, l.snapshot.unreadable(err)
}

// ReadAt implements transfer.Source.
func (l *Loan) ReadAt(ctx context.Context, p []byte, off int64) error {
	b, err := l.current(ctx)
	if err != nil {
		return err
	}
	return b.ReadAt(ctx, p, off)
}

// ReadRange implements transfer.Ranger.
func (l *Loan) ReadRange(ctx context.Context, off, length int64) (io.ReadCloser, error) {
	b, err := l.current(ctx)
	if err != nil {
		return nil, err
	}
	return b.ReadRange(ctx, off, length)
}

// Changes are what changed since an older snapshot of the same disk, which has to
// be lent as well. Where there can be no difference the error wraps ErrNoDiff.
// Whether the service gave one at all is for transfer.CheckDiff to judge.
func (l *Loan) Changes(ctx context.Context, since *Loan) (transfer.Changes, error) {
	what := "list the changes since " + since.snapshot.Name
	if err := diffable(what, l.snapshot, since.snapshot); err != nil {
		return transfer.Changes{}, err
	}
	b, err := l.current(ctx)
	if err != nil {
		return transfer.Changes{}, err
	}
	if _, err := since.current(ctx); err != nil {
		return transfer.Changes{}, err
	}
	since.mu.Lock()
	older := since.url
	since.mu.Unlock()
	ch, err := b.Changes(ctx, pageblob.Older{URL: older})
	return ch, l.snapshot.unreadable(err)
}

// diffable refuses two snapshots of which the service has no difference.
func diffable(what string, newer, older Snapshot) error {
	switch {
	case newer.Family == "" || newer.Family != older.Family:
		return noDiff(what, newer.Name, "the snapshots are not of one family: the disk is another one by now", "read the whole disk again")
	case newer.Bytes != older.Bytes:
		return noDiff(what, newer.Name, fmt.Sprintf("the disk had %d bytes then and has %d now", older.Bytes, newer.Bytes),
			"read the whole disk again: after a change of size there is no difference")
	case newer.Taken.Before(older.Taken):
		return noDiff(what, newer.Name, "that snapshot is the newer one", "name the older one")
	}
	return nil
}

func noDiff(what, where, why, remedy string) error {
	f := engine.Refuse(what, where, why, remedy)
	f.Err = ErrNoDiff
	return f
}

// Close takes the access back, also where ctx has ended. To close it twice is no
// error.
func (l *Loan) Close(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	defer l.release()
	if !l.asked {
		return nil
	}
	ctx, cancel := tidily(ctx)
	defer cancel()
	return l.client.takeBack(ctx, l.snapshot)
}
