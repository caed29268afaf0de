package engine

import (
	"context"
	"time"
)

// Inventory is what the vault knows. All methods read, may be retried and are
// safe for concurrent use. A missing thing is a [Failure] of kind not-found,
// missing rights one of kind permission.
type Inventory interface {
	// Items lists every replicated item of the vault, those out of scope
	// included, with unique names, sorted by name.
	Items(ctx context.Context) ([]Item, error)
	// Item reads one item afresh. Decisions are made on this, not on a list.
	Item(ctx context.Context, id string) (Item, error)
	// RecoveryPoints lists the recovery points of an item, newest first. An item
	// that runs in Azure has none once that failover is committed.
	RecoveryPoints(ctx context.Context, id string) ([]RecoveryPoint, error)
	// Hosts lists the registered hosts and VMM servers, sorted by name.
	Hosts(ctx context.Context) ([]Host, error)
	// RecoveryPlans lists the vault's recovery plans, sorted by name.
	RecoveryPlans(ctx context.Context) ([]RecoveryPlan, error)
	// Jobs lists jobs, newest first. List rows are thin: no tasks, no direction.
	Jobs(ctx context.Context) ([]Job, error)
	// Job reads one job whole, by its name.
	Job(ctx context.Context, name string) (Job, error)
}

// Browser is an [Inventory] that also shows a long list of items while it is read.
type Browser interface {
	// Browse is [Inventory.Items]. Meanwhile it hands over what came, page by page,
	// from one goroutine: names that are not unique yet, no damage, in no order. They
	// are for looking at; nothing is decided on them.
	Browse(ctx context.Context, came func([]Item)) ([]Item, error)
}

// StartRequest asks for a planned failover of one item.
type StartRequest struct {
	Item      Item
	Direction Direction
	Sync      SyncOption
	// CreateVM lets Site Recovery create the VM where it does not exist.
	CreateVM bool
	// HostID is the provider id of the alternate host, empty for the original
	// location or where VMM places the VM.
	HostID string
	// RequestID is the client request id: it comes back in the job's activity id.
	RequestID string
	// Run is the run that asks: the jobs of one run share its limit.
	Run RunID
	// Certificate is the PFX for a VMM item with retired encryption, sent only
	// where the request has a field for it (on-premises → Azure). May be nil.
	Certificate *Certificate
	// RecoveryPoint is the id of the point to bring up in Azure, empty for the
	// latest. The request to fail back has no field for it.
	RecoveryPoint string
}

// Failover is what Site Recovery can be told to do. Every method sends its
// request exactly once, is not idempotent and must never be repeated without
// looking first ([Inventory.Item], [Inventory.Jobs]). A nil error means the
// service accepted, not that the job finished. A lost answer, or a server error
// that may have come after acceptance, is a [Failure] of kind unknown-outcome.
type Failover interface {
	// Start begins a planned failover and returns the job's name.
	Start(ctx context.Context, r StartRequest) (job string, err error)
	// Complete resumes a failback job that waits after its data
	// synchronisation ("Complete failover").
	Complete(ctx context.Context, job, comment, requestID string) error
	// Commit commits a failover; after a failback this deletes the Azure VM
	// and its disks. It is refused where the vault offers another commit now than
	// the item that was read. It returns the job's name.
	Commit(ctx context.Context, it Item, requestID string) (job string, err error)
	// Reprotect starts reverse replication and returns the job's name.
	Reprotect(ctx context.Context, it Item, requestID string) (job string, err error)
	// Cancel cancels a running or waiting job.
	Cancel(ctx context.Context, job, requestID string) error
}

// PlanStart asks for a planned failover of a whole recovery plan. There is no
// host: Site Recovery places every VM itself.
type PlanStart struct {
	Plan      string // resource id of the recovery plan
	Direction Direction
	Sync      SyncOption
	CreateVM  bool // let VMs be created where they do not exist
	RequestID string
	// Point is for [ToAzure] only; empty for the latest.
	Point PlanPoint
	// Certificate is as in [StartRequest].
	Certificate *Certificate
}

// PlanFailover is what Site Recovery can be told to do with a whole recovery plan.
// Its methods keep the rules of [Failover]: sent exactly once, never repeated
// without looking. The job's name is found as the service tells it; it is not the
// operation's. Where the service accepted and its job can't be found, that is an
// unknown outcome.
type PlanFailover interface {
	// RecoveryPlan reads one recovery plan afresh, by its resource id.
	RecoveryPlan(ctx context.Context, id string) (RecoveryPlan, error)
	// StartPlan begins a planned failover of all the recovery plan's items.
	StartPlan(ctx context.Context, r PlanStart) (job string, err error)
	// CommitPlan commits the last failover of every item that has one to commit.
	CommitPlan(ctx context.Context, plan, requestID string) (job string, err error)
	// ReprotectPlan starts reverse replication of the items.
	ReprotectPlan(ctx context.Context, plan, requestID string) (job string, err error)
	// FinishManual resumes a job that waits for the manual action of that task. A
	// job that waits for anything else, or for another action, is refused.
	FinishManual(ctx context.Context, job, taskID, comment, requestID string) error
}

