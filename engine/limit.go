package engine

import (
	"fmt"
	"strings"

	"failback/engine/transfer/pace"
)

// NoLimit is the word that takes a limit away.
const NoLimit = "off"

// mostLimit is how long a limit may be as text.
const mostLimit = 4 << 10

// ReadLimit reads what the disks of a direct failback may be read with: a rate, rates by
// the time of day, or [NoLimit]; an empty text is no limit, either. It is read as
// [pace.ParseSchedule] does.
func ReadLimit(text string) (pace.Schedule, error) {
	switch text = strings.TrimSpace(text); {
	case text == "" || strings.EqualFold(text, NoLimit):
		return pace.Schedule{}, nil
	case len(text) > mostLimit:
		return pace.Schedule{}, fmt.Errorf("it has %d characters, %d are the most", len(text), mostLimit)
	}
	return pace.ParseSchedule(text)
}

// WriteLimit says how a limit is written, as a remedy does.
const WriteLimit = "write a rate such as 20MiB/s, or hours before it: 08:00-18:00=5MB/s,50MB/s"

// LimitWords say the limit of all disks together; empty where there is none.
func (d Direct) LimitWords() string {
	limit := strings.TrimSpace(d.Limit)
	if limit == "" || strings.EqualFold(limit, NoLimit) {
		return ""
	}
	return "read with at most " + limit
}

// LimitChanged says that a person has changed what a direct failback's disks are read
// with. It holds for the rest of the run, after a resume too.
type LimitChanged struct {
	By    string `json:"by"`
	Limit string `json:"limit"` // as it was written; off for none
}

// Type implements [Body].
func (LimitChanged) Type() EventType { return "limit.changed" }

func (b LimitChanged) sentence() string {
	words := Direct{Limit: b.Limit}.LimitWords()
	if words == "" {
		return "the disks are read without a limit, by " + b.By
	}
	return "the disks are " + words + ", by " + b.By
}

// applyLimit puts the new limit into the run's plan.
func (s *State) applyLimit(b LimitChanged) {
	if s.Plan.Direct != nil {
		direct := *s.Plan.Direct
		direct.Limit = b.Limit
		s.Plan.Direct = &direct
	}
}

// Limit changes what the disks of a direct failback are read with, all of the run's
// together, from now on. It is refused for a text that is no limit, and for other runs.
func (r *Runner) Limit(by, text string) error {
	const what = "change the limit"
	s := r.Stream.State()
	refuse := func(why, remedy string) error { return Refuse(what, string(s.Run), why, remedy) }
	text = strings.TrimSpace(text)
	_, err := ReadLimit(text)
	switch {
	case s.Plan.Direct == nil || r.Ports.Direct == nil:
		return refuse("its data is moved by Site Recovery's agent, not by this program", "give the agent fewer threads, or a throttle on its host")
	case text == "" || err != nil:
		return refuse(fmt.Sprintf("%q is no limit: %v", text, err), WriteLimit+", or "+NoLimit)
	case strings.TrimSpace(by) == "":
		return refuse("nobody says it", "give a name")
	}
	if err := r.Ports.Direct.Limit(s.Run, text); err != nil {
		return err
	}
	return r.Stream.Emit("", PhaseNone, LimitChanged{By: by, Limit: text})
}

// keepLimit has the run's jobs read with what the journal says last: a job may be older.
func (r *Runner) keepLimit() {
	s := r.Stream.State()
	if s.Plan.Direct == nil || r.Ports.Direct == nil {
		return
	}
	if err := r.Ports.Direct.Limit(s.Run, s.Plan.Direct.Limit); err != nil {
		_ = r.Stream.Emit("", PhaseNone, Noted{Level: "warn", Text: "the limit was not taken over: " + err.Error()}) // a broken stream ends the run itself
	}
}
