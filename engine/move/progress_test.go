package move_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/pace"
)

// TestS28NothingIsSaidOfTheRestBeforeItIsHonest has a stage go on evenly: the time
// left appears after some seconds, and is about right; the brake is named.
func TestS28NothingIsSaidOfTheRestBeforeItIsHonest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		brakes := &pace.Brakes{}
		tracker := move.Tracker{Stage: move.StageCopy, Brakes: brakes}
		const second = 10 << 20
		for i := range int64(30) {
			p := tracker.Add(time.Now(), transfer.Progress{Scanned: i * second, Total: 60 * second})
			if early := i < 8; p.Known == early {
				t.Errorf("after %d s the rest is known: %v", i, p.Known)
			}
			left := time.Duration(60-i) * time.Second
			if p.Known && (p.Soonest > left || p.Latest < left || p.Latest > left*11/10) {
				t.Errorf("after %d s: %v to %v, truly %v", i, p.Soonest, p.Latest, left)
			}
			if i > 1 && p.Brake != pace.BrakeTarget {
				t.Errorf("after %d s it is held back by %v", i, p.Brake)
			}
			begun := brakes.Begin()
			time.Sleep(800 * time.Millisecond)
			brakes.End(pace.BrakeTarget, begun)
			begun = brakes.Begin()
			time.Sleep(200 * time.Millisecond)
			brakes.End(pace.BrakeSource, begun)
		}
	})
}

func TestWordsOfStagesAndWays(t *testing.T) {
	for _, s := range []move.Stage{move.StageList, move.StageLook, move.StageCopy, move.StageReread, move.StageSample, move.StageHash} {
		if s.Words() == string(s) {
			t.Errorf("%q has no words", s)
		}
	}
	for _, w := range []move.Way{move.WayFull, move.WayCompare, move.WayManifest, move.WayChanges} {
		if w.Words() == string(w) {
			t.Errorf("%q has no words", w)
		}
	}
}

func TestLevelsTravelByTheirNames(t *testing.T) {
	for l := transfer.LevelNone; l <= transfer.LevelSource; l++ {
		raw, err := json.Marshal(move.Copied{Level: l})
		var back move.Copied
		if err == nil {
			err = json.Unmarshal(raw, &back)
		}
		if err != nil || back.Level != l || l.Sentence() == "" {
			t.Errorf("%v: %s, %v", l, raw, err)
		}
	}
	if err := json.Unmarshal([]byte(`{"level":"perfect"}`), &move.Copied{}); err == nil {
		t.Error("a level that is none")
	}
}
