package report

import (
	"time"

	"failback/engine"
)

// Schema is the version of the report's JSON. Fields are added, never renamed.
const Schema = 1

// Report is the evidence of one run.
type Report struct {
	Schema        int            `json:"schema"`
	Run           engine.RunID   `json:"run"`
	JournalSchema int            `json:"journal_schema"`
	Program       string         `json:"program"`
	Plan          engine.Plan    `json:"plan"`
	Drivers       []Driver       `json:"drivers"`
	Created       time.Time      `json:"created,omitzero"`
	LastEvent     time.Time      `json:"last_event,omitzero"`
	Events        uint64         `json:"events"` // kept ones; the number of the last
	Finished      time.Time      `json:"finished,omitzero"`
	Outcome       engine.Outcome `json:"outcome"`    // empty while somebody drives the run, or nobody said that they stopped
	Downtime      float64        `json:"downtime_s"` // longest of the items
	Items         []Item         `json:"items"`
	Notes         []Note         `json:"notes"` // about the whole run
	// Threads is what was done to the download threads of hosts, one a host.
	Threads []engine.HostThreads `json:"threads,omitempty"`
	// Forecast is what was forecast before anything was done, Outturn what came of it.
	Forecast *engine.ForecastMade `json:"forecast,omitempty"`
	Outturn  *engine.Outturn      `json:"outturn,omitempty"`
}

// Driver is a process that drove the run, from a moment on.
type Driver struct {
	Name    string    `json:"name"`
	From    time.Time `json:"from"`
	Resumed bool      `json:"resumed"`
}

// Item is what happened to one item.
type Item struct {
	Item    engine.PlanItem `json:"item"`
	Outcome engine.Outcome  `json:"outcome"` // empty while its leg has not ended
	// Stands is the phase or gate the leg stands at or stopped at; empty when
	// all steps are done.
	Stands     string           `json:"stands,omitempty"`
	Phases     []Phase          `json:"phases"`
	Findings   []engine.Finding `json:"findings"`
	Decisions  []Decision       `json:"decisions"`
	Operations []Operation      `json:"operations"`
	Power      []Power          `json:"power"`
	Transfers  []Transfer       `json:"transfers"`
	Boot       *Boot            `json:"boot,omitempty"`
	Looks      []Look           `json:"looks"`   // of people, at the on-premises VM
	Console    string           `json:"console"` // the command that opens its console
	Disks      []Proof          `json:"disks"`
	// Hold is what the on-premises disks hold at the end of the journal.
	Hold     engine.Consistency `json:"hold"`
	Downtime Downtime           `json:"downtime"`
	Cancel   *Cancel            `json:"cancel,omitempty"`
	Damage   []Damage           `json:"damage"`
	Guards   []Guard            `json:"guards"` // what was done about the start guard
	Failures []Failure          `json:"failures"`
	Notes    []Note             `json:"notes"`
}

// Phase is how one phase went. Ended and Seconds are empty while it goes on.
type Phase struct {
	Phase   engine.Phase       `json:"phase"`
	Title   string             `json:"title"`
	Portal  string             `json:"portal,omitempty"`
	Status  engine.PhaseStatus `json:"status"`
	Started time.Time          `json:"started,omitzero"` // the first time
	Ended   time.Time          `json:"ended,omitzero"`
	Seconds float64            `json:"seconds,omitempty"`
	Tries   int                `json:"tries"`
}

// Decision is an answer at a gate: who, when, why, and how long the gate waited.
type Decision struct {
	Gate         engine.Gate `json:"gate"`
	Verb         string      `json:"verb"`
	Portal       string      `json:"portal,omitempty"`
	Consequences []string    `json:"consequences"`
	Again        string      `json:"again,omitempty"` // why it was asked once more
	Asked        time.Time   `json:"asked,omitzero"`
	Decided      time.Time   `json:"decided,omitzero"` // zero while it waits
	By           string      `json:"by,omitempty"`
	Policy       bool        `json:"policy,omitempty"`
	Reason       string      `json:"reason,omitempty"`
	Override     bool        `json:"override,omitempty"`
	// Deletes is what the commit of a failback without Site Recovery was to delete.
	Deletes *engine.Deletions `json:"deletes,omitempty"`
}

// Operation is one effectful request: the intent that was written first, and
// whether the service was seen to take it.
type Operation struct {
	Op       engine.Op `json:"op"`
	Request  string    `json:"request"` // client request id
	Job      string    `json:"job,omitempty"`
	Recorded time.Time `json:"recorded,omitzero"`
	Accepted time.Time `json:"accepted,omitzero"` // zero where no acceptance was seen
	Found    bool      `json:"found,omitempty"`   // seen by looking, not by an answer
}

// Power is one power state that was seen.
type Power struct {
	Side  engine.Location `json:"side"`
	Power engine.Power    `json:"power"`
	At    time.Time       `json:"at"`
}

// Transfer is the last that was known of one synchronisation.
type Transfer struct {
	Phase engine.Phase `json:"phase"`
	engine.SyncProgress
}

// Boot is the last proof of the boot, and when it was seen.
type Boot struct {
	engine.BootChecked
	At time.Time `json:"at"`
}

// Look is what a person saw of the on-premises VM.
type Look struct {
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Saw     string    `json:"saw"`
	Decided bool      `json:"decided"` // it came with the answer at the commit gate
}

// Proof compares one disk on both sides, and says what that shows.
type Proof struct {
	engine.DiskProved
	At    time.Time `json:"at"`
	Claim Claim     `json:"claim"`
}

// Claim is what a report says of a disk.
type Claim string

// The claims. There is no other.
const (
	ClaimEqual       Claim = "equal"
	ClaimDiffers     Claim = "differs"
	ClaimNotCompared Claim = "not-compared"
)

// claim says no more than the event: equal needs both sums, and the same ones.
func claim(p engine.DiskProved) Claim {
	switch {
	case p.Missing != "" || p.Source == "" || p.Target == "":
		return ClaimNotCompared
	case p.Equal && p.Source == p.Target:
		return ClaimEqual
	}
	return ClaimDiffers
}

// Downtime is how long the machine was down. Seconds counts to the last event
// while it goes on.
type Downtime struct {
	From    time.Time `json:"from,omitzero"`
	To      time.Time `json:"to,omitzero"`
	Seconds float64   `json:"seconds"`
	GoesOn  bool      `json:"goes_on,omitempty"`
}

// Cancel is a cancel that was asked for.
type Cancel struct {
	engine.CancelRequested
	At time.Time `json:"at"`
}

// Damage is a time in which the on-premises VM must not be started.
type Damage struct {
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason"`
	Cleared time.Time `json:"cleared,omitzero"` // zero while it lasts
}

// Guard is a change of the start guard, with the automatic start around it.
type Guard struct {
	engine.GuardChanged
	At time.Time `json:"at"`
}

// Failure is a failure that stopped the leg, also where a retry got past it.
type Failure struct {
	Phase   engine.Phase    `json:"phase"`
	At      time.Time       `json:"at"`
	Failure *engine.Failure `json:"failure"`
}

// Note is a sentence of the run, or a fact of a type this program does not know.
type Note struct {
	At    time.Time    `json:"at"`
	Phase engine.Phase `json:"phase,omitempty"`
	Level string       `json:"level"`
	Text  string       `json:"text"`
}
