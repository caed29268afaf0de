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
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/runs"
)

// crashPatience bounds the life of every process of a crash test. A failback in
// the estate of testdata/crash takes some six seconds.
const crashPatience = time.Minute

// crash is a state directory with a lab in it, whose programs are killed.
type crash struct {
	t      *testing.T
	dir    string
	estate string
}

func newCrash(t *testing.T) *crash {
	t.Helper()
	estate, err := filepath.Abs("testdata/crash/estate.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return &crash{t: t, dir: t.TempDir(), estate: estate}
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

// start begins a failback; resume goes on with it.
func (c *crash) start(sync engine.SyncOption) *program {
	return c.begin("start", "--lab", "--item", "app01", "--sync", string(sync), "--approve", "all", "--output", "ndjson")
}

func (c *crash) resume() *program {
	return c.begin("resume", "last", "--lab", "--output", "ndjson")
}

// serveLab keeps the lab in a process of its own, and returns when it is served.
func (c *crash) serveLab() *program {
	c.t.Helper()
	p := c.begin("lab", "serve")
	if !p.lines.Scan() {
		p.t.Fatalf("the lab is not served: %s", p.exited())
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
			p.t.Fatalf("the program ended before %s: %s", what, p.exited())
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
	if end := p.exited(); end != "signal: killed" {
		p.t.Fatalf("killed, but it ended with: %s", end)
	}
}

// exited waits for the program's end and says how it ended.
func (p *program) exited() string {
	for p.lines.Scan() {
		// What it still wrote is in the pipe.
	}
	if err := p.cmd.Wait(); err != nil {
		return strings.TrimSpace(err.Error() + "\n" + p.said.String())
	}
	return ""
}

// succeeds reads the run to its good end.
func (p *program) succeeds() {
	p.t.Helper()
	var last engine.Event
	for e, ok := p.next(); ok; e, ok = p.next() {
		last = e
	}
	if end := p.exited(); end != "" {
		p.t.Fatalf("exit: %s", end)
	}
	if f, ok := last.Body.(engine.RunFinished); !ok || f.Outcome != engine.OutcomeSucceeded {
		p.t.Fatalf("the last event is %#v", last.Body)
	}
}