// HostAccess is what can be read from and done on a Hyper-V host. Reading
// methods may be repeated; a host that does not answer is a [Failure] of kind
// retryable. VMs are named by Hyper-V GUID, never by name.
type HostAccess interface {
	Facts(ctx context.Context, host string) (HostFacts, error)
	VM(ctx context.Context, host, vmID string) (VM, error)
	// Reach says whether the host can connect to these names at port 443, directly, and
	// before them to where the cloud is signed in to. Nothing is sent to them.
	Reach(ctx context.Context, host string, names []string) (HostWay, error)
	// VMs lists the host's VMs: an alternate location looks for name clashes.
	VMs(ctx context.Context, host string) ([]VM, error)
	// Start starts a VM that is off. Callers go through [StartOnPremises], which
	// refuses a damaged one.
	Start(ctx context.Context, host, vmID string) error
	// Guard sets (mark non-empty) or lifts (mark empty) the start guard of a
	// damaged VM: no automatic start, and the mark in its notes.
	Guard(ctx context.Context, host, vmID, mark string) error
	// Activity reads the agent's transfer counters.
	Activity(ctx context.Context, host string) (Activity, error)
	// DiskSums returns the checksums that the mover left beside the VM's disks
	// when the last synchronisation ended. Not-found where there are none.
	DiskSums(ctx context.Context, host, vmID string) ([]DiskSum, error)
	// Threads reads the download threads of the host's agent.
	Threads(ctx context.Context, host string) (DownloadThreads, error)
	// SetThreads changes them and reads them back. It is refused, and changes
	// nothing, where they are not what the change expects. Sent once; a lost answer is
	// of kind unknown-outcome.
	SetThreads(ctx context.Context, host string, c ThreadChange) error
}

// AzureAccess is the Azure copy: its power and its disks.
type AzureAccess interface {
	// Power reads the power state; a VM that does not exist is PowerDeleted.
	Power(ctx context.Context, vm AzureVMRef) (Power, error)
	// Deallocate asks Azure to stop and deallocate the VM. A nil error means
	// accepted: callers poll Power. Safe to repeat.
	Deallocate(ctx context.Context, vm AzureVMRef) error
	// Allocated returns how many bytes of the disk's page blob hold data.
	Allocated(ctx context.Context, d Disk) (int64, error)
	// DiskSum reads the whole disk and returns its checksum. It reads what is
	// allocated and takes the rest as zeros. report may be nil; it is called
	// on the calling goroutine.
	DiskSum(ctx context.Context, d Disk, report func(done, total int64)) (DiskSum, error)
}

// Ports are the ways in which a run touches the world.
type Ports struct {
	Inventory Inventory
	Failover  Failover
	Plans     PlanFailover
	Hosts     HostAccess
	Azure     AzureAccess
	// JumpBox is what can be tried from here; nil where nothing can.
	JumpBox JumpBox
	// Direct is for plans without Site Recovery alone; nil elsewhere.
	Direct DirectDesk
}

// Connection is an open vault with its hosts, real or rehearsed.
type Connection struct {
	Name      string // profile or estate
	Vault     string
	Rehearsal bool // nothing real is at stake
	Ports     Ports
	// Direct returns the ports of a plan that has [Plan.Direct]; nil where the
	// connection knows no failback without Site Recovery. It may be called again for the
	// same plan and goes on with what its run has begun then.
	Direct func(Plan) (Ports, error)
	// Jobs is for operators who look after jobs themselves; runs do without it.
	Jobs JobDesk
	// Hosts is for operators who look after hosts themselves; runs do without it.
	Hosts HostDesk
	// Reaches are the hosts that the connection has an address and a sign-in of, by the
	// names that the profile or the estate gives them, sorted. The vault need not know
	// them.
	Reaches []string
	// Poll is the interval between two looks at a job or a power state.
	Poll time.Duration
	// Traffic tells how many requests the connection sends; it is safe for
	// concurrent use. Nil where nobody counts.
	Traffic func() Traffic
	// Prove are the ports that a plan for this vault wants of every machine, where it
	// names none of its own.
	Prove []ProofPort
	// Rates are what the connection knows of its speeds; zero fields mean
	// "take the documented value".
	Rates Rates
	// Close lets go of the connection. It never cancels anything remote.
	Close func() error
}

// PortsFor are the ports that a plan is carried out through.
func (c *Connection) PortsFor(p Plan) (Ports, error) {
	if p.Direct == nil {
		return c.Ports, nil
	}
	if c.Direct == nil {
		return Ports{}, Refuse("open the plan", c.Name, "this connection knows no failback without Site Recovery", "make the plan without direct")
	}
	return c.Direct(p)
}

// Rates are speeds for the forecast of a run.
type Rates struct {
	Compare int64         `json:"compare,omitempty"` // bytes a second, checksums
	Link    int64         `json:"link,omitempty"`    // bytes a second, download
	Change  int64         `json:"change,omitempty"`  // bytes an hour the guest rewrites
	Prepare time.Duration `json:"prepare,omitempty"`
	Stop    time.Duration `json:"stop,omitempty"`
	Boot    time.Duration `json:"boot,omitempty"`
}
