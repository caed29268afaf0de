package hyperv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"mime"
	"strconv"
	"strings"
)

// errUnsealed is wrapped by errors about replies that are not sealed as agreed.
// Such a reply may come from anybody.
var errUnsealed = errors.New("the reply is not sealed")

// A sealed message in a body looks like a MIME multipart, but is none: lines of
// the parts' heads begin with a tab, and no empty line follows them.
const (
	plainType     = "application/soap+xml;charset=UTF-8"
	sealedKind    = "application/HTTP-SPNEGO-session-encrypted"
	sealedType    = `multipart/encrypted;protocol="` + sealedKind + `";boundary="Encrypted Boundary"`
	frameBoundary = "--Encrypted Boundary"
	frameData     = "application/octet-stream"
	signatureSize = 16
)

// frame puts signature and sealed text into a body.
func frame(signature, sealed []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n", frameBoundary, sealedKind)
	// Sealing does not change the length of a text.
	fmt.Fprintf(&b, "\tOriginalContent: type=%s;Length=%d\r\n", plainType, len(sealed))
	fmt.Fprintf(&b, "%s\r\n\tContent-Type: %s\r\n", frameBoundary, frameData)
	b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(signature))))
	b.Write(signature)
	b.Write(sealed)
	b.WriteString(frameBoundary + "--\r\n")
	return b.Bytes()
}

// unframe takes signature and sealed text out of a body. Every error wraps
// errUnsealed.
func unframe(contentType string, body []byte) (signature, sealed []byte, err error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/encrypted" || params["protocol"] != sealedKind {
		return nil, nil, fmt.Errorf("%w: its content type is %q", errUnsealed, contentType)
	}
	length, rest, err := frameHead(body)
	if err != nil {
		return nil, nil, err
	}
	const start = 4 + signatureSize
	switch {
	case len(rest) < start+length:
		return nil, nil, fmt.Errorf("%w: %d bytes are announced, %d came", errUnsealed, length, len(rest))
	case binary.LittleEndian.Uint32(rest) != signatureSize:
		return nil, nil, fmt.Errorf("%w: the signature has the wrong size", errUnsealed)
	case string(bytes.TrimRight(rest[start+length:], "\r\n")) != frameBoundary+"--":
		return nil, nil, fmt.Errorf("%w: its end is missing", errUnsealed)
	}
	return rest[4:start], rest[start : start+length], nil
}

// frameHead reads the two heads: five lines that end where the data begins.
func frameHead(body []byte) (length int, rest []byte, err error) {
	want := []string{frameBoundary, "content-type: " + strings.ToLower(sealedKind), "originalcontent:", frameBoundary, "content-type: " + frameData}
	length = -1
	for i, prefix := range want {
		line, after, ok := bytes.Cut(body, []byte("\r\n"))
		text := strings.TrimSpace(string(line))
		same := strings.EqualFold(text, prefix) || i == 2 && len(text) > len(prefix) && strings.EqualFold(text[:len(prefix)], prefix)
		if !ok || !same {
			return 0, nil, fmt.Errorf("%w: line %d of its head is wrong", errUnsealed, i+1)
		}
		if i == 2 {
			length = originalLength(text)
		}
		body = after
	}
	if length < 0 || length > maxReply {
		return 0, nil, fmt.Errorf("%w: it announces no length", errUnsealed)
	}
	return length, body, nil
}

// originalLength reads the Length parameter, -1 if there is none.
func originalLength(line string) int {
	i := strings.LastIndex(strings.ToLower(line), "length=")
	if i < 0 {
		return -1
	}
	n, err := strconv.Atoi(line[i+len("length="):])
	if err != nil {
		return -1
	}
	return n
}
