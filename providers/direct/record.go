package direct

import (
	"slices"
	"strings"
	"time"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure/snapshots"
)

// recordVersion is the version of the files that this program writes and reads.
const recordVersion = 1

// step is what a job does next. What comes before it is done.
type step string

// The steps of a failback.
const (
	stepCheck    step = "check"
	stepPrepare  step = "prepare"
	stepInitial  step = "initial" // take the first set
	stepCopy     step = "copy"    // bring it
	stepPass     step = "pass"    // take, bring and judge what changed
	stepWait     step = "wait"
	stepOff      step = "off" // see the Azure VM off
	stepFinal    step = "final"
	stepLast     step = "last" // bring the final set
	stepHome     step = "home" // the VM on its host
	stepStart    step = "start"
	stepDone     step = "done"
	stepTakeBack step = "take-back"
)

// The steps of a commit and of a re-protection.
const (
	stepCompare step = "compare" // Azure's disks with what was brought
	stepDelete  step = "delete"
	stepTidy    step = "tidy" // the run's snapshots
	stepProtect step = "protect"
)

// record is a job as its file has it. It is written before every act.
type record struct {
	Version  int                 `json:"version"`
	Name     string              `json:"name"`
	Scenario string              `json:"scenario"`
	Request  string              `json:"request"` // client request id
	Run      engine.RunID        `json:"run,omitempty"`
	State    engine.JobState     `json:"state"`
	Detail   string              `json:"detail,omitempty"`
	Step     step                `json:"step"`
	Started  time.Time           `json:"started"`
	Ended    time.Time           `json:"ended,omitzero"`
	Tasks    map[string]mark     `json:"tasks"` // by the task's id
	Error    *engine.JobError    `json:"error,omitempty"`
	Item     engine.Item         `json:"item"` // as it was when the job began
	Host     string              `json:"host"`
	Direct   engine.Direct       `json:"direct"`
	Target   engine.Target       `json:"target"`
	Budget   time.Duration       `json:"budget,omitempty"`
	Cancel   string              `json:"cancel,omitempty"`   // request id of who asked for it
	Complete string              `json:"complete,omitempty"` // the same
	Comment  string              `json:"comment,omitempty"`
	Failback *failback           `json:"failback,omitempty"`
	Of       string              `json:"of,omitempty"` // the failback that a commit or re-protection belongs to
	Things   []engine.AzureThing `json:"things,omitempty"`
	Gone     int                 `json:"gone,omitempty"` // how many of them are deleted
	Until    time.Time           `json:"until,omitzero"` // until when snapshots are kept
}

// failback is what a failback's job knows beside.
type failback struct {
	Home    string              `json:"home,omitempty"` // the folder of its disks
	Machine engine.AzureMachine `json:"machine,omitzero"`
	Disks   []diskRecord        `json:"disks,omitempty"`
	Set     *snapshots.Set      `json:"set,omitempty"` // the set that is being brought, or was last
	// Older are those of the sets before it, until they are deleted: a disk may still be one.
	Older    []snapshots.Snapshot `json:"older,omitempty"`
	Passes   []transfer.Pass      `json:"passes,omitempty"`
	End      string               `json:"end,omitempty"`      // why there are no more passes
	VM       string               `json:"vm,omitempty"`       // the VM's Hyper-V GUID, once it is there
	Before   []string             `json:"before,omitempty"`   // the files it had, in order
	Touched  bool                 `json:"touched,omitempty"`  // the host was asked for the VM
	AtHome   bool                 `json:"at_home,omitempty"`  // it has the new disks
	Launched bool                 `json:"launched,omitempty"` // its start was asked for
	Left     []string             `json:"left,omitempty"`     // what a cancel could not take away
	Repairs  string               `json:"repairs,omitempty"`  // the job whose disks this one goes on with
	Runs     []string             `json:"runs,omitempty"`     // whose snapshots are this job's to delete
	Again    again                `json:"again,omitzero"`     // passes while it waits
}

// diskRecord is one disk on its way.
type diskRecord struct {
	Disk   engine.Disk    `json:"disk"` // the id is the managed disk's
	File   string         `json:"file"`
	There  string         `json:"there"`        // as the host names it
	At     string         `json:"at,omitempty"` // id of the snapshot that the file is
	Root   string         `json:"root,omitempty"`
	Level  transfer.Level `json:"level,omitempty"`
	Proven time.Time      `json:"proven,omitzero"`
	Read   int64          `json:"read,omitempty"`
	Old    []string       `json:"old,omitempty"` // files that it had before it was resized
}

// mark is how far a task is.
type mark struct {
	State   string    `json:"state"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Detail  string    `json:"detail,omitempty"`
}

// ended reports whether nothing is left to be driven.
func (r *record) ended() bool { return r.State.Ended() }

// idle reports whether the job waits for a person.
func (r *record) idle() bool { return r.State == engine.JobSuspended || r.ended() }

// run is what the job's snapshots are tagged with.
func (r *record) run() string { return "direct-" + strings.ReplaceAll(r.Name, "-", "")[:12] }

// begin and end move a task on. A task that was begun before stays begun then.
func (r *record) begin(id string, now time.Time) {
	m := r.Tasks[id]
	if m.Started.IsZero() {
		m.Started = now
	}
	m.State, m.Ended = engine.TaskStateInProgress, time.Time{}
	r.Tasks[id] = m
}

func (r *record) finish(id, state string, now time.Time) {
	m := r.Tasks[id]
	if m.State == "" {
		m.Started = now
	}
	m.State, m.Ended = state, now
	r.Tasks[id] = m
}

// fail ends the job and the tasks that are under way.
func (r *record) fail(f *engine.Failure, now time.Time) {
	r.State, r.Detail, r.Ended = engine.JobFailed, "", now
	r.Error = &engine.JobError{Code: f.Code, Message: f.Why, PossibleCauses: f.Causes, Recommended: f.Remedy, Level: "Error"}
	if f.What != "" {
		r.Error.Message = strings.TrimSpace(f.What + ": " + f.Why)
		if f.Where != "" {
			r.Error.Message = f.What + " (" + f.Where + "): " + f.Why
		}
	}
	for id, m := range r.Tasks {
		if m.State == engine.TaskStateInProgress || m.State == engine.TaskStateSuspended {
			m.State, m.Ended = engine.TaskStateFailed, now
			r.Tasks[id] = m
		}
	}
}

// sameAs reports whether the job is about that item.
func (r *record) sameAs(id string) bool { return engine.SameID(r.Item.ID, id) }

// about reports whether a failback has the host's VM with its disks.
func (f *failback) about(vmID string) bool {
	return f != nil && f.AtHome && vmID != "" && strings.EqualFold(f.VM, vmID)
}

// paths are the disks' files as the host names them, in order.
func (f *failback) paths() []string {
	out := make([]string, len(f.Disks))
	for i, d := range f.Disks {
		out[i] = d.There
	}
	return out
}

// clone is a copy that nobody else changes.
func (r *record) clone() *record {
	c := *r
	c.Tasks = map[string]mark{}
	for id, m := range r.Tasks {
		c.Tasks[id] = m
	}
	c.Things = slices.Clone(r.Things)
	if r.Failback != nil {
		f := *r.Failback
		f.Disks, f.Passes, f.Older = slices.Clone(f.Disks), slices.Clone(f.Passes), slices.Clone(f.Older)
		f.Before, f.Left, f.Runs = slices.Clone(f.Before), slices.Clone(f.Left), slices.Clone(f.Runs)
		c.Failback = &f
	}
	return &c
}
