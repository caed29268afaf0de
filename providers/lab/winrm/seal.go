package winrm

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/rc4"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The constants that NTLM derives a direction's keys with.
const (
	clientSignMagic = "session key to client-to-server signing key magic constant\x00"
	serverSignMagic = "session key to server-to-client signing key magic constant\x00"
	clientSealMagic = "session key to client-to-server sealing key magic constant\x00"
	serverSealMagic = "session key to server-to-client sealing key magic constant\x00"
)

// session seals and opens the messages of a signed-in connection.
type session struct {
	out, in direction
}

// direction is one way of a session. Its stream cipher runs through all
// messages: a lost or doubled one ends the session.
type direction struct {
	sign []byte
	seal *rc4.Cipher
	seq  uint32
}

func newSession(key []byte) *session {
	return &session{
		out: newDirection(key, serverSignMagic, serverSealMagic),
		in:  newDirection(key, clientSignMagic, clientSealMagic),
	}
}

func newDirection(key []byte, signMagic, sealMagic string) direction {
	sign := md5.Sum(append(bytes.Clone(key), signMagic...))
	seal := md5.Sum(append(bytes.Clone(key), sealMagic...))
	return direction{sign: sign[:], seal: newRC4(seal[:])}
}

// wrap returns signature and sealed text.
func (d *direction) wrap(plain []byte) (sig, sealed []byte) {
	sealed = make([]byte, len(plain))
	d.seal.XORKeyStream(sealed, plain)
	return d.signature(plain), sealed
}

var errSeal = errors.New("a message that is not sealed as agreed")

// unwrap opens a sealed text, whose signature must be right.
func (d *direction) unwrap(sig, sealed []byte) ([]byte, error) {
	plain := make([]byte, len(sealed))
	d.seal.XORKeyStream(plain, sealed)
	if !hmac.Equal(sig, d.signature(plain)) {
		return nil, fmt.Errorf("%w: wrong signature", errSeal)
	}
	return plain, nil
}

// signature makes the signature of the next message.
func (d *direction) signature(plain []byte) []byte {
	seq := binary.LittleEndian.AppendUint32(nil, d.seq)
	d.seq++
	sum := hmacMD5(d.sign, seq, plain)[:8]
	d.seal.XORKeyStream(sum, sum)
	sig := append([]byte{1, 0, 0, 0}, sum...)
	return append(sig, seq...)
}

// How a sealed message is framed in a body.
const (
	boundary      = "--Encrypted Boundary"
	sealedType    = `multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"`
	soapType      = "application/soap+xml;charset=UTF-8"
	partsProtocol = "\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
	partsOriginal = "\tOriginalContent: type=" + soapType + ";Length="
	partsData     = "\tContent-Type: application/octet-stream\r\n"
	signatureSize = 16
)

func (s *session) sealBody(plain []byte) []byte {
	sig, sealed := s.out.wrap(plain)
	var b bytes.Buffer
	b.WriteString(boundary + "\r\n" + partsProtocol + partsOriginal + strconv.Itoa(len(plain)) + "\r\n")
	b.WriteString(boundary + "\r\n" + partsData)
	b.Write(binary.LittleEndian.AppendUint32(nil, signatureSize))
	b.Write(sig)
	b.Write(sealed)
	b.WriteString(boundary + "--\r\n")
	return b.Bytes()
}

func (s *session) openBody(contentType string, body []byte) ([]byte, error) {
	if !strings.HasPrefix(strings.ToLower(contentType), "multipart/encrypted") {
		return nil, fmt.Errorf("%w: content type %q", errSeal, contentType)
	}
	head, rest, ok := bytes.Cut(body, []byte(partsData))
	if !ok || !bytes.HasPrefix(head, []byte(boundary)) {
		return nil, fmt.Errorf("%w: frame", errSeal)
	}
	_, after, ok := bytes.Cut(head, []byte("Length="))
	digits, _, ok2 := bytes.Cut(after, []byte("\r\n"))
	length, err := strconv.Atoi(string(digits))
	if !ok || !ok2 || err != nil || length < 0 || length > maxEnvelope {
		return nil, fmt.Errorf("%w: length", errSeal)
	}
	const before = 4 + signatureSize
	if len(rest) < before+length || binary.LittleEndian.Uint32(rest) != signatureSize ||
		!bytes.HasPrefix(rest[before+length:], []byte(boundary+"--")) {
		return nil, fmt.Errorf("%w: size", errSeal)
	}
	return s.in.unwrap(rest[4:before], rest[before:before+length])
}
