package snapshots_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure/snapshots"
)

// disk is a target in memory.
type disk struct{ p []byte }

func (d *disk) ReadAt(p []byte, off int64) (int, error)  { return copy(p, d.p[off:]), nil }
func (d *disk) WriteAt(p []byte, off int64) (int, error) { return copy(d.p[off:], p), nil }
func (d *disk) Sync() error                              { return nil }

// TestS28ASetHasEveryDiskOfTheVM takes one while the VM runs and one when it is
// deallocated, and reads what happened between.
func TestS28ASetHasEveryDiskOfTheVM(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		first, err := c.Take(r.Context(), r.vm, "initial")
		must(t, err)
		if len(first.Snapshots) != 3 || first.Consistency != snapshots.PerDisk || first.VM != "db01" || first.Taken.IsZero() {
			t.Fatalf("%+v", first)
		}
		for _, s := range first.Snapshots {
			if s.Run != "run-1" || s.Set != "initial" || s.Taken.Sub(first.Taken) > first.Spread || !strings.HasPrefix(s.Name, snapshots.Prefix) {
				t.Errorf("%+v", s)
			}
		}
		time.Sleep(5 * time.Second) // the guest goes on writing
		_, err = r.lab.World().Deallocate("db01")
		must(t, err)
		time.Sleep(time.Minute)
		final, err := c.Take(r.Context(), r.vm, "final")
		must(t, err)
		if final.Consistency != snapshots.CrashConsistent {
			t.Errorf("of a stopped VM: %s", final.Consistency)
		}
		changed := int64(0)
		for i := range first.Snapshots {
			changed += r.followed(c, first.Snapshots[i], final.Snapshots[i])
		}
		if changed == 0 {
			t.Error("the guest changed nothing: the test shows nothing")
		}
		must(t, c.Delete(r.Context(), first))
		must(t, c.Delete(r.Context(), final))
		must(t, c.Delete(r.Context(), final)) // gone already
		if left := r.there(); len(left) > 0 || r.lent() > 0 {
			t.Errorf("left %v", left)
		}
	})
}

// followed copies the older snapshot, applies the changes, and holds the result
// against the newer one.
func (r *rig) followed(c *snapshots.Client, first, final snapshots.Snapshot) int64 {
	r.Helper()
	older, err := c.Lend(r.Context(), first)
	must(r, err)
	newer, err := c.Lend(r.Context(), final)
	must(r, err)
	to := &disk{p: make([]byte, older.Size())}
	_, err = transfer.Copy(r.Context(), older, to, transfer.Options{Renew: older.Renew})
	must(r, err)
	changes, err := newer.Changes(r.Context(), older)
	must(r, err)
	full, err := newer.Extents(r.Context())
	must(r, err)
	must(r, transfer.CheckDiff(changes, full))
	_, err = transfer.Apply(r.Context(), newer, changes, to, transfer.Options{Renew: newer.Renew})
	must(r, err)
	want := make([]byte, newer.Size())
	must(r, newer.ReadAt(r.Context(), want, 0))
	if !bytes.Equal(to.p, want) {
		r.Error("the changes do not lead from the one to the other")
	}
	if tally := newer.Checked(); tally.CRC64 < int64(len(want)) {
		r.Errorf("checked %+v", tally)
	}
	must(r, newer.Close(r.Context()))
	must(r, older.Close(r.Context()))
	return changes.Bytes()
}

