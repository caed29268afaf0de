package hyperv

import (
	"context"
	"crypto/md5" // RFC 4121 names it for channel bindings
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/client"
	"github.com/jcmturner/gokrb5/v8/config"
	"github.com/jcmturner/gokrb5/v8/credentials"
	"github.com/jcmturner/gokrb5/v8/gssapi"
	"github.com/jcmturner/gokrb5/v8/iana/chksumtype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/spnego"
	"github.com/jcmturner/gokrb5/v8/types"
)

// kerberosLogin is one sign-in to a realm: made once, and again when its ticket has
// ended. It is safe for concurrent use.
type kerberosLogin struct {
	at    Endpoint
	host  string
	trial *trial

	mu     sync.Mutex
	client *client.Client
}

func newKerberosLogin(e Endpoint, host string, t *trial) *kerberosLogin {
	return &kerberosLogin{at: e, host: host, trial: t}
}

// token makes the word that signs one message in at the host, bound to its
// certificate. The library knows no contexts: ctx ends the waiting, and the
// library ends by its own limits.
func (l *kerberosLogin) token(ctx context.Context, endPoint []byte) ([]byte, error) {
	password, err := l.password(ctx)
	if err != nil {
		return nil, err
	}
	end, err := l.trial.begin(ctx, password)
	if err != nil {
		return nil, err
	}
	type outcome struct {
		token []byte
		err   error
	}
	got := make(chan outcome, 1)
	go func() {
		token, err := l.make(password, endPoint)
		end(err)
		got <- outcome{token, err}
	}()
	select {
	case o := <-got:
		return o.token, o.err
	case <-ctx.Done():
		return nil, because(ctx, ctx.Err())
	}
}

// withPassword reports whether neither a keytab nor a cache has been named.
func (l *kerberosLogin) withPassword() bool {
	return l.at.User != "" && l.at.Kerberos.Keytab == "" && l.at.Kerberos.Cache == ""
}

// password is asked for where a sign-in to the realm is due.
func (l *kerberosLogin) password(ctx context.Context) (string, error) {
	if !l.withPassword() || l.signedIn() {
		return "", nil
	}
	if l.at.Password == nil {
		return "", fmt.Errorf("%w: neither a password, a keytab nor a ticket cache is named", errTicket)
	}
	password, err := l.at.Password(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errPassword, err)
	}
	return password, nil
}

func (l *kerberosLogin) signedIn() bool {
	// A sign-in that goes on holds the lock. Whoever comes meanwhile has a password
	// too, and does not need it in the end.
	if !l.mu.TryLock() {
		return false
	}
	defer l.mu.Unlock()
	return l.client != nil
}

func (l *kerberosLogin) make(password string, endPoint []byte) (token []byte, err error) {
	// The library reads tickets and files as if they were well-formed.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: a ticket or a file of Kerberos is malformed: %v", errTicket, p)
		}
	}()
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := l.client == nil
	if fresh {
		if l.client, err = l.open(password); err != nil {
			l.client = nil
			return nil, fmt.Errorf("%w: %w", errTicket, err)
		}
	}
	ticket, key, err := l.client.GetServiceTicket("HTTP/" + l.host)
	if err != nil {
		l.forget()
		if fresh || l.withPassword() {
			return nil, fmt.Errorf("%w for HTTP/%s: %w", errTicket, l.host, err)
		}
		// A cache may hold a newer ticket by now, and a keytab gets one.
		if l.client, err = l.open(""); err == nil {
			ticket, key, err = l.client.GetServiceTicket("HTTP/" + l.host)
		}
		if err != nil {
			l.forget()
			return nil, fmt.Errorf("%w for HTTP/%s: %w", errTicket, l.host, err)
		}
	}
	return apReq(l.client, ticket, key, endPoint)
}

func (l *kerberosLogin) forget() {
	if l.client != nil {
		l.client.Destroy()
		l.client = nil
	}
}

// close forgets the keys.
func (l *kerberosLogin) close() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forget()
}

