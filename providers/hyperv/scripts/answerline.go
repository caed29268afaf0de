package scripts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// AnswerVersion is the version of the answer document.
const AnswerVersion = 1

// MaxAnswer bounds the JSON of an answer.
const MaxAnswer = 1 << 20

// The exit codes of the bootstrap. Exit code and answer must agree.
const (
	ExitOK       = 0  // answer with data
	ExitError    = 70 // answer with an error
	ExitLanguage = 71 // no answer: PowerShell is not in full language mode
)

const (
	answerStart = "FBK1 "
	answerEnd   = " END"
)

// ErrNoAnswer is wrapped by the errors of [DecodeAnswer]: whether the script ran
// is not known.
var ErrNoAnswer = errors.New("no answer from the script")

// Error is an error that a script met, in PowerShell's words. Msg is in the
// host's language: decide by ID and Category.
type Error struct {
	Msg      string `json:"msg"`
	Type     string `json:"type"`
	ID       string `json:"id"`
	Category string `json:"cat"`
	HResult  int64  `json:"hr"`
	Line     int    `json:"line"`
}

// Error gives id and message.
func (e *Error) Error() string { return e.ID + ": " + e.Msg }

// document is the JSON of an answer line.
type document struct {
	V    int             `json:"v"`
	OK   bool            `json:"ok"`
	Data json.RawMessage `json:"data,omitempty"`
	Err  *Error          `json:"err,omitempty"`
}

// EncodeAnswer makes the line that ends a script that succeeded.
func EncodeAnswer(data any) (string, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	return encode(document{V: AnswerVersion, OK: true, Data: raw})
}

// EncodeError makes the line that ends a script that failed.
func EncodeError(e Error) (string, error) {
	return encode(document{V: AnswerVersion, Err: &e})
}

func encode(d document) (string, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("answer: %w", err)
	}
	return answerStart + base64.StdEncoding.EncodeToString(raw) + answerEnd + "\r\n", nil
}

// DecodeAnswer finds the one answer line in what a script wrote and returns its
// data, or the script's own error as *[Error]. Anything around the line is noise.
// No line, two lines or a line that does not hold together wrap [ErrNoAnswer].
func DecodeAnswer(stdout []byte) (json.RawMessage, error) {
	line, err := onlyLine(stdout)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	if len(raw) > MaxAnswer {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are read", ErrNoAnswer, len(raw), MaxAnswer)
	}
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return d.open()
}

func (d document) open() (json.RawMessage, error) {
	switch {
	case d.V != AnswerVersion:
		return nil, fmt.Errorf("%w: version %d", ErrNoAnswer, d.V)
	case d.OK == (d.Err != nil):
		return nil, fmt.Errorf("%w: it says both success and failure, or neither", ErrNoAnswer)
	case d.Err != nil:
		return nil, d.Err
	case len(d.Data) == 0:
		return nil, fmt.Errorf("%w: success without data", ErrNoAnswer)
	}
	return d.Data, nil
}

// MapAnswer replaces the document of an answer line; ok is false for any other line.
func MapAnswer(line []byte, change func(document []byte) []byte) (_ []byte, ok bool) {
	inside, err := onlyLine(line)
	if err != nil {
		return nil, false
	}
	raw, err := base64.StdEncoding.DecodeString(inside)
	if err != nil {
		return nil, false
	}
	return []byte(answerStart + base64.StdEncoding.EncodeToString(change(raw)) + answerEnd + "\r\n"), true
}

func onlyLine(stdout []byte) (string, error) {
	found, count := "", 0
	for line := range bytes.Lines(stdout) {
		s := strings.TrimRight(string(line), "\r\n")
		if body, ok := strings.CutPrefix(s, answerStart); ok {
			if body, ok = strings.CutSuffix(body, answerEnd); ok {
				found = body
				count++
			}
		}
	}
	if count != 1 {
		return "", fmt.Errorf("%w: %d answer lines", ErrNoAnswer, count)
	}
	return found, nil
}
