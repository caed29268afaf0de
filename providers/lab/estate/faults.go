package estate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Moment is when a fault strikes.
type Moment string

// The moments. Those of requests strike when the management server is called,
// those of disks when the storage server is, the others when a job reaches that
// point.
const (
	Always        Moment = "always"
	OnRead        Moment = "read"  // any GET
	OnStart       Moment = "start" // POST plannedFailover
	OnComplete    Moment = "complete"
	OnCancel      Moment = "cancel"
	OnCommit      Moment = "commit"
	OnReprotect   Moment = "reprotect"
	OnDeallocate  Moment = "deallocate"
	OnSnapshot    Moment = "snapshot"  // PUT of a managed disk's snapshot
	OnAccess      Moment = "access"    // POST beginGetAccess
	OnDelete      Moment = "delete"    // DELETE of a VM, a disk, a snapshot or a network interface
	OnDiskRead    Moment = "disk-read" // bytes of a disk in Azure are read
	OnDiskList    Moment = "disk-list" // its page ranges are listed
	OnDiskDiff    Moment = "disk-diff" // what changed since a snapshot is listed
	AtPrepare     Moment = "prepare"
	AtInitialSync Moment = "initial-sync"
	AtStop        Moment = "stop"
	AtFinalSync   Moment = "final-sync"
	AtBoot        Moment = "boot"
	AtCommitting  Moment = "committing"
	AtProtecting  Moment = "protecting"
)

// Trouble is what goes wrong.
type Trouble string

// Troubles of requests.
const (
	Throttled        Trouble = "throttled"          // 429 with Retry-After
	ServerError      Trouble = "server-error"       // 500, nothing was done
	ErrorAfterAccept Trouble = "server-error-after" // 500, but the request was accepted
	LostAnswer       Trouble = "lost-answer"        // accepted, then the connection breaks
	ManagedRefused   Trouble = "managed-refused"    // failback to blobs only: a managed disk is refused
)

// Troubles of the storage server.
const (
	TimedOut      Trouble = "timed-out"      // 500 OperationTimedOut
	ShortAnswer   Trouble = "short-answer"   // half of the range, as if that were all
	FlippedByte   Trouble = "flipped-byte"   // other bytes than were summed
	RepeatedPage  Trouble = "repeated-page"  // a page of a list twice
	DroppedRange  Trouble = "dropped-range"  // a list misses a range
	NoDiff        Trouble = "no-diff"        // everything, as if it had changed
	AccessRevoked Trouble = "access-revoked" // the signature ends before its time
)

// What an organisation's rules make of a snapshot of a managed disk.
const (
	ExportDenied  Trouble = "export-denied"  // nobody may export it
	ExportPrivate Trouble = "export-private" // only through a private endpoint, which the lab is not
	ExportSignIn  Trouble = "export-sign-in" // reading it needs a token beside the signature
)

// Conditions: they hold from their moment on, for a time or for good.
const (
	HostUnreachable Trouble = "host-unreachable"
	HeartbeatOld    Trouble = "heartbeat-old"
	SwitchMissing   Trouble = "switch-missing"
	VolumeFull      Trouble = "volume-full"
)

// Troubles of jobs.
const (
	SyncStalls       Trouble = "sync-stalls"        // no byte moves for a while
	DropChangedRange Trouble = "drop-changed-range" // one changed range is lost on the way
	StopLies         Trouble = "stop-lies"          // the stop says OK, the VM runs on
	NoBoot           Trouble = "no-boot"            // the VM starts, its guest never answers
	BootLoops        Trouble = "boot-loops"         // its guest begins again and again
	BootsToRecovery  Trouble = "boots-to-recovery"  // a recovery console: a heartbeat, no network
	HeartbeatLies    Trouble = "heartbeat-lies"     // a good heartbeat and an old address, nothing answers
	Restarts         Trouble = "restarts"           // its guest restarts once and is well then
	WrongAddress     Trouble = "wrong-address"      // its guest has another address than it had
	PortsClosed      Trouble = "ports-closed"       // its guest is up, its services are not
	StartFails       Trouble = "start-fails"        // the VM is not started, the data is home
	JobFails         Trouble = "job-fails"          // the job ends with a Site Recovery error
	JobWarns         Trouble = "job-warns"          // the job ends well, with a warning
	FullResync       Trouble = "full-resync"        // replication starts from nothing
	ForeignStart     Trouble = "foreign-start"      // somebody starts the on-premises VM
)

