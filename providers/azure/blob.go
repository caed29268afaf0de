package azure

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

// BlobRef names a page blob that somebody wants to read, and with what.
type BlobRef struct {
	// URL may hold a signature and a snapshot.
	URL      string
	Snapshot string
	// Account and Key read it with the account's key. Account is needed where the
	// URL's host does not begin with its name.
	Account, Key string
	// SignIn reads it as the session's account, beside a signature where the URL
	// has one. It is refused for an address outside of the cloud's storage.
	SignIn bool
	// Exported says that it is a managed disk's; it is known of hosts that begin
	// with "md-".
	Exported bool
	// Name is what failures call it, the address without its signature where empty.
	Name string
}

// OpenBlob opens a page blob as a source of the mover. An address without TLS is
// refused unless it is on this machine. Errors, also those of the source later on,
// hold an [engine.Failure] and no signature.
func (s *Session) OpenBlob(ctx context.Context, r BlobRef) (*pageblob.Blob, error) {
	call := Call{Action: ActionReadDisk, What: "read the disk in Azure", Where: r.Name}
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" {
		return nil, engine.Usagef("give the whole address, such as https://account.blob.core.windows.net/container/disk.vhd", "the disk's address is not one")
	}
	if call.Where == "" {
		call.Where = u.Host + u.Path
	}
	if u.Scheme != "https" && !(fence{inMemory: s.fence != nil && s.fence.inMemory}).admits(u) {
		return nil, engine.Usagef("give the address with https", "%s would carry what may read the disk unprotected", u.Host)
	}
	if r.SignIn && !s.mayRead(u) && !s.mayExport(u) {
		return nil, engine.Refuse(call.What, call.Where, "the disk's address does not lie in the storage of this cloud: no token is shown to it", "check the profile's cloud and storage suffix, or use a signature")
	}
	return s.openBlob(ctx, r, call)
}

func (s *Session) openBlob(ctx context.Context, r BlobRef, call Call) (*pageblob.Blob, error) {
	o := pageblob.Options{
		URL: r.URL, Snapshot: r.Snapshot, Account: r.Account, Key: r.Key, Exported: r.Exported,
		Client: s.pipeline(), Explain: call.Failure,
	}
	if r.SignIn {
		o.Token = s.credential
		if r.Exported {
			o.Audience = diskAudience
		}
	}
	b, err := pageblob.Open(ctx, o)
	return b, call.ofBlob(err)
}

// diskAudience is what tokens for exported managed disks are for, where the disk
// demands a sign-in beside the signature. It is what AzCopy asks for.
const diskAudience = "https://disk.azure.com"

// mayExport reports whether an address is one of managed disks' exports. Their
// hosts do not lie below the suffix of the cloud's accounts. Inferred for other
// clouds than the public one, where none is admitted.
func (s *Session) mayExport(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	return u.Scheme == "https" && s.place.storage == "core.windows.net" && strings.HasPrefix(host, "md-") && strings.HasSuffix(host, ".blob.storage.azure.net")
}

// ofBlob says in words what package pageblob found out by itself.
func (c Call) ofBlob(err error) error {
	var known *engine.Failure
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pageblob.ErrChanged):
		return c.refused(err, "the disk was written to while it was read", "read it again once the Azure VM is stopped, or read a snapshot")
	case errors.Is(err, transfer.ErrList):
		return c.refused(err, err.Error(), "read it again; where it happens again, the disk can't be read this way")
	case errors.Is(err, pageblob.ErrVHD):
		return c.refused(err, err.Error(), "check that the address is the disk's")
	case errors.Is(err, pageblob.ErrSum):
		return c.refused(err, err.Error(), "check what stands between this machine and Azure: it changes bytes on the way")
	case errors.As(err, &known):
		return err
	}
	return c.Failure(err)
}

// refused is a failure whose code is the service's, where it said one.
func (c Call) refused(err error, why, remedy string) error {
	f := &engine.Failure{Kind: engine.FailureRefused, What: c.What, Where: c.Where, Why: why, Remedy: remedy, Err: err}
	var said *engine.Failure
	if errors.As(err, &said) {
		f.Code = said.Code
	}
	return f
}

// openDisk refuses disks that are not page blobs, and addresses that the
// credential must not be shown to: a blob's address comes from an answer.
func (a *Access) openDisk(ctx context.Context, d engine.Disk, call Call) (*pageblob.Blob, error) {
	if d.Managed {
		return nil, engine.Refuse(call.What, call.Where, "it is a managed disk, which has no page blob to read",
			"a managed disk can be read only through an export; this check does without it")
	}
	if d.BlobURL == "" {
		return nil, &engine.Failure{Kind: engine.FailureNotFound, What: call.What, Where: call.Where,
			Why: "Site Recovery names no page blob for this disk", Remedy: "read the item again while it is in Azure"}
	}
	u, err := url.Parse(d.BlobURL)
	if err != nil || !a.session.mayRead(u) {
		return nil, engine.Refuse(call.What, call.Where, "the disk's address does not lie in the storage of this cloud",
			"check the profile's cloud and storage suffix")
	}
	return a.session.openBlob(ctx, BlobRef{URL: d.BlobURL, SignIn: true}, call)
}

// mayRead reports whether an address that came in an answer lies where files of
// this cloud do.
func (s *Session) mayRead(u *url.URL) bool {
	if s.fence != nil {
		return s.fence.admits(u)
	}
	suffix := s.place.storage
	return u.Scheme == "https" && suffix != "" && strings.HasSuffix(strings.ToLower(u.Hostname()), "."+suffix)
}
