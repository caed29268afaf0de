package lab_test

import (
	"slices"
	"testing"
	"time"

	"failback/providers/lab/world"
)

// TestAgentsGetOverWhatStorageDoesToThem has every trouble of the storage server
// that a mover survives, in both synchronisations.
func TestAgentsGetOverWhatStorageDoesToThem(t *testing.T) {
	estate := oneItem + `
faults:
  - {when: disk-read, what: flipped-byte, times: 2}
  - {when: disk-read, what: short-answer}
  - {when: disk-read, what: lost-answer, times: 2}
  - {when: disk-read, what: throttled, retry_after: 2s, times: 2}
  - {when: disk-read, what: timed-out, item: app01}
  - {when: disk-list, what: server-error, times: 2}
  - {when: disk-diff, what: throttled, retry_after: 1s}
`
	inBubble(t, estate, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		r.until(job, world.Suspended)
		time.Sleep(20 * time.Second)
		r.post("/replicationJobs/"+job+"/resume", "")
		r.until(job, world.Succeeded)
		home, azure := r.sums()
		if len(home) == 0 || !slices.Equal(home, azure) {
			t.Errorf("home %v, Azure %v", home, azure)
		}
		r.World().Read(func(s *world.State) {
			for _, f := range s.Faults {
				if f.Left != 0 {
					t.Errorf("%s did not strike at %s", f.What, f.When)
				}
			}
		})
	})
}
