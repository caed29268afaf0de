package engine

import "time"

// HostEvents are what a host has logged about a failback. Texts are in the host's
// language, hold names of others and were chosen by nobody here: clean them before they
// meet a terminal.
type HostEvents struct {
	Since time.Time `json:"since"`
	Logs  []HostLog `json:"logs"`
	// LeftOut is how many events there were no room for.
	LeftOut int `json:"left_out,omitempty"`
}

// HostLog is one log of a host, newest events first.
type HostLog struct {
	Log     string     `json:"log"`
	Problem string     `json:"problem,omitempty"` // why it could not be read
	Events  []LogEntry `json:"events"`
}

// LogEntry is one event; Level is Windows' number: 1 critical, 2 error, 3 warning, 4
// information.
type LogEntry struct {
	ID       int       `json:"id"`
	Level    int       `json:"level"`
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	Text     string    `json:"text"`
}
