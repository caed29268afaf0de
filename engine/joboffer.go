package engine

import (
	"cmp"
	"strings"
)

// JobVerb is what an operator can do to a job.
type JobVerb string

// The verbs. Resume is no verb: a job is resumed for one purpose or another.
const (
	VerbCancel   JobVerb = "cancel"
	VerbRestart  JobVerb = "restart"
	VerbComplete JobVerb = "complete"
	VerbConfirm  JobVerb = "manual-action"
)

// The actions of a job's allowedActions.
const (
	actionCancel  = "Cancel"
	actionRestart = "Restart"
)

// JobOffer is one thing that a job offers, with what it would lead to.
type JobOffer struct {
	Verb   JobVerb `json:"verb"`
	Title  string  `json:"title"`
	Portal string  `json:"portal"` // Microsoft's term
	// Subject is what has to be typed: it is another word for every purpose, so
	// that consent to one is never taken for consent to another.
	Subject      string   `json:"subject"`
	Consequences []string `json:"consequences"`
	// Damages says that on-premises disks are left half-written.
	Damages bool `json:"damages,omitempty"`
	// Comment says that the service keeps a comment with it.
	Comment bool   `json:"comment,omitempty"`
	task    string // of a manual action
}

// Offers lists what the job offers now, in the order of screens. j must have been
// read whole.
func (j Job) Offers() []JobOffer {
	var out []JobOffer
	for _, v := range []JobVerb{VerbComplete, VerbConfirm, VerbRestart, VerbCancel} {
		if o, err := j.Offer(v); err == nil {
			out = append(out, o)
		}
	}
	return out
}

// Offer says what doing v to the job would lead to, or refuses with the reason
// and what to do instead.
func (j Job) Offer(v JobVerb) (JobOffer, error) {
	if j.Local {
		return JobOffer{}, j.throughRun(string(v) + " the job")
	}
	switch v {
	case VerbCancel:
		if j.Allows(actionCancel) {
			return j.cancelOffer(), nil
		}
		return JobOffer{}, Refuse("cancel the job", j.place(), "Site Recovery does not offer it now ("+j.stateWords()+")", j.instead())
	case VerbRestart:
		if j.Allows(actionRestart) {
			return j.restartOffer(), nil
		}
		return JobOffer{}, Refuse("restart the job", j.place(), "Site Recovery does not offer it now ("+j.stateWords()+")",
			"start the operation again: most jobs that failed are not restarted")
	case VerbComplete:
		if j.Waits() == WaitComplete {
			return j.completeOffer(), nil
		}
		return JobOffer{}, Refuse("complete the failover", j.place(), "the job does not wait for its completion ("+j.stateWords()+")", j.instead())
	case VerbConfirm:
		if j.Waits() == WaitManualAction {
			return j.confirmOffer(), nil
		}
		return JobOffer{}, Refuse("confirm the manual action", j.place(), "the job waits for no manual action ("+j.stateWords()+")", j.instead())
	}
	return JobOffer{}, Usagef("use cancel, restart, complete or manual-action", "%q is nothing that is done to a job", v)
}

// Resumption is what a resume would do to the job: the one thing that it waits
// for. It refuses where that is nothing that a resume is for.
func (j Job) Resumption() (JobOffer, error) {
	if j.Local {
		return JobOffer{}, j.throughRun("resume the job")
	}
	switch j.Waits() {
	case WaitComplete:
		return j.completeOffer(), nil
	case WaitManualAction:
		return j.confirmOffer(), nil
	case WaitTestFailover, WaitOther, WaitNone:
	}
	return JobOffer{}, Refuse("resume the job", j.place(), "it waits for nothing that a resume is for ("+j.stateWords()+")", j.instead())
}

// throughRun refuses what is done to a job of this program's own by itself.
func (j Job) throughRun(what string) error {
	return Refuse(what, j.place(), "it is a job of a failback without Site Recovery, and its run decides ("+j.stateWords()+")",
		"go through its run: failback decide, resume or cancel RUN")
}

// instead says what to do about a job that does not offer what was asked for.
func (j Job) instead() string {
	switch j.Waits() {
	case WaitTestFailover:
		return "a test failover is never resumed: look at its machine, then clean it up (portal: Cleanup test failover; az site-recovery protected-item test-failover-cleanup)"
	case WaitManualAction:
		return "it waits for a manual action of its recovery plan: do it, then resume the job with a comment"
	case WaitComplete:
		return "it waits for Complete failover: resume it when the Azure VM may stop"
	case WaitOther:
		return "look at the job in the portal: what it waits for is not known here"
	case WaitNone:
	}
	if j.State.Ended() {
		return "the job has ended"
	}
	return "wait, and look at the job again"
}

func (j Job) place() string { return strings.TrimPrefix(j.TargetName+", job "+j.Name, ", ") }

func (j Job) stateWords() string {
	if j.Detail != "" && j.Detail != string(j.State) {
		return "state " + string(j.State) + ", " + j.Detail
	}
	return "state " + string(j.State)
}

