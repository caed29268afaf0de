package world

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/lab/estate"
)

func TestS14AllowedOperationsFollowTheState(t *testing.T) {
	for state, want := range map[string]string{
		Protected: "PlannedFailover", FailoverPending: "Commit", UnplannedPending: "Commit", FailedOver: "Failback",
		UnplannedDone: "Failback", FailbackPending: "FinalizeFailback", FailbackFinal: "ReverseReplicate",
		InitialReplication: "DisableProtection", InitialWaiting: "DisableProtection",
	} {
		idle := Item{Protection: state}
		if !idle.offers(want) {
			t.Errorf("%s offers %v", state, idle.Allowed())
		}
		working := Item{Protection: state, Scenario: Scenario{Name: "PlannedFailover", Job: "j"}}
		if state != InitialReplication && len(working.Allowed()) != 0 {
			t.Errorf("%s offers %v while a job works on it", state, working.Allowed())
		}
	}
}

func TestS13HeartbeatsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for age, connected := range map[time.Duration]bool{0: true, 5 * time.Minute: true, time.Hour: false} {
			s := &State{Conditions: []*Condition{{What: estate.HeartbeatOld, Host: "hv01", Since: time.Now(), Age: age}}}
			if age == 0 {
				s.Conditions = nil
			}
			at, ok := s.Heartbeat(&Host{Host: estate.Host{Name: "hv01"}})
			if ok != connected || time.Since(at).Round(time.Minute) != age {
				t.Errorf("%v: connected %v, %v ago", age, ok, time.Since(at))
			}
		}
	})
}

func TestConditionsHoldForTheirTimeAndHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &State{
			Items:  []*Item{{Name: "app01", Host: "hv01"}},
			Faults: newFaults([]estate.Fault{{When: estate.AtInitialSync, What: estate.HostUnreachable, Item: "app01", For: time.Minute}}),
		}
		wall := func(d time.Duration) time.Duration { return d / 10 }
		s.begin(estate.AtInitialSync, "other", "hv02", wall)
		if len(s.Conditions) != 0 {
			t.Error("it began with another item")
		}
		s.begin(estate.AtInitialSync, "app01", "hv01", wall)
		_, here := s.Holds(estate.HostUnreachable, "hv01")
		_, there := s.Holds(estate.HostUnreachable, "hv02")
		time.Sleep(6 * time.Second)
		_, later := s.Holds(estate.HostUnreachable, "hv01")
		if !here || there || later {
			t.Errorf("here %v, there %v, later %v", here, there, later)
		}
	})
}

func TestBlockMapsCountWhatDiffers(t *testing.T) {
	then := blockMap{1: 10, 2: 20, 3: 30}
	current := blockMap{1: 10, 2: 21, 4: 40}
	if n := then.differs(current); n != 3 {
		t.Errorf("%d blocks differ", n)
	}
}

func TestIDsFollowFromTheSeed(t *testing.T) {
	a, b, c := &State{Seed: 1}, &State{Seed: 1}, &State{Seed: 2}
	first := []string{a.mint(), a.mint()}
	if !slices.Equal(first, []string{b.mint(), b.mint()}) || first[0] == c.mint() || first[0] == first[1] || len(first[0]) != 36 {
		t.Errorf("%v", first)
	}
}
