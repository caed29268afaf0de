//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/racetest"
	"failback/engine/runs"
)

// crashPatience bounds the life of every process of a crash test. A failback in
// the estates of testdata/crash takes some five seconds.
const crashPatience = time.Minute

// crash is a state directory with a lab in it, whose programs are killed.
type crash struct {
	t      *testing.T
	dir    string
	estate string
}

// newCrash takes one of the two estates: they differ in their speed alone.
func newCrash(t *testing.T, estate string) *crash {
	t.Helper()
	file, err := filepath.Abs(filepath.Join("testdata", "crash", estate+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return &crash{t: t, dir: t.TempDir(), estate: file}
}

// program is a running failback whose lines are read as it writes them.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
	said  bytes.Buffer // its other stream
}

// begin starts the program on the crash's lab. At the latest the end of the test
// ends it.
func (c *crash) begin(args ...string) *program {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), crashPatience)
	cmd := exec.CommandContext(ctx, "failback", append(args, "--state-dir", c.dir, "--estate", c.estate)...)
	cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+c.dir)
	p := &program{t: c.t, cmd: cmd}
	cmd.Stderr = &p.said
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		c.t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	p.lines.Buffer(nil, 1<<20)
	c.t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // mostly it was waited for long ago
	})
	return p
}

// start begins a failback with more download threads, which it has to put back;
// resume goes on with it.
func (c *crash) start(sync engine.SyncOption) *program {
	return c.begin("start", "--lab", "--item", "app01", "--sync", string(sync), "--approve", "all", "--threads", "16", "--output", "ndjson")
}

func (c *crash) resume() *program {
	return c.begin("resume", "last", "--lab", "--output", "ndjson")
}

// serveLab keeps the lab in a process of its own, and returns when it is served.
func (c *crash) serveLab() *program {
	c.t.Helper()
	p := c.begin("lab", "serve")
	if !p.lines.Scan() {
		p.t.Fatalf("the lab is not served: %s: %s", p.ended(), &p.said)
	}
	return p
}

// next is the program's next event; ok is false at the end of its output.
func (p *program) next() (e engine.Event, ok bool) {
	p.t.Helper()
	if !p.lines.Scan() {
		return e, false
	}
	if err := json.Unmarshal(p.lines.Bytes(), &e); err != nil {
		p.t.Fatalf("%v in %q", err, p.lines.Text())
	}
	return e, true
}

// until reads up to the event that is waited for.
func (p *program) until(what string, wanted func(engine.Event) bool) {
	p.t.Helper()
	for {
		e, ok := p.next()
		if !ok {
			p.t.Fatalf("before %s it ended with %s: %s", what, p.ended(), &p.said)
		}
		if wanted(e) {
			return
		}
	}
}

// kill is kill -9: the program notices nothing.
func (p *program) kill() {
	p.t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		p.t.Fatal(err)
	}
	if end := p.ended(); end != "signal: killed" {
		p.t.Fatalf("killed, but it ended with %s: %s", end, &p.said)
	}
}

// ended waits for the program's end and says how it ended.
func (p *program) ended() string {
	for p.lines.Scan() {
		// What it still wrote is in the pipe.
	}
	_ = p.cmd.Wait() // the state has all that its error says
	return p.cmd.ProcessState.String()
}

const wellEnded = "exit status 0"

// succeeds reads the run to its good end.
func (p *program) succeeds() {
	p.t.Helper()
	var last engine.Event
	for e, ok := p.next(); ok; e, ok = p.next() {
		last = e
	}
	if end := p.ended(); end != wellEnded {
		p.t.Fatalf("%s: %s", end, &p.said)
	}
	if f, ok := last.Body.(engine.RunFinished); !ok || f.Outcome != engine.OutcomeSucceeded {
		p.t.Fatalf("the last event is %#v", last.Body)
	}
}

