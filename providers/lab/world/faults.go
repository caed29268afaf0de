package world

import (
	"slices"
	"time"

	"failback/providers/lab/estate"
)

// Fault is a fault of the estate and how often it may still strike.
type Fault struct {
	estate.Fault
	Left int `json:"left"` // below zero: for ever
}

// Condition is a fault that holds: a host that is unreachable, a full volume.
type Condition struct {
	What  estate.Trouble `json:"what"`
	Host  string         `json:"host,omitempty"` // empty: every host
	Since time.Time      `json:"since"`
	Until time.Time      `json:"until,omitzero"` // zero: until a reset
	Age   time.Duration  `json:"age,omitempty"`
}

func newFaults(list []estate.Fault) []*Fault {
	faults := make([]*Fault, 0, len(list))
	for _, f := range list {
		left := f.Times
		if left == 0 {
			left = 1
		}
		faults = append(faults, &Fault{Fault: f, Left: left})
	}
	return faults
}

func (f *Fault) fits(when estate.Moment, item, host string) bool {
	return f.Left != 0 && f.When == when && (f.Item == "" || f.Item == item) && (f.Host == "" || f.Host == host)
}

// strike takes the first trouble of one of the wanted kinds that is due at this
// moment, and counts it as used. nil where nothing goes wrong.
func (w *World) strike(when estate.Moment, item, host string, wanted ...estate.Trouble) *estate.Fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := find(w.state.Faults, func(f *Fault) bool { return f.fits(when, item, host) && slices.Contains(wanted, f.What) })
	if f == nil {
		return nil
	}
	f.Left--
	struck := f.Fault
	_ = save(w.dir, w.state) // a fault that could not be saved strikes once more later
	return &struck
}

// reach tells the faults that a moment has come: conditions begin to hold.
func (w *World) reach(when estate.Moment, item, host string) error {
	return w.change(func(s *State) { s.begin(when, item, host, w.wall) })
}

func (s *State) begin(when estate.Moment, item, host string, wall func(time.Duration) time.Duration) {
	for _, f := range s.Faults {
		standing := when == estate.Always && f.When == when && f.Left != 0
		if !f.What.Condition() || !standing && !f.fits(when, item, host) {
			continue
		}
		f.Left--
		c := &Condition{What: f.What, Host: f.Host, Since: time.Now(), Age: f.Age}
		if it := s.Item(f.Item); c.Host == "" && it != nil {
			c.Host = it.Host
		}
		if c.Host == "" {
			c.Host = host
		}
		if f.For > 0 {
			c.Until = c.Since.Add(wall(f.For))
		}
		s.Conditions = append(s.Conditions, c)
	}
}

// Holds returns the condition of that kind that holds for a host now.
func (s *State) Holds(what estate.Trouble, host string) (Condition, bool) {
	now := time.Now()
	c := find(s.Conditions, func(c *Condition) bool {
		return c.What == what && (c.Host == "" || c.Host == host) && (c.Until.IsZero() || now.Before(c.Until))
	})
	if c == nil {
		return Condition{}, false
	}
	return *c, true
}

// Heartbeat is when the host's provider was last heard of, and whether it is
// connected: not while the host is unreachable, and not when it has been silent
// for a quarter of an hour.
func (s *State) Heartbeat(h *Host) (at time.Time, connected bool) {
	const silent = 15 * time.Minute
	at = time.Now().Add(-h.HeartbeatAge).Truncate(time.Second)
	if c, ok := s.Holds(estate.HeartbeatOld, h.Name); ok {
		at = at.Add(-max(c.Age, 0))
		if c.Age == 0 {
			at = c.Since.Add(-time.Hour)
		}
	}
	if c, ok := s.Holds(estate.HostUnreachable, h.Name); ok {
		if c.Since.Before(at) {
			at = c.Since
		}
		return at, false
	}
	return at, time.Since(at) < silent
}

// StrikeDisk takes the trouble that is due for a request for a disk in Azure.
func (w *World) StrikeDisk(when estate.Moment, blob string) *estate.Fault {
	item := ""
	w.Read(func(s *State) {
		if len(s.Faults) == 0 {
			return
		}
		for _, it := range s.Items {
			if slices.ContainsFunc(it.Disks, func(d *Disk) bool { return d.Blob == blob }) {
				item = it.Name
			}
		}
	})
	return w.strike(when, item, "", estate.Throttled, estate.ServerError, estate.TimedOut, estate.LostAnswer, estate.ShortAnswer,
		estate.FlippedByte, estate.RepeatedPage, estate.DroppedRange, estate.NoDiff, estate.AccessRevoked)
}

// BlobRates are what the storage account gives of one blob a second.
func (w *World) BlobRates() (bytes int64, requests int) {
	w.Read(func(s *State) { bytes, requests = int64(s.Rates.Blob), s.Rates.BlobRequests })
	return bytes, requests
}

// StrikeRequest takes the trouble that is due for a request.
func (w *World) StrikeRequest(when estate.Moment, item string) *estate.Fault {
	return w.strike(when, item, "", estate.Throttled, estate.ServerError, estate.ErrorAfterAccept, estate.LostAnswer)
}
