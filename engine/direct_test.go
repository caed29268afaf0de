package engine

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// home is a world in which one machine comes home without Site Recovery: its jobs run
// to their next stop as soon as they are asked to.
type home struct {
	Inventory
	Failover
	AzureAccess
	DirectDesk

	mu      sync.Mutex
	it      Item
	job     Job
	power   Power
	things  []AzureThing
	deleted []AzureThing
	limit   string
	booted  time.Time
	differs bool
	breaks  bool // the job fails while it copies
	halves  bool // a commit breaks off behind its first thing
}

func newHome() *home {
	return &home{
		it: Item{ID: "/i/web01", Name: "web01", HyperVID: "1", HostName: "hv01", Active: LocationAzure, Allowed: []string{AllowFailback},
			AzureVM: AzureVMRef{Name: "web01-az"}, Disks: []Disk{{Name: "os", Bytes: 1 << 30, OS: true, Managed: true}}},
		power: PowerRunning,
		things: []AzureThing{
			{ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web01-az", Kind: "VM", Name: "web01-az"},
			{ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/web01-os", Kind: "disk", Name: "web01-os", Bytes: 1 << 30},
		},
	}
}

func (h *home) ports() Ports {
	return Ports{Inventory: h, Failover: h, Hosts: homeHost{h: h}, Azure: h, Direct: h}
}

func (h *home) Item(context.Context, string) (Item, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.it, nil
}

func (h *home) Jobs(context.Context) ([]Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return []Job{h.job}, nil
}

func (h *home) Job(context.Context, string) (Job, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.job, nil
}

// begins is a new job, with the name of what it does.
func (h *home) begins(name, request string, state JobState, tasks ...Task) string {
	h.job = Job{Local: true, Name: name, State: state, ActivityID: request, Tasks: tasks, Started: time.Now(), Scenario: ScenarioFailback}
	return name
}

func (h *home) Start(_ context.Context, r StartRequest) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.breaks {
		return h.begins("direct", r.RequestID, JobFailed, Task{Name: TaskPrepare, State: TaskStateSucceeded}, Task{Name: TaskMonitorSync, State: TaskStateFailed, Started: time.Now()}), nil
	}
	return h.begins("direct", r.RequestID, JobSuspended, Task{Name: TaskPrepare, State: TaskStateSucceeded},
		Task{Name: TaskMonitorSync, State: TaskStateSucceeded, Started: time.Now()}, Task{Name: TaskWaitForUser, State: TaskStateSuspended}), nil
}

func (h *home) Complete(context.Context, string, string, string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.job.State, h.booted = JobSucceeded, time.Now()
	h.it.Active, h.it.Allowed = LocationOnPremises, []string{AllowFinalizeFailback}
	return nil
}

func (h *home) Cancel(context.Context, string, string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.job.State = JobCancelled
	return nil
}

func (h *home) Reprotect(_ context.Context, _ Item, request string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.it.State, h.it.Allowed = ItemProtected, []string{AllowPlannedFailover}
	return h.begins("again", request, JobSucceeded), nil
}

func (h *home) Deletions(context.Context, Item) (Deletions, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return Deletions{Things: slices.Clone(h.things)}, nil
}

func (h *home) Limit(_ RunID, text string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limit = text
	return nil
}

func (h *home) CommitExactly(_ context.Context, _ Item, list []AzureThing, request string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.halves {
		h.halves, h.deleted, h.things = false, list[:1:1], h.things[1:]
		return h.begins("commit", request, JobFailed), nil
	}
	h.deleted, h.power = append(h.deleted, list[len(h.deleted):]...), PowerDeleted // it goes on with the same list
	h.it.State, h.it.Allowed = ItemFailbackCommitted, []string{AllowReverseReplicate}
	return h.begins("commit", request, JobSucceeded), nil
}

func (h *home) Power(context.Context, AzureVMRef) (Power, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.power, nil
}

func (h *home) Deallocate(context.Context, AzureVMRef) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.power = PowerDeallocated
	return nil
}

func (h *home) Allocated(context.Context, Disk) (int64, error) { return 1 << 20, nil }

func (h *home) DiskSum(_ context.Context, d Disk, _ func(done, total int64)) (DiskSum, error) {
	if h.differs {
		return DiskSum{Disk: d.Name, SHA256: "b"}, nil
	}
	return DiskSum{Disk: d.Name, SHA256: "a"}, nil
}