// TestS28ARunningVMsDisksAreTakenAtOneInstant makes the set as a restore point, and
// goes on from it with snapshots of the stopped VM.
func TestS28ARunningVMsDisksAreTakenAtOneInstant(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1", func(o *snapshots.Options) { o.OneInstant = true })
		first, err := c.Take(r.Context(), r.vm, "initial")
		must(t, err)
		again, err := c.Take(r.Context(), r.vm, "initial")
		must(t, err)
		if first.Consistency != snapshots.CrashConsistent || first.Spread != 0 || len(first.Snapshots) != 3 {
			t.Fatalf("%+v", first)
		}
		for i, s := range first.Snapshots {
			if !s.Taken.Equal(first.Taken) || s.Run != "run-1" || s.Unique != again.Snapshots[i].Unique {
				t.Errorf("%+v, then %+v", s, again.Snapshots[i])
			}
		}
		time.Sleep(5 * time.Second)
		_, err = r.lab.World().Deallocate("db01")
		must(t, err)
		time.Sleep(time.Minute)
		final, err := c.Take(r.Context(), r.vm, "final")
		must(t, err)
		for i := range first.Snapshots {
			r.followed(c, first.Snapshots[i], final.Snapshots[i])
		}
		held, err := c.Lend(r.Context(), first.Snapshots[1]) // and never closed
		must(t, err)
		if left, err := c.Leftovers(r.Context(), r.vm.ResourceGroup); err != nil || len(left) != 4 {
			t.Errorf("left %+v %v", left, err)
		}
		must(t, c.Delete(r.Context(), first))
		must(t, c.Delete(r.Context(), final))
		if left, err := c.Leftovers(r.Context(), r.vm.ResourceGroup); err != nil || len(left) > 0 || len(r.there()) > 0 {
			t.Errorf("left %v %v %v", left, r.there(), err)
		}
		if err := held.ReadAt(r.Context(), make([]byte, 512), 0); err == nil {
			t.Error("what was deleted is read")
		}
	})
}

func TestS28TheEighthSnapshotInFiveMinutesWaits(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		begun := time.Now()
		for i := range 7 {
			_, err := c.Take(r.Context(), r.vm, "pass-"+string(rune('a'+i)))
			must(t, err)
		}
		if time.Since(begun) > time.Minute || len(r.notices) > 0 {
			t.Fatalf("the first seven took %v, %v", time.Since(begun), r.notices)
		}
		_, err := c.Take(r.Context(), r.vm, "pass-h")
		must(t, err)
		if took := time.Since(begun); took < 5*time.Minute || took > 6*time.Minute {
			t.Errorf("the eighth came after %v", took)
		}
		if len(r.notices) == 0 || r.notices[0].Until.Before(begun.Add(5*time.Minute-time.Second)) {
			t.Errorf("told %+v", r.notices)
		}
		// Snapshots that were deleted count for the service and can't be seen.
		r.notices, begun = nil, time.Now()
		for i := range 8 {
			set, err := c.Take(r.Context(), r.vm, "gone-"+string(rune('a'+i)))
			must(t, err)
			must(t, c.Delete(r.Context(), set))
		}
		refused := func(n snapshots.Notice) bool { return strings.Contains(n.Why, "incremental snapshots as it may have") }
		if !slices.ContainsFunc(r.notices, refused) || time.Since(begun) < 5*time.Minute {
			t.Errorf("told %+v in %v", r.notices, time.Since(begun))
		}
	})
}

// TestAnInterruptedSetIsTakenUp loses the answer of one of its requests, and later
// asks for the same set again.
func TestAnInterruptedSetIsTakenUp(t *testing.T) {
	estate := managed + "faults: [{when: snapshot, what: lost-answer}, {when: snapshot, what: server-error-after}, {when: snapshot, what: throttled, retry_after: 3s}]\n"
	inBubble(t, estate, func(r *rig) {
		first, err := r.client("run-1").Take(r.Context(), r.vm, "initial")
		must(t, err)
		again, err := r.client("run-1").Take(r.Context(), r.vm, "initial")
		must(t, err)
		for i := range first.Snapshots {
			if first.Snapshots[i].Unique != again.Snapshots[i].Unique {
				t.Errorf("%+v became %+v", first.Snapshots[i], again.Snapshots[i])
			}
		}
		if len(r.there()) != 3 {
			t.Errorf("there are %v", r.there())
		}
	})
}

