package hyperv

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	_ "crypto/sha256" // certificates' own hashes
	_ "crypto/sha512"

	"github.com/bodgit/ntlmssp"
)

// Errors of the sign-in.
var (
	errNoNegotiate = errors.New("the host offers no Negotiate sign-in")
	errChallenge   = errors.New("the host's challenge is not acceptable")
	errDenied      = errors.New("the host refused user or password")
	errPassword    = errors.New("no password")
	errIdentity    = errors.New("no client certificate")
	errTicket      = errors.New("no Kerberos ticket")
	errLogon       = errors.New("the Windows logon can't sign in")
)

// Flags of a challenge, as NTLM numbers them.
const (
	flagUnicode  = 1 << 0
	flagSign     = 1 << 4
	flagSeal     = 1 << 5
	flagExtended = 1 << 19
	flag128      = 1 << 29
	flagKeys     = 1 << 30
)

// Without these a session would not seal, or with a key that is no secret. A
// host that does not offer them is refused, since the library would go along.
const sealingFlags = flagSign | flagSeal | flagExtended | flag128 | flagKeys

const challengeHeader = 48

// checkChallenge looks at a challenge before the library does, which trusts
// lengths in it and accepts any flags.
func checkChallenge(message []byte, sealed bool) error {
	if len(message) < challengeHeader || string(message[:8]) != "NTLMSSP\x00" || binary.LittleEndian.Uint32(message[8:]) != 2 {
		return fmt.Errorf("%w: it is none", errChallenge)
	}
	want := uint32(flagUnicode | flagExtended)
	if sealed {
		want |= sealingFlags
	}
	if flags := binary.LittleEndian.Uint32(message[20:]); flags&want != want {
		return fmt.Errorf("%w: flags %08x lack %08x, messages would not be protected", errChallenge, flags, want&^flags)
	}
	length := int(binary.LittleEndian.Uint16(message[40:]))
	offset := int(binary.LittleEndian.Uint32(message[44:]))
	if offset+length > len(message) {
		return fmt.Errorf("%w: its target information is cut", errChallenge)
	}
	return checkAttributes(message[offset : offset+length])
}

// checkAttributes makes sure that the attributes of fixed size have it.
func checkAttributes(info []byte) error {
	sizes := map[uint16]int{6: 4, 7: 8} // flags, timestamp
	for len(info) >= 4 {
		id, length := binary.LittleEndian.Uint16(info), int(binary.LittleEndian.Uint16(info[2:]))
		info = info[4:]
		if size, fixed := sizes[id]; length > len(info) || fixed && length != size {
			return fmt.Errorf("%w: attribute %d has %d bytes", errChallenge, id, length)
		}
		info = info[length:]
	}
	return nil
}

// newClient makes the NTLM client for one sign-in: NTLMv2 only.
func newClient(name, password string) (*ntlmssp.Client, error) {
	domain, user, ok := strings.Cut(name, `\`)
	if !ok {
		domain, user = "", name // user@domain stays whole: the host splits it
	}
	return ntlmssp.NewClient(
		ntlmssp.SetCompatibilityLevel(3),
		ntlmssp.SetDomain(domain),
		ntlmssp.SetUserInfo(user, password),
	)
}

// token finds the Negotiate answer of a host.
func token(h http.Header) ([]byte, error) {
	offered := h.Values("WWW-Authenticate")
	for _, value := range offered {
		scheme, text, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "Negotiate") {
			continue
		}
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errChallenge, err)
		}
		return raw, nil
	}
	schemes := make([]string, 0, len(offered))
	for _, value := range offered {
		scheme, _, _ := strings.Cut(value, " ")
		schemes = append(schemes, scheme)
	}
	slices.Sort(schemes)
	return nil, fmt.Errorf("%w, only %q", errNoNegotiate, schemes)
}

// endPoint names the host's certificate, so that a sign-in can be tied to it and a
// host in between cannot pass it on (RFC 5929, tls-server-end-point). It is nil
// without a certificate.
func endPoint(certificate *x509.Certificate) []byte {
	if certificate == nil {
		return nil
	}
	hash := crypto.SHA256
	switch certificate.SignatureAlgorithm { //nolint:exhaustive // the rest, MD5 and SHA-1 included, takes SHA-256
	case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
		hash = crypto.SHA384
	case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
		hash = crypto.SHA512
	}
	h := hash.New()
	h.Write(certificate.Raw)
	return h.Sum([]byte(ntlmssp.TLSServerEndPoint + ":"))
}

// channelBindings is the structure around it that GSS and Windows share: no
// addresses, then the length of the data and the data.
func channelBindings(endPoint []byte) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(endPoint)))
	return append(b, endPoint...)
}
