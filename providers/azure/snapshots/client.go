package snapshots

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// Prefix begins the names of all snapshots that are made here.
const Prefix = "failback-"

// The tags of all snapshots that are made here.
const (
	TagRun = "failback-run" // the id of the run that made it
	TagSet = "failback-set" // the name of its set
)

// The rights that the requests need, as Azure's roles name them. The built-in
// role Disk Snapshot Contributor has those on snapshots.
const (
	actionReadMachine                 = azure.ActionReadMachine
	actionReadDisk                    = azure.ActionReadManagedDisk
	actionReadSnapshot                = azure.ActionReadSnapshot
	actionTakeSnapshot                = azure.ActionTakeSnapshot
	actionDeleteSnapshot              = azure.ActionDeleteSnapshot
	actionLend                        = azure.ActionLend
	actionReadPoint      azure.Action = "Microsoft.Compute/restorePointCollections/read"
	actionTakePoint      azure.Action = "Microsoft.Compute/restorePointCollections/restorePoints/write"
	actionDeletePoint    azure.Action = "Microsoft.Compute/restorePointCollections/delete"
	actionTakeBack                    = azure.ActionTakeBack
)

// defaultLend is how long a signature is good for where nobody says otherwise. It
// is renewed before it ends, so it is as short as a crash should leave it open.
const defaultLend = time.Hour

// Options say whose snapshots they are.
type Options struct {
	// Run is the id of the run: letters, digits, - and _, at most 40 of them.
	Run string
	// ResourceGroup is where snapshots are made; that of each disk where empty.
	ResourceGroup string
	// OneInstant has the set of a VM that runs and has several disks made as a restore
	// point: all disks at one instant. Otherwise each disk has an instant of its own
	// then, which is enough for a copy that is brought forward to a set of the
	// stopped VM.
	OneInstant bool
	// Lend is how long a signature is good for, an hour where zero.
	Lend time.Duration
	// Notice is told of waits, nil for nobody. It may be called concurrently.
	Notice func(Notice)
}

// Notice says that something waits, and why.
type Notice struct {
	Disk  string
	Why   string
	Until time.Time
}

// Client takes snapshots and lends them, within one subscription. It is safe for
// concurrent use.
type Client struct {
	session   *azure.Session
	options   Options
	machines  *armcompute.VirtualMachinesClient
	disks     *armcompute.DisksClient
	snapshots *armcompute.SnapshotsClient

	collections *armcompute.RestorePointCollectionsClient
	points      *armcompute.RestorePointsClient
	pointDisks  *armcompute.DiskRestorePointClient
	power       *azure.Access

	mu    sync.Mutex
	slots map[string]chan struct{} // by family: one place for each that may be lent
	lent  map[string]bool          // ids of snapshots that are lent now
}

var goodName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// New prepares a client for the session's subscription. It sends nothing.
func New(s *azure.Session, o Options) (*Client, error) {
	if !goodName.MatchString(o.Run) {
		return nil, engine.Usagef("use the run's id", "%q is no id for the tags of snapshots", o.Run)
	}
	if o.Lend <= 0 {
		o.Lend = defaultLend
	}
	c := &Client{session: s, options: o, power: azure.NewAccess(s), slots: map[string]chan struct{}{}, lent: map[string]bool{}}
	f, err := armcompute.NewClientFactory(s.Subscription(), s.Credential(), s.ClientOptions())
	if err != nil {
		return nil, azure.Call{What: "prepare to take snapshots"}.Failure(err)
	}
	c.machines, c.disks, c.snapshots = f.NewVirtualMachinesClient(), f.NewDisksClient(), f.NewSnapshotsClient()
	c.collections, c.points, c.pointDisks = f.NewRestorePointCollectionsClient(), f.NewRestorePointsClient(), f.NewDiskRestorePointClient()
	return c, nil
}

func (c *Client) notice(n Notice) {
	if c.options.Notice != nil {
		c.options.Notice(n)
	}
}

// place splits the id of a resource, and refuses one of another subscription.
func (c *Client) place(call azure.Call, id string) (group, name string, err error) {
	r, err := arm.ParseResourceID(id)
	if err != nil || r.ResourceGroupName == "" {
		return "", "", engine.Refuse(call.What, call.Where, "the id "+id+" is not that of a resource", "copy it from the portal or from az resource show")
	}
	if !strings.EqualFold(r.SubscriptionID, c.session.Subscription()) {
		return "", "", engine.Refuse(call.What, call.Where, "it lies in subscription "+r.SubscriptionID, "name a profile for that subscription")
	}
	return r.ResourceGroupName, r.Name, nil
}

// pollEvery is how often something that is being made is looked at.
const pollEvery = 2 * time.Second

var polling = &runtime.PollUntilDoneOptions{Frequency: pollEvery}

// cleanUpTime bounds what is tidied up after the caller's context has ended.
const cleanUpTime = 2 * time.Minute

// tidily is a context for tidying up: the caller's end does not end it.
func tidily(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// failureOf is the failure in err, an empty one where there is none.
func failureOf(err error) engine.Failure {
	var f *engine.Failure
	if errors.As(err, &f) {
		return *f
	}
	return engine.Failure{}
}