// TestASetIsAllOrNothing has the last of its snapshots refused.
func TestASetIsAllOrNothing(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		var puts atomic.Int64
		r.seen = func(q *http.Request) *http.Response {
			if q.Method != http.MethodPut {
				return nil
			}
			if puts.Add(1) < 3 {
				return nil
			}
			return answer(q, http.StatusForbidden, "RequestDisallowedByPolicy", "Resource was disallowed by policy 'no snapshots'.")
		}
		_, err := r.client("run-1").Take(r.Context(), r.vm, "initial")
		var f *engine.Failure
		if !errors.As(err, &f) || f.Kind != engine.FailurePermission || !strings.Contains(f.Remedy, "exemption") {
			t.Errorf("%+v", err)
		}
		if left := r.there(); len(left) > 0 {
			t.Errorf("left %v", left)
		}
	})
}

func answer(q *http.Request, status int, code, message string) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Request: q, Header: http.Header{"Content-Type": {"application/json"}, "X-Ms-Error-Code": {code}},
		Body: io.NopCloser(strings.NewReader(`{"error":{"code":"` + code + `","message":"` + message + `"}}`)),
	}
}

func TestALoanIsRenewedBeforeItEnds(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1", func(o *snapshots.Options) { o.Lend = 10 * time.Minute })
		s, err := c.TakeDisk(r.Context(), r.disks(c)[0].ID, "copy")
		must(t, err)
		l, err := c.Lend(r.Context(), s)
		must(t, err)
		p := make([]byte, 512)
		for range 8 {
			time.Sleep(4 * time.Minute)
			must(t, l.ReadAt(r.Context(), p, 0))
			if left := time.Until(l.Until()); left <= 0 {
				t.Fatalf("the signature has %v left", left)
			}
		}
		if n := r.requests(http.MethodPost, "beginGetAccess"); n < 4 || n > 6 {
			t.Errorf("asked %d times in 32 minutes", n)
		}
		if n := r.requests(http.MethodPost, "endGetAccess"); n != 0 {
			t.Errorf("taken back %d times on the way", n)
		}
		must(t, l.Close(r.Context()))
		must(t, l.Close(r.Context()))
		if err := l.ReadAt(r.Context(), p, 0); engine.KindOf(err) != engine.FailureRefused || r.lent() != 0 {
			t.Errorf("closed: %v, %d are lent", err, r.lent())
		}
	})
}

// TestALoanThatIsTakenBackInMidRunIsAskedForAgain revokes it twice while a disk
// is copied.
func TestALoanThatIsTakenBackInMidRunIsAskedForAgain(t *testing.T) {
	estate := managed + "faults: [{when: disk-read, what: access-revoked, times: 2}]\n"
	inBubble(t, estate, func(r *rig) {
		c := r.client("run-1")
		s, err := c.TakeDisk(r.Context(), r.disks(c)[0].ID, "copy")
		must(t, err)
		// The first request of all finds the end of the disk; it meets the first one.
		var l *snapshots.Loan
		for l == nil {
			if l, err = c.Lend(r.Context(), s); err != nil && r.lent() > 0 {
				t.Fatalf("%v, and it is still lent", err)
			}
		}
		to := &disk{p: make([]byte, l.Size())}
		_, err = transfer.Copy(r.Context(), l, to, transfer.Options{Renew: l.Renew, Request: 1 << 20})
		must(t, err)
		want := make([]byte, l.Size())
		must(t, l.ReadAt(r.Context(), want, 0))
		if !bytes.Equal(to.p, want) {
			t.Error("another disk came")
		}
		must(t, l.Close(r.Context()))
	})
}

func (r *rig) disks(c *snapshots.Client) []snapshots.Disk {
	r.Helper()
	disks, err := c.Disks(r.Context(), r.vm)
	must(r, err)
	return disks
}

