package management

import (
	"net/http"
	"path"
	"strings"

	"failback/providers/lab/estate"
	"failback/providers/lab/world"
)

var moments = map[string]estate.Moment{
	"plannedfailover": estate.OnStart, "failovercommit": estate.OnCommit, "reprotect": estate.OnReprotect,
	"resume": estate.OnComplete, "cancel": estate.OnCancel, "deallocate": estate.OnDeallocate, "poweroff": estate.OnDeallocate,
	"begingetaccess": estate.OnAccess,
}

// strikes lets a fault of the estate happen to the request, and reports whether
// it was answered by that.
func (c *call) strikes() bool {
	when := estate.OnRead
	if c.r.Method != http.MethodGet {
		when = moments[strings.ToLower(path.Base(c.r.URL.Path))]
	}
	if c.r.Method == http.MethodPut && c.path.after("replicationProtectedItems") != "" {
		when = estate.OnReprotect
	}
	if c.r.Method == http.MethodDelete {
		when = estate.OnDelete
	}
	if c.r.Method == http.MethodPut && c.path.after("snapshots") != "" {
		when = estate.OnSnapshot
	}
	f := c.world.StrikeRequest(when, c.subject())
	if f == nil {
		return false
	}
	switch f.What {
	case estate.Throttled:
		c.w.Header().Set("Retry-After", itoa(max(1, int(f.RetryAfter.Seconds()))))
		c.fail(&world.Refusal{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "The number of requests for the subscription has exceeded the limit. Please try again later."})
	case estate.LostAnswer:
		c.routeUnseen()
		c.log()
		panic(http.ErrAbortHandler) // the server breaks the connection
	case estate.ErrorAfterAccept:
		c.routeUnseen()
		c.fail(serverError())
	default:
		c.fail(serverError())
	}
	return true
}

func serverError() *world.Refusal {
	return &world.Refusal{Status: http.StatusInternalServerError, Code: "InternalServerError", Message: "The server encountered an internal error. Please retry the request."}
}

// subject is the item that a request is about, as far as the path tells.
func (c *call) subject() (item string) {
	if item = c.path.after("replicationProtectedItems"); item != "" {
		return c.nameOf(item)
	}
	c.world.Read(func(s *world.State) {
		if j := s.Job(c.path.after("replicationJobs")); j != nil {
			item = j.Item
		}
		if v := s.AzureVM(c.path.after("virtualMachines")); v != nil {
			item = v.Item
		}
		if it, _ := s.ManagedDisk(c.path.after("disks")); it != nil {
			item = it.Name
		}
		if v, _ := s.NIC(c.path.after("networkInterfaces")); v != nil {
			item = v.Item
		}
		if snap := s.Snapshot(c.path.after("snapshots")); snap != nil {
			if it, _ := s.ManagedDisk(snap.Disk); it != nil {
				item = it.Name
			}
		}
	})
	return item
}

// routeUnseen does what was asked and throws the answer away.
func (c *call) routeUnseen() {
	seen := c.w
	c.w, c.quiet = unseen{http.Header{}}, true
	c.route()
	c.w, c.quiet, c.status = seen, false, 0
}

type unseen struct{ header http.Header }

func (u unseen) Header() http.Header         { return u.header }
func (u unseen) Write(p []byte) (int, error) { return len(p), nil }
func (u unseen) WriteHeader(int)             {}
