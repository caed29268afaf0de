package winrm

import (
	"bytes"
	"crypto/md5" // channel bindings are hashed with it
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/service"
	"github.com/jcmturner/gokrb5/v8/spnego"
)

// boundTo is the hash by which a sign-in names the host's certificate: of the
// structure without addresses around tls-server-end-point. It is nil where
// nothing has to be named.
func boundTo(certificate *x509.Certificate) []byte {
	if certificate == nil {
		return nil
	}
	// The lab's certificates are signed with SHA-256 or something older.
	sum := sha256.Sum256(certificate.Raw)
	data := append([]byte("tls-server-end-point:"), sum[:]...)
	hash := md5.Sum(append(binary.LittleEndian.AppendUint32(make([]byte, 16), uint32(len(data))), data...))
	return hash[:]
}

// mutualTLS is the word of a client that signs in with the certificate of its
// connection.
const mutualTLS = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"

// byCertificate reports whether a request is signed in by a certificate that the
// server has checked against its authorities.
func (s *Server) byCertificate(r *http.Request) bool {
	return s.options.ClientCertificates && r.TLS != nil && len(r.TLS.VerifiedChains) > 0 &&
		r.Header.Get("Authorization") == mutualTLS
}

// byTicket reports whether a token is a ticket for this host, bound to its
// certificate where the server insists on that. Only under TLS: nothing of
// Kerberos seals messages here.
func (s *Server) byTicket(r *http.Request, token []byte) bool {
	if s.options.Keytab == nil || r.TLS == nil {
		return false
	}
	request, ok := apRequest(token)
	if !ok {
		return false
	}
	valid, _, err := service.VerifyAPREQ(&request, service.NewSettings(s.options.Keytab, service.DecodePAC(false), service.MaxClockSkew(time.Minute)))
	if err != nil || !valid {
		return false
	}
	want := boundTo(s.certificate())
	sum := request.Authenticator.Cksum.Checksum
	return want == nil || len(sum) >= 20 && bytes.Equal(sum[4:20], want)
}

// apRequest takes the request for service out of a SPNEGO token.
func apRequest(token []byte) (request messages.APReq, ok bool) {
	// The library reads tokens as if they were well-formed.
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	var outer spnego.SPNEGOToken
	if err := outer.Unmarshal(token); err != nil || !outer.Init {
		return request, false
	}
	var inner spnego.KRB5Token
	if err := inner.Unmarshal(outer.NegTokenInit.MechTokenBytes); err != nil || !inner.IsAPReq() {
		return request, false
	}
	return inner.APReq, true
}

// Keytab holds the keys of the hosts' services.
type Keytab = keytab.Keytab