// TestSPlus10FiveSnapshotsOfAFamilyAreLentAtOnce has a sixth wait, and another
// program's be counted.
func TestSPlus10FiveSnapshotsOfAFamilyAreLentAtOnce(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		id := r.disks(c)[0].ID
		var taken []snapshots.Snapshot
		for i := range 6 {
			s, err := c.TakeDisk(r.Context(), id, "s-"+string(rune('a'+i)))
			must(t, err)
			taken = append(taken, s)
		}
		var loans []*snapshots.Loan
		for _, s := range taken[:5] {
			l, err := c.Lend(r.Context(), s)
			must(t, err)
			loans = append(loans, l)
		}
		if _, err := c.Lend(r.Context(), taken[0]); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("the same one twice: %v", err)
		}
		if _, err := r.client("run-2").Lend(r.Context(), taken[5]); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), taken[0].Name) {
			t.Errorf("where others read five: %v", err)
		}
		begun := time.Now()
		go func() {
			time.Sleep(time.Minute)
			must(t, loans[2].Close(context.Background()))
		}()
		l, err := c.Lend(r.Context(), taken[5])
		must(t, err)
		if time.Since(begun) < time.Minute || r.lent() != 5 {
			t.Errorf("the sixth came after %v, %d are lent", time.Since(begun), r.lent())
		}
		for _, l := range append(loans, l) {
			must(t, l.Close(r.Context()))
		}
	})
}

func TestSPlus10FiveHundredSnapshotsAreEnough(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		d := r.disks(c)[1]
		rows := make([]string, 500)
		for i := range rows {
			rows[i] = `{"name":"s","properties":{"incremental":true,"timeCreated":"2020-01-01T00:00:00Z","creationData":{"sourceResourceId":"` + strings.ToUpper(d.ID) + `"}}}`
		}
		r.seen = func(q *http.Request) *http.Response {
			if !strings.HasSuffix(q.URL.Path, "/snapshots") {
				return nil
			}
			return &http.Response{StatusCode: 200, Request: q, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(`{"value":[` + strings.Join(rows, ",") + `]}`))}
		}
		_, err := c.TakeDisk(r.Context(), d.ID, "one-too-many")
		if engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "500") || len(r.there()) > 0 {
			t.Errorf("%v", err)
		}
	})
}

// TestSPlus4SnapshotsWithoutADifference asks for one all the same.
func TestSPlus4SnapshotsWithoutADifference(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		disks := r.disks(c)
		older := r.lend(c, disks[1].ID, "older")
		newer := r.lend(c, disks[1].ID, "newer")
		other := r.lend(c, disks[0].ID, "other")
		if _, err := newer.Changes(r.Context(), older); err != nil {
			t.Errorf("of one size: %v", err)
		}
		if _, err := older.Changes(r.Context(), newer); !errors.Is(err, snapshots.ErrNoDiff) {
			t.Errorf("backwards: %v", err)
		}
		if _, err := newer.Changes(r.Context(), other); !errors.Is(err, snapshots.ErrNoDiff) || !strings.Contains(err.Error(), "family") {
			t.Errorf("of another disk: %v", err)
		}
		for _, l := range []*snapshots.Loan{older, newer, other} {
			must(t, l.Close(r.Context()))
		}
	})
}

func (r *rig) lend(c *snapshots.Client, disk, name string) *snapshots.Loan {
	r.Helper()
	s, err := c.TakeDisk(r.Context(), disk, name)
	must(r, err)
	l, err := c.Lend(r.Context(), s)
	must(r, err)
	return l
}

// TestDenialsOfAnExportAreExplained has an organisation's rules at work.
func TestDenialsOfAnExportAreExplained(t *testing.T) {
	for what, want := range map[string]struct {
		kind engine.FailureKind
		want []string
	}{
		"export-denied":  {engine.FailurePermission, []string{"DenyAll", "network access policy"}},
		"export-private": {engine.FailurePermission, []string{"private endpoint", "diskAccesses/exports"}},
	} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, managed+"faults: [{when: snapshot, what: "+what+"}]\n", func(r *rig) {
				c := r.client("run-1")
				s, err := c.TakeDisk(r.Context(), r.disks(c)[0].ID, "copy")
				must(t, err)
				_, err = c.Lend(r.Context(), s)
				var f *engine.Failure
				if !errors.As(err, &f) || f.Kind != want.kind {
					t.Fatalf("%v", err)
				}
				text := f.Error() + f.Remedy + f.Causes
				for _, w := range want.want {
					if !strings.Contains(text, w) {
						t.Errorf("%q is not in %q", w, text)
					}
				}
				if r.lent() > 0 {
					t.Error("it is still lent")
				}
				must(t, c.Remove(r.Context(), s))
			})
		})
	}
}

