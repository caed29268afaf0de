package diskcopy

import (
	"context"
	"net/netip"
	"net/url"
	"strings"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
)

// Remote opens the page blob at an address, whose query is its signature where it
// has one.
type Remote func(ctx context.Context, address, snapshot string) (Blob, error)

// Blob is an open page blob or snapshot of one.
type Blob interface {
	transfer.Source
	transfer.Ranger
	// Version is which content of the blob it is.
	Version() string
	// Changes are what was written and cleared since an older snapshot.
	Changes(ctx context.Context, older string) (transfer.Changes, error)
	// Renewed is the same blob with a fresh signature.
	Renewed(ctx context.Context, address string) (Blob, error)
	// Checksum is the one that every answer so far had, empty where one had none.
	Checksum() string
}

func (d *Disks) openAddress(ctx context.Context, name, snapshot string, secret move.Secret) (*source, error) {
	u, err := address(name)
	if err != nil {
		return nil, err
	}
	if d.remote == nil {
		return nil, engine.Usagef("name a file", "%s: this program opens no addresses here", name)
	}
	if named := u.Query().Get("snapshot"); named != "" {
		snapshot = named
	}
	signed := func(ctx context.Context, again bool) (string, error) {
		if secret == nil {
			return u.String(), nil
		}
		sas, err := secret(ctx, name, again)
		return withSignature(u, sas), err
	}
	at, err := signed(ctx, false)
	if err != nil {
		return nil, err
	}
	blob, err := d.remote(ctx, at, snapshot)
	if err != nil {
		return nil, failed(err, "open the source", name)
	}
	s := &source{
		Source: blob, name: name, identity: u.String() + ", of " + blob.Version(), snapshot: snapshot, sector: 512,
		changes: blob.Changes, checksum: blob.Checksum,
		unchanged: func() error { return nil }, // each request says which version it is for
		close:     func() error { return nil },
	}
	s.renew = func(ctx context.Context) (transfer.Source, error) {
		at, err := signed(ctx, true)
		if err != nil {
			return nil, err
		}
		return blob.Renewed(ctx, at)
	}
	return s, nil
}

// address reads an address that a person gave. A signature is refused: what stands
// on a command line, everybody on the machine can read.
func address(name string) (*url.URL, error) {
	u, err := url.Parse(name)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, engine.Usagef("write https://ACCOUNT/CONTAINER/BLOB", "the source is not the address of a blob")
	}
	if u.Query().Has("sig") || u.User != nil {
		return nil, engine.Usagef("leave everything from the question mark on out, and give it with --sas-file, in FAILBACK_SAS, or when asked",
			"the address of %s carries a signature, which others on this machine could read", u.Host+u.Path)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, engine.Usagef("write https", "%s://%s is no address that is safe to read from", u.Scheme, u.Host)
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// withSignature is the address with a signature added, however it was pasted: alone,
// with a question mark, or as a whole address.
func withSignature(u *url.URL, sas string) string {
	if _, query, whole := strings.Cut(sas, "?"); whole {
		sas = query
	}
	signed := *u
	if sas != "" {
		if signed.RawQuery != "" {
			signed.RawQuery += "&"
		}
		signed.RawQuery += sas
	}
	return signed.String()
}
