package config

import (
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// Duration is a time span written the Go way: 30s, 5m, 1h30m.
type Duration time.Duration

// Std is the duration as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// UnmarshalYAML reads "90s", "5m", "1h30m"; anything else, and anything
// negative, is refused with the value's place in the file.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	v, err := time.ParseDuration(scalar(n))
	if err != nil || v < 0 {
		return refuse(n, "is no time span; write 30s, 5m or 1h30m")
	}
	*d = Duration(v)
	return nil
}

// Moment is a point in time written with its zone: 2026-11-23T22:00:00+01:00.
type Moment struct{ time.Time }

// UnmarshalYAML reads RFC 3339 and nothing else: a time without a zone would
// mean another hour on another jump box.
func (m *Moment) UnmarshalYAML(n ast.Node) error {
	t, err := time.Parse(time.RFC3339, scalar(n))
	if err != nil {
		return refuse(n, "is no time; write 2026-11-23T22:00:00+01:00, with the zone")
	}
	m.Time = t
	return nil
}

// scalar is a value as it was written, without quotes.
func scalar(n ast.Node) string {
	if tk := n.GetToken(); tk != nil {
		return tk.Value
	}
	return n.String()
}

func refuse(n ast.Node, why string) error {
	return &yaml.SyntaxError{Message: "\"" + scalar(n) + "\" " + why, Token: n.GetToken()}
}
