package config

import (
	"fmt"
	"strings"
)

// Error says what is wrong in a file the operator wrote, and where. Line is 0
// where the whole file is meant, Key empty where no key is.
type Error struct {
	File string
	Line int
	Key  string // dotted path from the top of the file
	Why  string
	// Remedy is what to do now.
	Remedy string
	Err    error
}

// Error is "file:line: key: why".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	if e.Key != "" {
		b.WriteString(": " + e.Key)
	}
	b.WriteString(": " + e.Why)
	return b.String()
}

// Unwrap gives the cause, if one was kept.
func (e *Error) Unwrap() error { return e.Err }
