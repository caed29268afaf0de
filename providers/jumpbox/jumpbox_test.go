package jumpbox

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"

	"failback/engine"
)

// call is one call of a script of the tests; skipped where the system has no shell.
func call(t *testing.T, name string) engine.ScriptCall {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts of these tests are for a Unix shell")
	}
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Sum(path)
	if err != nil {
		t.Fatal(err)
	}
	return engine.ScriptCall{ProofScript: engine.ProofScript{Path: path, SHA256: sum, Timeout: time.Minute}, Input: []byte("{}\n")}
}

func TestS46APortThatAnswersAndOneThatDoesNot(t *testing.T) {
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, text, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	box := New(nil)
	if err := box.Reach(t.Context(), "127.0.0.1", port); err != nil {
		t.Errorf("a listening port: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := box.Reach(t.Context(), "127.0.0.1", port); err == nil || !strings.Contains(err.Error(), "refused") || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("a closed port: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := box.Reach(ctx, "127.0.0.1", port); err == nil {
		t.Error("a cancelled try succeeded")
	}
}

func TestS46TheExitStatusIsTold(t *testing.T) {
	got, err := New(nil).Script(t.Context(), call(t, "not.sh"))
	if err != nil || got.Exit != 3 || got.TimedOut || got.Output != "the service does not answer" {
		t.Errorf("%+v, %v", got, err)
	}
}

// What comes from a vault is data: it is in variables and in the input, never in an
// argument or a command, and no secret of this program's is handed on.
func TestS46AScriptGetsDataAndNoSecret(t *testing.T) {
	t.Setenv("AZURE_CLIENT_SECRET", "canary")
	t.Setenv("FAILBACK_CERTIFICATE_PASSWORD", "canary")
	hostile := "a b; $(touch /tmp/x) `id` \"'\n-rf"
	c := call(t, "env.sh")
	c.Env = map[string]string{"FAILBACK_ITEM": hostile + "\x00"}
	c.Input = []byte(`{"item":"web01"}` + "\n")
	out := &tail{most: keptOutput}
	exit, err := run(t.Context(), c, out)
	if want := "0|" + hostile + "\uFFFD|none|none|" + `{"item":"web01"}`; err != nil || exit != 0 || string(out.kept) != want {
		t.Errorf("%q, want %q, %v", out.kept, want, err)
	}
}

func TestS46AScriptsOutputIsBoundedAndClean(t *testing.T) {
	got, err := New(nil).Script(t.Context(), call(t, "loud.sh"))
	if err != nil || got.Exit != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	if !strings.HasSuffix(got.Output, "at the end done") || len(got.Output) > keptOutput+8 || !strings.HasPrefix(got.Output, "… ") {
		t.Errorf("%d bytes, ending in %q", len(got.Output), got.Output[max(0, len(got.Output)-40):])
	}
	for _, r := range got.Output {
		if !unicode.IsPrint(r) {
			t.Errorf("%q is not to be seen", r)
		}
	}
}

var childID = regexp.MustCompile(`child (\d+)`)

// gone waits for a process to be over: a killed one is reaped by the system's first.
func gone(t *testing.T, output string) {
	t.Helper()
	m := childID.FindStringSubmatch(output)
	if m == nil {
		t.Fatalf("no child in %q", output)
	}
	pid, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	for range 500 {
		p, err := os.FindProcess(pid)
		if err != nil || p.Signal(syscall.Signal(0)) != nil || zombie(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d goes on", pid)
}

// zombie reports a process that has ended and that nobody has asked about.
func zombie(pid int) bool {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	return strings.HasPrefix(rest, "Z")
}

// A script that takes too long is ended with what it has begun.
func TestS46ASlowScriptIsEndedWithItsChildren(t *testing.T) {
	c := call(t, "long.sh")
	c.Timeout = 300 * time.Millisecond
	got, err := New(nil).Script(t.Context(), c)
	if err != nil || !got.TimedOut || got.Took > 20*time.Second {
		t.Errorf("%+v, %v", got, err)
	}
	gone(t, got.Output)
}

// So is one whose run is let go of: that is no answer.
func TestS46ACancelledScriptIsNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("detached")
	time.AfterFunc(300*time.Millisecond, func() { cancel(why) })
	got, err := New(nil).Script(ctx, call(t, "long.sh"))
	if !errors.Is(err, why) || got.TimedOut {
		t.Errorf("%+v, %v", got, err)
	}
	gone(t, got.Output)
}

// A script that ends well leaves nothing behind either.
func TestS46WhatAScriptLeavesIsEnded(t *testing.T) {
	got, err := New(nil).Script(t.Context(), call(t, "leaves.sh"))
	if err != nil || got.Exit != 0 || got.TimedOut {
		t.Errorf("%+v, %v", got, err)
	}
	gone(t, got.Output)
}

func TestS46OnlyTheFileOfThePlanIsRun(t *testing.T) {
	c := call(t, "content.sh")
	c.SHA256 = strings.Repeat("a", 64)
	if _, err := New(nil).Script(t.Context(), c); err == nil || !strings.Contains(err.Error(), "another one") {
		t.Errorf("another file: %v", err)
	}
	c.Path = filepath.Join(t.TempDir(), "absent")
	if _, err := New(nil).Script(t.Context(), c); err == nil {
		t.Error("a file that is not there was run")
	}
	if _, err := Sum(t.TempDir()); err == nil {
		t.Error("a folder has a checksum")
	}
	loose := filepath.Join(t.TempDir(), "loose")
	if err := os.WriteFile(loose, []byte("#!/bin/sh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(loose, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Sum(loose); err == nil {
		t.Error("a file that everybody may change is taken")
	}
}