func TestAnExportThatNeedsASignInIsReadWithOne(t *testing.T) {
	inBubble(t, managed+"faults: [{when: snapshot, what: export-sign-in}]\n", func(r *rig) {
		c := r.client("run-1")
		l := r.lend(c, r.disks(c)[0].ID, "copy")
		must(t, l.ReadAt(r.Context(), make([]byte, 512), 0))
		must(t, l.Close(r.Context()))
	})
}

// TestLeftoversAreFoundAndNothingElseIsDeleted has snapshots of a run that
// crashed, one of a person, and one that took a name over.
func TestLeftoversAreFoundAndNothingElseIsDeleted(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		crashed := r.client("run-1")
		set, err := crashed.Take(r.Context(), r.vm, "initial")
		must(t, err)
		_, err = crashed.Lend(r.Context(), set.Snapshots[0]) // and never closed
		must(t, err)
		w := r.lab.World()
		_, err = w.SnapshotDisk("of-a-person", diskName(set.Snapshots[0]), map[string]string{"owner": "anna"})
		must(t, err)
		_, err = w.SnapshotDisk("failback-by-hand", diskName(set.Snapshots[0]), nil)
		must(t, err)
		c := r.client("run-2")
		left, err := c.Leftovers(r.Context(), r.vm.ResourceGroup)
		must(t, err)
		if len(left) != 3 || left[0].Run != "run-1" || !slices.ContainsFunc(left, func(s snapshots.Snapshot) bool { return s.Lent }) {
			t.Fatalf("found %+v", left)
		}
		person, err := c.Find(r.Context(), strings.Replace(left[0].ID, left[0].Name, "of-a-person", 1))
		must(t, err)
		if err := c.Remove(r.Context(), person); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a person's was deleted: %v", err)
		}
		pretended := person
		pretended.Run, pretended.Name = "run-2", left[0].Name
		if err := c.Delete(r.Context(), snapshots.Set{Snapshots: []snapshots.Snapshot{pretended}}); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("one that only says it is ours: %v", err)
		}
		if err := c.Delete(r.Context(), set); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("another run's set: %v", err)
		}
		for _, s := range left {
			must(t, c.Remove(r.Context(), s))
		}
		if now := r.there(); !slices.Equal(now, []string{"of-a-person", "failback-by-hand"}) || r.lent() > 0 {
			t.Errorf("there are %v", now)
		}
	})
}

func diskName(s snapshots.Snapshot) string { return s.Disk[strings.LastIndex(s.Disk, "/")+1:] }

func TestDisksThatCannotBeTaken(t *testing.T) {
	inBubble(t, managed, func(r *rig) {
		c := r.client("run-1")
		id := r.disks(c)[0].ID
		r.seen = func(q *http.Request) *http.Response {
			if !strings.Contains(q.URL.Path, "/disks/") {
				return nil
			}
			return &http.Response{StatusCode: 200, Request: q, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(
				`{"name":"ultra","location":"westeurope","properties":{"diskSizeBytes":1024,"creationData":{"createOption":"Empty","logicalSectorSize":4096}}}`))}
		}
		if _, err := c.TakeDisk(r.Context(), id, "copy"); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "4096") {
			t.Errorf("sectors of 4096 bytes: %v", err)
		}
		r.seen = nil
		if _, err := c.Disk(r.Context(), strings.ToUpper(id)); err != nil {
			t.Errorf("an id in capitals: %v", err)
		}
		if _, err := c.Find(r.Context(), id); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a disk's id for a snapshot's: %v", err)
		}
		for _, bad := range []string{"", "not an id", "/subscriptions/other/resourceGroups/g/providers/Microsoft.Compute/disks/d"} {
			if _, err := c.Disk(r.Context(), bad); engine.KindOf(err) != engine.FailureRefused {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := snapshots.New(r.session, snapshots.Options{Run: "a/b"}); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("a bad id of a run: %v", err)
		}
	})
}
