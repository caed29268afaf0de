package scripts

import "time"

// EventsParams ask for what was logged since a moment.
type EventsParams struct {
	Since time.Time `json:"since"`
}

// EventsAnswer are the newest events of the logs that a failback writes to, fifty a
// log at most, their texts cut to 2048 characters.
type EventsAnswer struct {
	Logs    []EventLog `json:"logs"`
	LeftOut int        `json:"left_out"` // for the size of the answer
}

// EventLog is one log of a host. Problem is why it could not be read.
type EventLog struct {
	Log     string  `json:"log"`
	Problem string  `json:"problem"`
	Events  []Event `json:"events"`
}

// Event is one entry; Level is Windows' number: 1 critical, 2 error, 3 warning, 4
// information.
type Event struct {
	ID       int       `json:"id"`
	Level    int       `json:"level"`
	At       time.Time `json:"at"`
	Provider string    `json:"provider"`
	Text     string    `json:"text"`
}