// homeHost is the host that the machine comes home to.
type homeHost struct {
	HostAccess
	h *home
}

func (o homeHost) VMs(ctx context.Context, host string) ([]VM, error) {
	vm, err := o.VM(ctx, host, "1")
	return []VM{vm}, err
}

func (homeHost) DiskSums(context.Context, string, string) ([]DiskSum, error) {
	return []DiskSum{{Disk: "os", SHA256: "a"}}, nil
}

func (homeHost) Activity(context.Context, string) (Activity, error) { return Activity{}, nil }

func (o homeHost) VM(context.Context, string, string) (VM, error) {
	h := o.h
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.booted.IsZero() {
		return VM{ID: "1", Name: "web01", State: "Off"}, nil
	}
	return VM{ID: "1", Name: "web01", State: "Running", Heartbeat: "OkApplicationsHealthy", Uptime: time.Since(h.booted), Addresses: []string{"10.0.0.4"}}, nil
}

func (homeHost) Guard(context.Context, string, string, string) error { return nil }

func directPlan() Plan {
	p := testPlan(SyncDelta)
	p.Items, p.Direct = p.Items[:1], &Direct{Folder: `D:\vms`}
	return p
}

// drive runs the plan in the world, answers gates with answer, and returns the state
// that the run was left in.
func (h *home) drive(t *testing.T, p Plan, answer func(*Runner, *Leg)) State {
	t.Helper()
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	s := opening(t, &memory{}, p)
	id := 0
	r := &Runner{
		Stream: s, Ports: h.ports(), Poll: time.Second, NewID: func() string { id++; return "request-" + string(rune('a'+id)) },
		Preflight: func(context.Context, Ports, Plan, PlanItem, func(Finding)) error { return nil },
	}
	for again := h.halves; ; again = false {
		h.walk(t, s, r, answer)
		if !again {
			return s.State()
		}
		if err := s.Emit("", PhaseNone, RunResumed{"bert"}); err != nil {
			t.Fatal(err)
		}
	}
}

// walk runs until every leg has ended or stopped.
func (h *home) walk(t *testing.T, s *Stream, r *Runner, answer func(*Runner, *Leg)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for {
			st, changed := s.Changed()
			if l := st.Legs[0]; l.Mode == ModeWaiting {
				answer(r, l)
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
		}
	}()
	if _, err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// yes answers every gate for a person.
func yes(r *Runner, l *Leg) {
	_ = r.Decide(l.Item.Name, Decision{Gate: l.Gate.Gate, By: "anna", Reason: "checked"})
}

// S64 of a failback without Site Recovery: the gate names every thing by itself, and
// exactly that list is deleted.
func TestS64DirectCommitDeletesTheListOfTheGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome()
		var said []string
		st := h.drive(t, directPlan(), func(r *Runner, l *Leg) {
			if l.Gate.Gate == GateCommit {
				said = l.Gate.Consequences
			}
			yes(r, l)
		})
		if l := st.Legs[0]; l.Outcome != OutcomeSucceeded || l.Damage != nil {
			t.Fatalf("%s: %v", l.Outcome, l.Failure)
		}
		for _, want := range []string{"Deleted: VM web01-az of resource group rg.", "Deleted: disk web01-os (1.0 GiB) of resource group rg."} {
			if !slices.Contains(said, want) {
				t.Errorf("the gate does not say %q:\n%s", want, strings.Join(said, "\n"))
			}
		}
		if !sameThings(h.deleted, h.things) {
			t.Errorf("deleted %v", h.deleted)
		}
	})
}