func (j Job) subject() string { return cmp.Or(j.TargetName, j.Name) }

// SyncBegan reports whether any of the job's synchronisations was started: then
// it has written to on-premises disks. The tasks of a recovery plan's machines
// stand in their own jobs.
func (j Job) SyncBegan() bool { return anyWrites(j.Tasks) }

// Writes reports whether the job is a failback that may have begun to write the
// on-premises disks. A failback that tells no tasks may have.
func (j Job) Writes() bool {
	return anyWrites(j.Tasks) || len(j.Tasks) == 0 && j.Direction() == ToOnPremises && j.fails()
}

// fails reports whether the job is a failover, in whichever direction.
func (j Job) fails() bool {
	return j.Scenario == ScenarioPlannedFailover || j.Scenario == ScenarioFailback
}

// back reports whether the job is a failback; a job that does not tell its
// direction is one if it has the tasks of one.
func (j Job) back() bool {
	_, checks := findTask(j.Tasks, TaskPrerequisites)
	_, prepares := findTask(j.Tasks, TaskPrepare)
	return j.fails() && (j.Direction() == ToOnPremises || checks || prepares)
}

func (j Job) cancelOffer() JobOffer {
	o := JobOffer{Verb: VerbCancel, Title: "Cancel the job", Portal: "Cancel", Subject: j.subject()}
	switch {
	case j.Writes() || groupWrites(j):
		o.Damages = true
		for _, name := range j.moved() {
			o.Consequences = append(o.Consequences, "the on-premises VM "+name+" will be DAMAGED: its disks are being overwritten in place and stay half-written")
		}
		o.Consequences = append(o.Consequences,
			"a damaged VM must not be started until a failback has run to its end; that is the repair",
			"an Azure VM that the job has stopped stays stopped until it is started in Azure")
	case j.back():
		o.Consequences = append(o.Consequences,
			"no synchronisation has begun: both sides stay as they are",
			"should one begin before the cancel arrives, the on-premises VM is left damaged; look at the job afterwards")
	default:
		o.Consequences = append(o.Consequences, "what the job has done so far is not undone; look at "+j.subject()+" afterwards")
	}
	if j.TargetType == TargetRecoveryPlan {
		o.Consequences = append(o.Consequences, "the jobs of its machines are cancelled with it")
	}
	return o
}

// groupWrites reports whether a recovery plan's failback has begun to synchronise
// its machines: their own jobs do the writing.
func groupWrites(j Job) bool {
	if j.TargetType != TargetRecoveryPlan || !j.back() {
		return false
	}
	begun := false
	eachLink(j.Tasks, func(t Task, l ChildJob) { begun = begun || l.Job != "" || t.current() })
	return begun
}

// moved are the names of the machines that the job moves and has not finished.
func (j Job) moved() []string {
	if j.TargetType != TargetRecoveryPlan {
		return []string{j.subject()}
	}
	seen, out := map[string]bool{}, []string(nil)
	eachLink(j.Tasks, func(_ Task, l ChildJob) {
		if !seen[l.Target] && l.Target != "" {
			seen[l.Target] = true
			out = append(out, l.Target)
		}
	})
	if out == nil {
		return []string{j.subject()}
	}
	return out
}

// eachLink calls f for every task that another job does the work of.
func eachLink(ts []Task, f func(Task, ChildJob)) {
	for _, t := range ts {
		if t.Child != nil {
			f(t, *t.Child)
		}
		eachLink(t.Children, f)
	}
}

func (j Job) restartOffer() JobOffer {
	return JobOffer{Verb: VerbRestart, Title: "Restart the job", Portal: "Restart", Subject: j.subject(),
		Consequences: []string{"the job begins again from its first task, under the same name"}}
}

func (j Job) completeOffer() JobOffer {
	verb, portal := GateComplete.Action(ToOnPremises)
	o := JobOffer{Verb: VerbComplete, Title: verb, Portal: portal, Subject: j.subject(), Comment: true}
	for _, name := range j.moved() {
		o.Consequences = append(o.Consequences, "the Azure VM of "+name+" is shut down: its users are without it from then on")
	}
	o.Consequences = append(o.Consequences,
		"the changes since the first synchronisation are transferred, then the on-premises VM is started",
		"there is no way back to waiting; a cancel after that leaves the on-premises VM damaged")
	return o
}

func (j Job) confirmOffer() JobOffer {
	o := JobOffer{Verb: VerbConfirm, Title: "Confirm the manual action", Portal: "Complete manual action", Subject: j.subject(), Comment: true}
	if t, ok := j.ManualAction(); ok && t.Action != nil {
		o.Subject, o.task = cmp.Or(t.Action.Name, t.Title()), t.ID
		if t.Action.Text != "" {
			o.Consequences = append(o.Consequences, "the recovery plan asks for: "+t.Action.Text)
		}
	}
	o.Consequences = append(o.Consequences, "the recovery plan goes on as if the action were done; your comment is kept with the job")
	return o
}