// open signs in to the realm.
func (l *kerberosLogin) open(password string) (*client.Client, error) {
	k := l.at.Kerberos
	settings, err := loadConfig(k.Config)
	if err != nil {
		return nil, err
	}
	user, realm, found := strings.Cut(l.at.User, "@")
	if !found {
		realm = settings.LibDefaults.DefaultRealm
	}
	var c *client.Client
	switch {
	case k.Keytab != "":
		table, err := keytab.Load(k.Keytab)
		if err != nil {
			return nil, fmt.Errorf("keytab %s: %w", k.Keytab, err)
		}
		c = client.NewWithKeytab(user, realm, table, settings, client.DisablePAFXFAST(true))
	case l.withPassword():
		c = client.NewWithPassword(user, realm, password, settings, client.DisablePAFXFAST(true))
	default:
		return openCache(k.Cache, l.at.User, settings)
	}
	if err := c.Login(); err != nil {
		c.Destroy()
		if strings.Contains(err.Error(), "KDC_ERR_PREAUTH_FAILED") {
			err = fmt.Errorf("%w: %w", errDenied, err)
		}
		return nil, fmt.Errorf("sign in to %s as %s: %w", realm, user, err)
	}
	return c, nil
}

// loadConfig reads krb5.conf from where it is named, or where it always is.
func loadConfig(path string) (*config.Config, error) {
	if path == "" {
		path, _, _ = strings.Cut(os.Getenv("KRB5_CONFIG"), string(os.PathListSeparator))
	}
	if path == "" && runtime.GOOS == "windows" {
		return nil, errors.New("krb5_config is not named, and Windows has no usual place for it; auth windows needs none")
	}
	if path == "" {
		path = "/etc/krb5.conf"
	}
	c, err := config.Load(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// openCache takes the tickets that kinit left.
func openCache(path, user string, settings *config.Config) (*client.Client, error) {
	if path == "" {
		path = os.Getenv("KRB5CCNAME")
	}
	if path == "" && runtime.GOOS != "windows" {
		path = "/tmp/krb5cc_" + strconv.Itoa(os.Getuid())
	}
	kind, rest, typed := strings.Cut(path, ":")
	switch {
	case typed && kind == "FILE":
		path = rest
	case typed && len(kind) > 1: // a single letter is a drive
		return nil, fmt.Errorf("a ticket cache of the kind %s can't be read; kinit -c FILE:path makes one that can", kind)
	case path == "":
		return nil, errors.New("no ticket cache is named")
	}
	cache, err := credentials.LoadCCache(path)
	if err != nil {
		return nil, fmt.Errorf("ticket cache %s: %w", path, err)
	}
	owner := cache.GetClientPrincipalName().PrincipalNameString()
	if name, realm, found := strings.Cut(user, "@"); user != "" && (name != owner || found && realm != cache.GetClientRealm()) {
		return nil, fmt.Errorf("ticket cache %s belongs to %s@%s, not to %s", path, owner, cache.GetClientRealm(), user)
	}
	c, err := client.NewFromCCache(cache, settings, client.DisablePAFXFAST(true))
	if err != nil {
		return nil, fmt.Errorf("ticket cache %s: %w", path, err)
	}
	return c, nil
}

// apReq makes the token of RFC 4121 and wraps it as SPNEGO asks for. The host does
// not prove itself in return: TLS has done so.
func apReq(c *client.Client, ticket messages.Ticket, key types.EncryptionKey, endPoint []byte) ([]byte, error) {
	flags := []int{gssapi.ContextFlagInteg, gssapi.ContextFlagConf}
	token, err := spnego.NewKRB5TokenAPREQ(c, ticket, key, flags, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTicket, err)
	}
	if endPoint != nil {
		// The library leaves the bindings empty: the same once more, with them.
		auth, err := types.NewAuthenticator(c.Credentials.Domain(), c.Credentials.CName())
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errTicket, err)
		}
		auth.Cksum = types.Checksum{CksumType: chksumtype.GSSAPI, Checksum: gssChecksum(endPoint, flags)}
		if token.APReq, err = messages.NewAPReq(ticket, key, auth); err != nil {
			return nil, fmt.Errorf("%w: %w", errTicket, err)
		}
	}
	inner, err := token.Marshal()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTicket, err)
	}
	outer := spnego.SPNEGOToken{Init: true, NegTokenInit: spnego.NegTokenInit{
		MechTypes: []asn1.ObjectIdentifier{gssapi.OIDKRB5.OID()}, MechTokenBytes: inner,
	}}
	raw, err := outer.Marshal()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTicket, err)
	}
	return raw, nil
}

// gssChecksum is the checksum of RFC 4121, 4.1.1: the hash of the channel bindings,
// and the flags.
func gssChecksum(endPoint []byte, flags []int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, md5.Size)
	sum := md5.Sum(channelBindings(endPoint))
	b = append(b, sum[:]...)
	all := 0
	for _, f := range flags {
		all |= f
	}
	return binary.LittleEndian.AppendUint32(b, uint32(all))
}