// S64: what has come to the Azure VM since the list was shown is not deleted, and
// neither is the rest: the gate is asked again, a person this time.
func TestS64DirectCommitAsksAgainWhereAzureHasSomethingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome()
		p := directPlan()
		p.Approve = []Gate{GateComplete, GateReprotect}
		asked := 0
		st := h.drive(t, p, func(r *Runner, l *Leg) {
			if l.Gate.Gate != GateCommit {
				return
			}
			asked++
			switch asked {
			case 1:
				h.mu.Lock()
				h.things = append(h.things, AzureThing{ID: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/disks/new", Kind: "disk", Name: "new"})
				h.mu.Unlock()
			case 2:
				if len(h.deleted) > 0 || l.Gate.Again == "" || !l.Gate.NeedsReason || !slices.Contains(l.Gate.Consequences, "Deleted: disk new of resource group rg.") {
					t.Errorf("asked again: %+v, deleted %v", l.Gate, h.deleted)
				}
			}
			yes(r, l)
		})
		if asked != 2 || st.Legs[0].Outcome != OutcomeSucceeded || len(h.deleted) != 3 {
			t.Errorf("asked %d times, %s, deleted %v", asked, st.Legs[0].Outcome, h.deleted)
		}
	})
}

// S64: a commit that broke off is asked to go on with the list that was agreed to, and
// nobody is asked again.
func TestS64DirectCommitGoesOnWithTheRestOfItsList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome()
		h.halves = true
		all, asked := slices.Clone(h.things), 0
		st := h.drive(t, directPlan(), func(r *Runner, l *Leg) {
			if l.Gate.Gate == GateCommit {
				asked++
			}
			yes(r, l)
		})
		if l := st.Legs[0]; l.Outcome != OutcomeSucceeded || asked != 1 || !sameThings(h.deleted, all) {
			t.Errorf("%s, asked %d times, deleted %v: %v", l.Outcome, asked, h.deleted, l.Failure)
		}
	})
}

// S68 of a failback without Site Recovery: new files are written, so neither a cancel
// nor a job that fails damages anything of the host's.
func TestS68DirectDamagesNothingBeforeTheSwitch(t *testing.T) {
	t.Run("cancelled", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			st := newHome().drive(t, directPlan(), func(r *Runner, l *Leg) {
				if ok, damages := l.CanCancel(); !ok || damages {
					t.Errorf("may cancel %v, damages %v", ok, damages)
				}
				_ = r.Cancel("", "anna", "not today")
			})
			if l := st.Legs[0]; l.Outcome != OutcomeCancelled || l.Damage != nil {
				t.Errorf("%s, damage %v, %v", l.Outcome, l.Damage, l.Failure)
			}
		})
	})
	t.Run("failed", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome()
			h.breaks = true
			st := h.drive(t, directPlan(), yes)
			if l := st.Legs[0]; l.Outcome != OutcomeFailed || l.Damage != nil || !strings.Contains(l.Failure.Remedy, "were not written to") || strings.Contains(l.Failure.Error(), "portal") {
				t.Errorf("%s, damage %v, %v", l.Outcome, l.Damage, l.Failure)
			}
		})
	})
	t.Run("different", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome()
			h.differs = true
			st := h.drive(t, directPlan(), yes)
			if l := st.Legs[0]; l.Outcome != OutcomeFailed || l.Damage == nil || strings.Contains(l.Failure.Remedy, "Microsoft's support") || len(h.deleted) > 0 {
				t.Errorf("%s, damage %v, %v", l.Outcome, l.Damage, l.Failure)
			}
		})
	})
}

// What a run without Site Recovery asks for is said in its own words, and no portal is
// named for it.
func TestDirectSpeaksOfNoPortal(t *testing.T) {
	direct := State{Plan: directPlan()}
	for _, b := range []Body{IntentRecorded{Op: OpStart}, OperationAccepted{Op: OpComplete}, IntentRecorded{Op: OpReprotect}} {
		e := Event{Body: b}
		if said, other := direct.Sentence(e), (State{}).Sentence(e); said == other || strings.Contains(said, "planned failover") || other != Sentence(e) {
			t.Errorf("%q, through Site Recovery %q", said, other)
		}
	}
	if said := direct.Sentence(Event{Body: RunPlanned{direct.Plan}}); !strings.Contains(said, `without Site Recovery: new VHDX disks in D:\vms`) {
		t.Error(said)
	}
	if title := (GateOpened{Verb: "Commit it"}).Title(); title != "Commit it" {
		t.Error(title)
	}
	synctest.Test(t, func(t *testing.T) {
		newHome().drive(t, directPlan(), func(r *Runner, l *Leg) {
			if l.Gate.Portal != "" {
				t.Errorf("gate %s names %q", l.Gate.Gate, l.Gate.Portal)
			}
			yes(r, l)
		})
	})
}
