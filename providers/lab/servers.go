package lab

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
	"failback/providers/lab/estate"
	"failback/providers/lab/hosts"
	"failback/providers/lab/management"
	"failback/providers/lab/storage"
	"failback/providers/lab/winrm"
	"failback/providers/lab/wire"
	"failback/providers/lab/world"
)

// winrmUser is who signs in at the lab's hosts; the password is the token.
const winrmUser = `LAB\operator`

// accountName is what the lab's storage account is called.
const accountName = "lab"

// accountKey is the key of the lab's storage account. It is as lasting, and as
// secret, as the lab's token.
func accountKey(token string) []byte {
	key := sha256.Sum256([]byte("account key of " + token))
	return key[:]
}

// servers are the handlers over a world.
type servers struct {
	world      *world.World
	management http.Handler
	storage    http.Handler
	winrm      *winrm.Server
	hosts      []string
	token      string
}

// assemble makes the servers of a world. storageURL is asked at answer time.
func assemble(w *world.World, storageURL func() string, log *requestLog) *servers {
	s := &servers{world: w}
	w.Read(func(st *world.State) {
		s.token = st.Token
		for _, h := range st.Hosts {
			s.hosts = append(s.hosts, h.Name)
		}
	})
	signer := storage.NewSigner([]byte(rand.Text()), time.Now)
	files := newFiles(signer)
	account := storage.Account{Name: accountName, Key: accountKey(s.token), Now: time.Now}
	s.storage = files.before(storage.New(w.Blobs(), storage.Options{
		Authorize: func(r *http.Request) error {
			if err := s.authorize(r); err != nil {
				return account.Signed(r)
			}
			return nil
		},
		SAS: func(r *http.Request) error {
			if err := signer.Check(r); err != nil {
				return account.Shared(r)
			}
			return s.exports(r)
		},
		Account: accountName,
		Before:  diskFaults(w, signer),
		Limits: func() storage.Limits {
			bytes, requests := w.BlobRates()
			return storage.Limits{Bytes: int(bytes), Requests: requests}
		},
	}))
	s.management = management.New(w, management.Options{
		Storage: storageURL,
		Sign: func(blob, snapshot string, until time.Time) url.Values {
			return signer.Sign(blob, snapshot, until)
		},
		Revoke: signer.Revoke,
		Keep:   files.keep,
		Log:    log.write,
	})
	o := winrm.Options{User: winrmUser, Password: s.token, Reachable: s.reachable}
	w.Read(func(st *world.State) { o.Quotas, o.Troubles = oddities(st.Hosts) })
	s.winrm = winrm.New(hosts.Model{World: w}, o)
	return s
}

// oddities are what the estate says of the hosts' WinRM.
func oddities(all []*world.Host) (map[string]winrm.Quota, []winrm.Trouble) {
	quotas, troubles := map[string]winrm.Quota{}, []winrm.Trouble{}
	for _, h := range all {
		quotas[h.Name] = winrm.Quota{MaxShells: h.WinRM.Shells, MaxTimeout: h.WinRM.Timeout}
		for _, t := range h.WinRM.Troubles {
			troubles = append(troubles, t.For(h.Name))
		}
	}
	return quotas, troubles
}

// exports refuses to read a managed disk's snapshot against its own settings.
func (s *servers) exports(r *http.Request) error {
	private, signIn := false, false
	s.world.Read(func(st *world.State) {
		if d := st.SnapshotOf(storage.Named(r, accountName), r.URL.Query().Get("snapshot")); d != nil {
			private, signIn = d.Private, d.SignIn
		}
	})
	if private || signIn && s.authorize(r) != nil {
		return storage.ErrForbidden
	}
	return nil
}

// reachable reports whether a host answers: not while the estate says otherwise.
func (s *servers) reachable(host string) bool {
	gone := false
	s.world.Read(func(st *world.State) { _, gone = st.Holds(estate.HostUnreachable, host) })
	return !gone
}

var errToken = errors.New("no token, or not this lab's")

func (s *servers) authorize(r *http.Request) error {
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok || given != s.token {
		return errToken
	}
	return nil
}

// run lets the world move. Its agents read Azure disks through the storage
// server's wire, as a host would, without a socket.
func (s *servers) run() error {
	client := &http.Client{Transport: wire.Transport(s.storage)}
	options := policy.ClientOptions{
		Transport: client, InsecureAllowCredentialWithHTTP: true, // it never leaves this process
		Retry: policy.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond},
	}
	return s.world.Run(func(ctx context.Context, name, snapshot string) (world.Remote, error) {
		b, err := pageblob.Open(ctx, pageblob.Options{
			URL: "http://" + storageHost + "/" + name, Snapshot: snapshot, Token: bearer(s.token), Client: options, Whole: true,
		})
		return agentDisk{b}, err
	})
}

// agentDisk is a disk in Azure as the world's agents know it.
type agentDisk struct{ *pageblob.Blob }

// Changes implements [world.Remote].
func (d agentDisk) Changes(ctx context.Context, previous string) (transfer.Changes, error) {
	return d.Blob.Changes(ctx, pageblob.Older{Snapshot: previous})
}

// bearer is a credential that is one word.
type bearer string

// GetToken implements azcore.TokenCredential.
func (b bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(b), ExpiresOn: time.Now().Add(24 * time.Hour)}, nil
}

// endpoints fills in what callers need; the URLs are those of the caller.
func (s *servers) endpoints() Endpoints {
	e := Endpoints{Token: s.token, Account: accountName, AccountKey: base64.StdEncoding.EncodeToString(accountKey(s.token))}
	s.world.Read(func(st *world.State) {
		e.Subscription, e.ResourceGroup, e.Vault = st.Subscription, st.ResourceGroup, st.Vault
	})
	return e
}

// Endpoints is where a lab is reached, as "lab serve" prints it.
type Endpoints struct {
	Management    string         `json:"management"`
	Storage       string         `json:"storage"`
	Hosts         []HostEndpoint `json:"hosts"`
	Guests        string         `json:"guests"` // answers for the guests' network
	Token         string         `json:"token"`
	Subscription  string         `json:"subscription"`
	ResourceGroup string         `json:"resource_group"`
	Vault         string         `json:"vault"`
	CA            *string        `json:"ca"` // null: the lab speaks plain HTTP
	// Account and AccountKey are the storage account's name and key, in base64.
	Account    string `json:"account"`
	AccountKey string `json:"account_key"`
}

// HostEndpoint is where the WinRM service of a host is reached.
type HostEndpoint struct {
	Name  string `json:"name"`
	WinRM string `json:"winrm"`
}
