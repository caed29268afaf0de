package scripts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// MaxParams bounds the JSON of a script's parameters, so that every payload fits
// into one message to the host.
const MaxParams = 32 << 10

// ErrPayload is wrapped by every error of [DecodePayload].
var ErrPayload = errors.New("bad payload")

// Payload is what one run of a script is given on its standard input.
type Payload struct {
	Script string          `json:"s"` // text, not name
	Params json.RawMessage `json:"p"`
}

// EncodePayload makes the line that one of the program's scripts is run with.
// Parameters are data only; text in them that
// is not UTF-8 is refused by an error, since JSON would silently replace it.
func EncodePayload(name string, params any) ([]byte, error) {
	s, ok := byName(name)
	if !ok {
		return nil, fmt.Errorf("script %q is not part of this program", name)
	}
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("parameters of %s: %w", name, err)
	}
	if len(raw) > MaxParams {
		return nil, fmt.Errorf("parameters of %s: %d bytes, at most %d are sent", name, len(raw), MaxParams)
	}
	if replaced(raw) {
		return nil, fmt.Errorf("parameters of %s: text that is not UTF-8", name)
	}
	return Payload{Script: s.text, Params: raw}.Line()
}

// Line is the payload as it is sent: checksum, length and base64.
func (p Payload) Line() ([]byte, error) {
	doc, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	sum := sha256.Sum256(doc)
	line := hex.EncodeToString(sum[:]) + " " + strconv.Itoa(len(doc)) + " " + base64.StdEncoding.EncodeToString(doc) + "\n"
	return []byte(line), nil
}

// replaced reports whether the encoder stood U+FFFD in for bytes that are no text:
// only then it is written as an escape.
func replaced(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(raw[i:], []byte(`\ufffd`)) {
			return true
		}
		i++ // the escaped character, which may be another backslash
	}
	return false
}

// DecodePayload checks a line as the bootstrap does (three fields, length, then
// checksum) and returns what it carries. Every error wraps [ErrPayload].
func DecodePayload(line []byte) (Payload, error) {
	fields := strings.Split(strings.TrimSpace(string(line)), " ")
	if len(fields) != 3 {
		return Payload{}, fmt.Errorf("%w: %d fields instead of 3", ErrPayload, len(fields))
	}
	doc, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		return Payload{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	if strconv.Itoa(len(doc)) != fields[1] {
		return Payload{}, fmt.Errorf("%w: %d bytes came, %s were sent", ErrPayload, len(doc), fields[1])
	}
	if sum := sha256.Sum256(doc); hex.EncodeToString(sum[:]) != fields[0] {
		return Payload{}, fmt.Errorf("%w: checksum differs", ErrPayload)
	}
	var p Payload
	if err := json.Unmarshal(doc, &p); err != nil {
		return Payload{}, fmt.Errorf("%w: %w", ErrPayload, err)
	}
	return p, nil
}