var requestMoments = []Moment{OnStart, OnComplete, OnCancel, OnCommit, OnReprotect, OnDeallocate, OnSnapshot, OnAccess, OnDelete}

var diskMoments = []Moment{OnDiskRead, OnDiskList, OnDiskDiff}

var jobMoments = []Moment{AtPrepare, AtInitialSync, AtStop, AtFinalSync, AtBoot, AtCommitting, AtProtecting}

var conditions = []Trouble{HostUnreachable, HeartbeatOld, SwitchMissing, VolumeFull}

// moments says at which moments a trouble can strike.
var moments = map[Trouble][]Moment{
	Throttled:        slices.Concat([]Moment{OnRead}, requestMoments, diskMoments),
	ServerError:      slices.Concat([]Moment{OnRead}, requestMoments, diskMoments),
	ErrorAfterAccept: requestMoments,
	LostAnswer:       slices.Concat(requestMoments, diskMoments),
	TimedOut:         diskMoments,
	ShortAnswer:      {OnDiskRead},
	FlippedByte:      {OnDiskRead},
	RepeatedPage:     {OnDiskList, OnDiskDiff},
	DroppedRange:     {OnDiskList, OnDiskDiff},
	NoDiff:           {OnDiskDiff},
	AccessRevoked:    {OnDiskRead},
	ExportDenied:     {OnSnapshot},
	ExportPrivate:    {OnSnapshot},
	ExportSignIn:     {OnSnapshot},
	ManagedRefused:   {OnStart},
	HostUnreachable:  append([]Moment{Always}, jobMoments...),
	HeartbeatOld:     append([]Moment{Always}, jobMoments...),
	SwitchMissing:    append([]Moment{Always}, jobMoments...),
	VolumeFull:       append([]Moment{Always}, jobMoments...),
	SyncStalls:       {AtInitialSync, AtFinalSync},
	DropChangedRange: {AtFinalSync},
	StopLies:         {AtStop, OnDeallocate},
	NoBoot:           {AtBoot},
	BootLoops:        {AtBoot},
	BootsToRecovery:  {AtBoot},
	HeartbeatLies:    {AtBoot},
	Restarts:         {AtBoot},
	WrongAddress:     {AtBoot},
	PortsClosed:      {AtBoot},
	StartFails:       {AtBoot},
	JobFails:         jobMoments,
	JobWarns:         jobMoments,
	FullResync:       {AtProtecting},
	ForeignStart:     {AtInitialSync},
}

// Condition reports whether the trouble is a state that lasts rather than an
// event that strikes.
func (t Trouble) Condition() bool { return slices.Contains(conditions, t) }

// Troubles lists what can go wrong, sorted.
func Troubles() []Trouble { return slices.Sorted(maps.Keys(moments)) }

func (f Fault) check(names map[string]bool, hosts map[string]bool) error {
	at, known := moments[f.What]
	switch {
	case !known:
		return fmt.Errorf("what: unknown trouble %q", f.What)
	case !slices.Contains(at, f.When):
		return fmt.Errorf("when: %s cannot strike at %q (%s)", f.What, f.When, joinMoments(at))
	case f.Item != "" && !names[f.Item]:
		return fmt.Errorf("item: there is no item %q", f.Item)
	case f.Host != "" && !hosts[f.Host]:
		return fmt.Errorf("host: there is no host %q", f.Host)
	case f.Times < 0:
		return fmt.Errorf("times: %d is negative", f.Times)
	}
	return nil
}

func joinMoments(ms []Moment) string {
	words := make([]string, len(ms))
	for i, m := range ms {
		words[i] = string(m)
	}
	return "only at " + strings.Join(words, ", ")
}
