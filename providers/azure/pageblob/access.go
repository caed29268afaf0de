package pageblob

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
)

// readTimeout bounds one request, its body included.
const readTimeout = time.Minute

// once says that a request is the engine's to repeat: its governor has to see
// every refusal.
var once = policy.RetryOptions{MaxRetries: -1, TryTimeout: readTimeout}

// prepare makes the client of a blob, without asking for anything.
func prepare(o Options) (*Blob, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Host == "" || strings.Trim(u.Path, "/") == "" {
		return nil, errors.New("the address is not one of a blob") // the address may hold a signature
	}
	o.Exported = o.Exported || exported(u)
	if named := u.Query().Get("snapshot"); named != "" {
		if o.Snapshot != "" && o.Snapshot != named {
			return nil, fmt.Errorf("the address names snapshot %s, and %s was asked for", named, o.Snapshot)
		}
		o.Snapshot = ""
	}
	c, err := o.client(u)
	if err == nil && o.Snapshot != "" {
		c, err = c.WithSnapshot(o.Snapshot)
	}
	if err != nil {
		return nil, unsigned(err)
	}
	return &Blob{options: o, client: c}, nil
}

// exported reports whether an address is a managed disk's export. A server that is
// reached by a number, or by a name of this machine, says in the path what the
// service says in the host's name.
func exported(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	_, err := netip.ParseAddr(host)
	byPath := err == nil || host == "localhost" || strings.HasSuffix(host, ".lab")
	return strings.HasPrefix(host, "md-") || byPath && strings.HasPrefix(u.Path, "/md-")
}

func (o Options) client(u *url.URL) (*pageblob.Client, error) {
	settings := &pageblob.ClientOptions{ClientOptions: o.Client, Audience: o.Audience}
	settings.PerCallPolicies = append(slices.Clone(settings.PerCallPolicies), sumAsked{}, quickList{})
	switch {
	case o.Key != "" && (o.Token != nil || u.Query().Has("sig")):
		return nil, errors.New("an account's key is used alone, without a signature and without signing in")
	case o.Key != "":
		account := o.Account
		if account == "" {
			account, _, _ = strings.Cut(u.Hostname(), ".")
		}
		key, err := blob.NewSharedKeyCredential(account, o.Key)
		if err != nil {
			return nil, errors.New("the account's key is not one: it is not base64")
		}
		return pageblob.NewClientWithSharedKeyCredential(o.URL, key, settings)
	case o.Token != nil:
		return pageblob.NewClient(o.URL, o.Token, settings)
	}
	return pageblob.NewClientWithNoCredential(o.URL, settings)
}

// place names what an address is of, without anything secret.
func place(o Options) string {
	u, err := url.Parse(o.URL)
	if err != nil {
		return "nothing"
	}
	text := u.Scheme + "://" + u.Host + u.EscapedPath()
	snapshot := o.Snapshot
	if snapshot == "" {
		snapshot = u.Query().Get("snapshot")
	}
	if snapshot != "" {
		text += " at " + snapshot
	}
	return text
}

// Place is the address without its signature, and the snapshot where one is read.
func (b *Blob) Place() string { return place(b.options) }

// ended reports whether the signature's time is over, whatever code a server has
// for that.
func (b *Blob) ended() bool {
	at, ok := b.Expires()
	return ok && !time.Now().Before(at)
}

// Expires is when the signature of the address ends; ok is false where the
// address has none, or one whose end stands in a stored policy.
func (b *Blob) Expires() (at time.Time, ok bool) {
	u, err := url.Parse(b.options.URL)
	if err != nil {
		return time.Time{}, false
	}
	at, err = time.Parse(time.RFC3339, u.Query().Get("se"))
	return at, err == nil
}
