package winrm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf16"

	"golang.org/x/crypto/md4" //nolint:staticcheck // NTLM is made of it
)

// Negotiate flags of NTLM.
const (
	flagUnicode       = 1 << 0
	flagRequestTarget = 1 << 2
	flagSign          = 1 << 4
	flagSeal          = 1 << 5
	flagNTLM          = 1 << 9
	flagAlwaysSign    = 1 << 15
	flagTargetServer  = 1 << 17
	flagExtended      = 1 << 19
	flagTargetInfo    = 1 << 23
	flagVersion       = 1 << 25
	flag128           = 1 << 29
	flagKeyExchange   = 1 << 30
	flag56            = 1 << 31
)

const challengeFlags = flagUnicode | flagRequestTarget | flagSign | flagSeal | flagNTLM | flagAlwaysSign |
	flagTargetServer | flagExtended | flagTargetInfo | flagVersion | flag128 | flagKeyExchange | flag56

// Attribute ids of a challenge's target information.
const (
	avEnd          = 0
	avComputer     = 1
	avDomain       = 2
	avFlags        = 6
	avTimestamp    = 7
	avBindings     = 10
	avFlagsWithMIC = 2
)

const (
	signature       = "NTLMSSP\x00"
	typeNegotiate   = 1
	typeChallenge   = 2
	typeAuthentic   = 3
	challengeHeader = 56
	authHeader      = 72
	micLength       = 16
)

var errSignIn = errors.New("sign-in refused")

// messageType returns the type of an NTLM message, 0 if it is none.
func messageType(message []byte) uint32 {
	if len(message) < 12 || string(message[:8]) != signature {
		return 0
	}
	return binary.LittleEndian.Uint32(message[8:])
}

// handshake is a sign-in half done: the first two messages.
type handshake struct {
	negotiate []byte
	challenge []byte
	nonce     [8]byte
}

// newHandshake answers a negotiate message with a challenge.
func newHandshake(negotiate []byte, host string) *handshake {
	h := &handshake{negotiate: negotiate}
	_, _ = rand.Read(h.nonce[:]) // never fails
	name := utf16le(strings.ToUpper(host))
	info := attribute(nil, avDomain, name)
	info = attribute(info, avComputer, name)
	// A timestamp obliges the client to protect the handshake with a MIC.
	info = attribute(info, avTimestamp, binary.LittleEndian.AppendUint64(nil, filetime(time.Now())))
	info = attribute(info, avEnd, nil)

	b := append([]byte(signature), typeChallenge, 0, 0, 0)
	b = field(b, len(name), challengeHeader)
	b = binary.LittleEndian.AppendUint32(b, challengeFlags)
	b = append(b, h.nonce[:]...)
	b = append(b, make([]byte, 8)...)
	b = field(b, len(info), challengeHeader+len(name))
	b = append(b, 10, 0, 0x63, 0x45, 0, 0, 0, 15) // 10.0.17763, revision 15
	b = append(b, name...)
	b = append(b, info...)
	h.challenge = b
	return h
}

func field(b []byte, length, offset int) []byte {
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	b = binary.LittleEndian.AppendUint16(b, uint16(length))
	return binary.LittleEndian.AppendUint32(b, uint32(offset))
}

func attribute(b []byte, id uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, id)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return append(b, value...)
}

func filetime(t time.Time) uint64 {
	const epoch = 116444736000000000 // 1970 in 100 ns since 1601
	return uint64(t.UnixNano()/100) + epoch
}

// verify checks an authenticate message against the account and returns the
// exported session key.
func (h *handshake) verify(message []byte, account account) ([]byte, error) {
	a, err := parseAuthenticate(message)
	if err != nil {
		return nil, err
	}
	if !account.is(a.domain, a.user) {
		return nil, fmt.Errorf("%w: unknown user", errSignIn)
	}
	if len(a.nt) < 16+28 {
		return nil, fmt.Errorf("%w: the response is not NTLMv2", errSignIn)
	}
	proof, rest := a.nt[:16], a.nt[16:]
	owf := ntowfv2(a.user, a.domain, account.password)
	if !hmac.Equal(proof, hmacMD5(owf, h.nonce[:], rest)) {
		return nil, fmt.Errorf("%w: wrong password", errSignIn)
	}
	key := hmacMD5(owf, proof)
	if a.flags&flagKeyExchange != 0 {
		if len(a.key) != 16 {
			return nil, fmt.Errorf("%w: no session key", errSignIn)
		}
		key = rc4Once(key, a.key)
	}
	if attributeFlags(rest[28:])&avFlagsWithMIC != 0 && !h.micOK(message, key) {
		return nil, fmt.Errorf("%w: the handshake was altered", errSignIn)
	}
	if account.boundTo != nil && !hmac.Equal(attributeOf(rest[28:], avBindings), account.boundTo) {
		return nil, fmt.Errorf("%w: it was meant for another certificate", errSignIn)
	}
	return key, nil
}

