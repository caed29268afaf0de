package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// breaking is a journal that can't be written any more from a moment on.
type breaking struct {
	memory
	at time.Time
}

func (b *breaking) Append(e Event) error {
	if !time.Now().Before(b.at) {
		return errBroken
	}
	return b.memory.Append(e)
}

// A leg that waits for others, at its group or at a gate, ends when the journal
// can't be kept any more: nobody waits for facts that nobody will write.
func TestABrokenJournalEndsLegsThatWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := testPlan(SyncFull)
		p.Items[0].Group, p.Items[1].Group = 1, 2
		rec := &breaking{at: time.Now().Add(time.Hour)}
		s := opening(t, rec, p)
		r := &Runner{Stream: s, Poll: time.Second, NewID: func() string { return "r" }}
		// The first group is still being looked at when the journal breaks.
		r.Preflight = func(_ context.Context, _ Ports, _ Plan, it PlanItem, emit func(Finding)) error {
			if it.Group == 1 {
				time.Sleep(2 * time.Hour)
			}
			emit(Finding{Rule: "r", Verdict: VerdictOK})
			return nil
		}
		if _, err := r.Run(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("the run ended with %v", err)
		}
	})
}

// Waiting for the next poll ends with the journal, too: a job in Azure may take
// hours to change anything that would have to be written.
func TestAPollEndsWithTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &breaking{at: time.Now().Add(time.Hour)}
		s := opening(t, rec, testPlan(SyncDelta))
		l := &leg{r: &Runner{Stream: s, Poll: time.Second}, item: PlanItem{Name: "web01"}}
		if err := l.pause(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if err := s.Emit("web01", PhaseNone, Noted{"info", "n"}); !errors.Is(err, errBroken) {
			t.Fatal(err)
		}
		if err := l.pause(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("it waits on: %v", err)
		}
	})
}
