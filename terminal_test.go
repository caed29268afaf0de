//go:build unix

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// terminal is the program on a real pseudo-terminal.
type terminal struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string // state directory
	file *os.File
	mu   sync.Mutex
	seen bytes.Buffer
	from int // what was waited for already
}

func newTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	x := unreadTerminal(t, args...)
	go x.read()
	return x
}

// unreadTerminal is one that takes as much as the system keeps for it, and no more.
func unreadTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The test binary is the program where it is called by its name.
	program := filepath.Join(t.TempDir(), "failback")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, cmd: exec.CommandContext(t.Context(), program, args...), dir: filepath.Join(t.TempDir(), "state")}
	x.cmd.Env = append(os.Environ(), "FAILBACK_STATE_DIR="+x.dir, "TERM=screen-256color")
	if x.file, err = pty.StartWithSize(x.cmd, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.file.Close() })
	return x
}

func (x *terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := x.file.Read(buf)
		x.mu.Lock()
		x.seen.Write(buf[:n])
		x.mu.Unlock()
		if err != nil {
			return // the program has ended
		}
	}
}

// expect waits for a text after the one that was expected last.
func (x *terminal) expect(want string) {
	x.t.Helper()
	deadline := time.Now().Add(servePatience)
	for tick := time.NewTicker(20 * time.Millisecond); time.Now().Before(deadline); <-tick.C {
		x.mu.Lock()
		i := strings.Index(x.seen.String()[x.from:], want)
		if i >= 0 {
			x.from += i + len(want)
		}
		x.mu.Unlock()
		if i >= 0 {
			return
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.t.Fatalf("no %q after:\n%s", want, x.seen.String())
}

func (x *terminal) enter(line string) {
	x.t.Helper()
	x.press(line + "\n")
}

func (x *terminal) press(keys string) {
	x.t.Helper()
	if _, err := x.file.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) exit(want int) {
	x.t.Helper()
	_ = x.cmd.Wait() // its status is compared below
	if got := x.cmd.ProcessState.ExitCode(); got != want {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.t.Fatalf("exit status %d, want %d:\n%s", got, want, x.seen.String())
	}
}

func TestGatesAreApprovedByTypingTheItemsWholeName(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "start", "--estate", "one", "--item", "app01", "--sync", "delta")
	x.expect("Type  app01  to approve it")
	x.enter("y")
	x.expect("nothing is decided: type exactly the name of what waits: app01")
	x.enter("app01")
	x.expect("Stop Azure and switch: approved by")
	x.expect("Type  app01  to approve it")
	x.enter("app01: it runs")
	x.expect("Accept and delete the Azure copy: approved by")
	x.expect("Type  app01  to approve it")
	x.enter("app01")
	x.expect("run succeeded")
	x.exit(0)
}

// another runs the program in another terminal, with the same runs.
func (x *terminal) another(args ...string) string {
	x.t.Helper()
	cmd := exec.CommandContext(x.t.Context(), x.cmd.Path, append(args, "--state-dir", x.dir)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		x.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestAGateIsAnsweredFromAnotherTerminal(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "start", "--estate", "one", "--item", "app01", "--sync", "delta")
	x.expect("Type  app01  to approve it")
	if said := x.another("decide", "last", "complete", "--reason", "from next door"); !strings.Contains(said, "taken by the driver") {
		t.Errorf("decide said %q", said)
	}
	x.expect("from next door")
	x.expect("Type  app01  to approve it")
	if all := x.another("runs"); !strings.Contains(all, "running") || !strings.Contains(all, "gate commit") {
		t.Errorf("runs said %q", all)
	}
	x.press("\x03")
	x.exit(130)
}

func TestInterruptAtAGateLeavesTheRunWaiting(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "start", "--estate", "one", "--item", "app01", "--sync", "delta")
	x.expect("Type  app01  to approve it")
	x.press("\x03")
	x.expect("nothing was cancelled")
	x.expect("failback resume")
	x.exit(130)
}

func TestTheTerminalProgramOpensAndGivesTheTerminalBack(t *testing.T) {
	t.Parallel()
	x := newTerminal(t, "rehearse", "--estate", "one")
	x.expect("Which way do the machines go?")
	x.press("\x03")
	x.expect("\x1b[?1049l") // the alternate screen is left
	x.exit(130)
}

// Nobody reads what the program draws: it hears ctrl+c all the same, and ends though
// it can't say a word.
func TestATerminalThatNobodyReadsDoesNotKeepTheProgram(t *testing.T) {
	t.Parallel()
	x := unreadTerminal(t, "rehearse", "--estate", "one")
	ended := make(chan struct{})
	go func() {
		_ = x.cmd.Wait() // its status is looked at below
		close(ended)
	}()
	// The system keeps some 64 KiB: all is drawn anew until those are full.
	tick, until := time.NewTicker(70*time.Millisecond), time.Now().Add(servePatience)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ended:
			if got := x.cmd.ProcessState.ExitCode(); got != 130 {
				t.Errorf("exit status %d", got)
			}
			x.read()
			if strings.Contains(x.seen.String(), "\x1b[?1049l") {
				t.Error("the terminal took all it was given: nothing was tried")
			}
			return
		case <-tick.C:
			switch {
			case time.Now().After(until):
				t.Fatal("it goes on")
			case n < 40:
				if err := pty.Setsize(x.file, &pty.Winsize{Rows: 120, Cols: uint16(400 + n%2)}); err != nil {
					t.Fatal(err)
				}
			case n == 40:
				x.press("\x03")
			}
		}
	}
}