func (h *handshake) micOK(message, key []byte) bool {
	if len(message) < authHeader+micLength {
		return false
	}
	blank := bytes.Clone(message)
	clear(blank[authHeader : authHeader+micLength])
	return hmac.Equal(message[authHeader:authHeader+micLength], hmacMD5(key, h.negotiate, h.challenge, blank))
}

// authenticate is the third message of a sign-in.
type authenticate struct {
	nt, key      []byte
	domain, user string
	flags        uint32
}

func parseAuthenticate(m []byte) (authenticate, error) {
	if messageType(m) != typeAuthentic || len(m) < authHeader-8 {
		return authenticate{}, fmt.Errorf("%w: not an authenticate message", errSignIn)
	}
	var parts [4][]byte
	for i, at := range []int{20, 28, 36, 52} { // NT response, domain, user, key
		length := int(binary.LittleEndian.Uint16(m[at:]))
		offset := int(binary.LittleEndian.Uint32(m[at+4:]))
		if length > 0 && offset+length > len(m) {
			return authenticate{}, fmt.Errorf("%w: a field points outside of the message", errSignIn)
		}
		if length > 0 {
			parts[i] = m[offset : offset+length]
		}
	}
	return authenticate{
		nt: parts[0], domain: fromUTF16(parts[1]), user: fromUTF16(parts[2]), key: parts[3],
		flags: binary.LittleEndian.Uint32(m[60:]),
	}, nil
}

// attributeFlags returns the flags attribute of a target information list.
func attributeFlags(info []byte) uint32 {
	if flags := attributeOf(info, avFlags); len(flags) == 4 {
		return binary.LittleEndian.Uint32(flags)
	}
	return 0
}

// attributeOf returns an attribute of a target information list, nil if there is none.
func attributeOf(info []byte, wanted uint16) []byte {
	for len(info) >= 4 {
		id := binary.LittleEndian.Uint16(info)
		length := int(binary.LittleEndian.Uint16(info[2:]))
		info = info[4:]
		if id == avEnd || length > len(info) {
			return nil
		}
		if id == wanted {
			return info[:length]
		}
		info = info[length:]
	}
	return nil
}

// account is who may sign in.
type account struct {
	domain, user, password string
	boundTo                []byte // what the sign-in has to name, if anything
}

func newAccount(name, password string) account {
	if domain, user, ok := strings.Cut(name, `\`); ok {
		return account{domain: domain, user: user, password: password}
	}
	return account{user: name, password: password}
}

// is compares without case; an account without a domain takes any.
func (a account) is(domain, user string) bool {
	return strings.EqualFold(a.user, user) && (a.domain == "" || strings.EqualFold(a.domain, domain))
}

// ntowfv2 is the NTLMv2 one-way function of a password.
func ntowfv2(user, domain, password string) []byte {
	hash := md4.New()
	hash.Write(utf16le(password))
	return hmacMD5(hash.Sum(nil), utf16le(strings.ToUpper(user)+domain))
}

func hmacMD5(key []byte, parts ...[]byte) []byte {
	mac := hmac.New(md5.New, key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

func rc4Once(key, data []byte) []byte {
	out := make([]byte, len(data))
	newRC4(key).XORKeyStream(out, data)
	return out
}

// newRC4 makes a cipher of one of NTLM's own keys, whose length always suits.
func newRC4(key []byte) *rc4.Cipher {
	c, err := rc4.NewCipher(key)
	if err != nil {
		panic(err)
	}
	return c
}

func utf16le(s string) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

func fromUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