// state is the run as its journal tells it.
func (c *crash) state() engine.State {
	c.t.Helper()
	store, err := runs.OpenStore(c.dir)
	if err != nil {
		c.t.Fatal(err)
	}
	id, err := store.Find("last")
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := store.State(id)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// isIn fails where the kill came too late to hit the phase.
func (c *crash) isIn(p engine.Phase) {
	c.t.Helper()
	if l := c.state().Legs[0]; l.Step().Phase != p || l.Mode != engine.ModeRunning {
		c.t.Fatalf("the kill hit %s (%s), not %s", l.Step().Name(), l.Mode, p)
	}
}

// requests counts what the lab accepted, by the last word of the path, and apart
// what it refused: asking a second time is wrong even where the service notices.
func (c *crash) requests() map[string]int {
	c.t.Helper()
	file, err := os.Open(filepath.Join(c.dir, "lab", "crash", "requests.ndjson"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	count := map[string]int{}
	for lines := json.NewDecoder(file); lines.More(); {
		var r struct {
			Method, Path string
			Accepted     bool
		}
		if err := lines.Decode(&r); err != nil {
			c.t.Fatal(err)
		}
		switch word := path.Base(r.Path); {
		case r.Method != "POST":
		case r.Accepted:
			count[word]++
		default:
			count["refused "+word]++
		}
	}
	// Stopping a VM that stops already changes nothing: it may be asked twice.
	delete(count, "deallocate")
	return count
}

// once is what a failback may ask for, and how often.
func once(sync engine.SyncOption) map[string]int {
	want := map[string]int{"plannedFailover": 1, "resume": 1, "failoverCommit": 1, "reProtect": 1}
	if sync == engine.SyncFull {
		delete(want, "resume") // nothing waits for "Complete failover"
	}
	return want
}

// endsLike compares the end with that of a run nobody disturbed.
func (c *crash) endsLike(want ending, sync engine.SyncOption) {
	c.t.Helper()
	if got := c.ending(); got != want {
		c.t.Errorf("the end is\n%+v, undisturbed it is\n%+v", got, want)
	}
	if got := c.requests(); !maps.Equal(got, once(sync)) {
		c.t.Errorf("asked for %v, want %v", got, once(sync))
	}
}

// undisturbed is the end of a run that nothing happens to.
func undisturbed(t *testing.T) ending {
	t.Helper()
	c := newCrash(t, "quick")
	c.start(engine.SyncDelta).succeeds()
	e := c.ending()
	if !e.Proved || e.Damaged || e.Azure != engine.PowerDeleted || e.Home != engine.PowerRunning || e.Threads != "not set" {
		t.Fatalf("undisturbed the run ends as %+v", e)
	}
	c.endsLike(e, engine.SyncDelta)
	return e
}

func phases(sync engine.SyncOption) []engine.Phase {
	var out []engine.Phase
	for _, s := range engine.StepsFor(engine.ToOnPremises, sync) {
		if !s.IsGate() {
			out = append(out, s.Phase)
		}
	}
	return out
}

func begins(p engine.Phase) func(engine.Event) bool {
	return func(e engine.Event) bool { return e.Type() == "phase.started" && e.Phase == p }
}

// copies is the moment at which bytes of a synchronisation were seen to move.
func copies(p engine.Phase) func(engine.Event) bool {
	return func(e engine.Event) bool {
		s, ok := e.Body.(engine.SyncProgress)
		return ok && e.Phase == p && s.Read > 0
	}
}

// accepted is the moment in a phase when what it asks for was taken. A lab that
// dies with the driver between a request's effect and its line in the log would
// leave the count short.
func accepted(p engine.Phase) func(engine.Event) bool {
	switch p {
	case engine.PhasePrepare, engine.PhaseStopAzure, engine.PhaseCommit, engine.PhaseReverseReplicate:
		return func(e engine.Event) bool { return e.Type() == "operation.accepted" && e.Phase == p }
	}
	return begins(p)
}

// TestAKilledRunIsResumedToTheSameEnd kills the driver of a run, the lab it runs
// in, and both at once.
func TestAKilledRunIsResumedToTheSameEnd(t *testing.T) {
	want := undisturbed(t)
	hit := map[engine.SyncOption][]engine.Phase{
		engine.SyncDelta: phases(engine.SyncDelta),
		engine.SyncFull:  {engine.PhaseFinalSync, engine.PhaseCommit}, // its other phases are delta's
	}
	if testing.Short() || racetest.On() {
		hit = map[engine.SyncOption][]engine.Phase{
			engine.SyncDelta: {engine.PhasePrepare, engine.PhaseFinalSync, engine.PhaseCommit},
		}
	}
	// The longest first: the tests after them fill the gaps.
	t.Run("both", func(t *testing.T) { t.Parallel(); killBoth(t, want) })
	t.Run("lab/initial-sync", func(t *testing.T) {
		t.Parallel()
		unraced(t)
		killLab(t, want, engine.SyncDelta, engine.PhaseInitialSync)
	})
	t.Run("lab/final-sync", func(t *testing.T) { t.Parallel(); unraced(t); killLab(t, want, engine.SyncFull, engine.PhaseFinalSync) })
	t.Run("lab and driver", func(t *testing.T) { t.Parallel(); killLabAndDriver(t, want) })
	for sync, kill := range hit {
		for _, phase := range kill {
			t.Run("driver/"+string(sync)+"/"+string(phase), func(t *testing.T) {
				t.Parallel()
				if _, ok := asks[phase]; ok && sync == engine.SyncDelta {
					killUnanswered(t, want, phase)
					return
				}
				killDriver(t, want, sync, phase)
			})
		}
	}
}

// killDriver kills the driver when it begins a phase. The lab lives in another
// process, as the service does, and goes on meanwhile.
func killDriver(t *testing.T, want ending, sync engine.SyncOption, phase engine.Phase) {
	c := newCrash(t, speed(phase))
	c.serveLab()
	driver := c.start(sync)
	driver.until(string(phase), begins(phase))
	driver.kill()
	c.isIn(phase)
	c.resume().succeeds()
	c.endsLike(want, sync)
}

// speed is the estate in which a phase can be hit.
func speed(p engine.Phase) string {
	if p == engine.PhasePreflight {
		return "slow"
	}
	return "quick"
}

// killLab kills the service in the middle of a copy. The driver, which was only
// attached to it, serves it from then on: the job goes on, as a service would have
// gone on, and the run comes to its end by itself.
func killLab(t *testing.T, want ending, sync engine.SyncOption, phase engine.Phase) {
	c := newCrash(t, "slow")
	lab := c.serveLab()
	driver := c.start(sync)
	driver.until("bytes move", copies(phase))
	lab.kill()
	driver.succeeds()
	c.endsLike(want, sync)
}

// killLabAndDriver kills first the service and then the driver. The job goes on as
// soon as the lab is served again, and the run at its resume.
func killLabAndDriver(t *testing.T, want ending) {
	c := newCrash(t, "slow")
	lab := c.serveLab()
	driver := c.start(engine.SyncDelta)
	driver.until("bytes move", copies(engine.PhaseInitialSync))
	lab.kill()
	driver.kill()
	c.isIn(engine.PhaseInitialSync)
	c.serveLab()
	c.resume().succeeds()
	c.endsLike(want, engine.SyncDelta)
}

// killBoth kills a program that serves the lab itself, in one phase after the
// other of the same run.
func killBoth(t *testing.T, want ending) {
	c := newCrash(t, "slow")
	driver := c.start(engine.SyncDelta)
	for _, phase := range phases(engine.SyncDelta) {
		driver.until(string(phase), accepted(phase))
		driver.kill()
		c.isIn(phase)
		driver = c.resume()
	}
	driver.succeeds()
	c.endsLike(want, engine.SyncDelta)
}
