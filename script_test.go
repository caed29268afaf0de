package main

import (
	"archive/zip"
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"failback/engine/runs"
)

// status runs a command and compares its exit status: status N command args...
// Its output is what the built-in stdout and stderr look at.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%s: %v", strings.Join(args[1:], " "), err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// jsonLine looks into a file of JSON lines: jsonline FILE {first|last|any}
// key=value... A key may be a path such as plan.sync or items.0.outcome.
func jsonLine(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: jsonline FILE {first|last|any} key=value...")
	}
	var lines []any
	in := bufio.NewScanner(strings.NewReader(ts.ReadFile(args[0])))
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		var v any
		dec := json.NewDecoder(strings.NewReader(in.Text()))
		dec.UseNumber()
		if err := dec.Decode(&v); err != nil {
			ts.Fatalf("%s: line %d is no JSON: %v", args[0], len(lines)+1, err)
		}
		lines = append(lines, v)
	}
	if len(lines) == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	switch args[1] {
	case "first":
		lines = lines[:1]
	case "last":
		lines = lines[len(lines)-1:]
	}
	for _, v := range lines {
		if matches(v, args[2:]) != neg {
			return
		}
	}
	ts.Fatalf("%s: no %s line with %s", args[0], args[1], strings.Join(args[2:], " "))
}

func matches(v any, wants []string) bool {
	for _, w := range wants {
		key, want, _ := strings.Cut(w, "=")
		if got, ok := dig(v, strings.Split(key, ".")); !ok || fmt.Sprint(got) != want {
			return false
		}
	}
	return true
}

func dig(v any, path []string) (any, bool) {
	for _, key := range path {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// servePatience bounds how long a script waits for what a background command
// prints.
const servePatience = 30 * time.Second

// await waits until the newest run of a state directory has reached a phase:
// await DIR PHASE. It looks as another terminal would.
func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await DIR PHASE")
	}
	store, err := runs.OpenStore(ts.MkAbs(args[0]))
	ts.Check(err)
	deadline := time.Now().Add(servePatience)
	for tick := time.NewTicker(50 * time.Millisecond); time.Now().Before(deadline); <-tick.C {
		if all, err := store.List(); err == nil && len(all) > 0 && string(all[0].Phase) == args[1] {
			tick.Stop()
			return
		}
	}
	ts.Fatalf("no run reached %s within %v", args[1], servePatience)
}

// background starts the program with its two streams in files: background NAME
// args... writes NAME.out and NAME.err. interrupt ends it.
func background(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: background NAME args...")
	}
	var streams [2]*os.File
	for i, ext := range []string{".out", ".err"} {
		f, err := os.Create(ts.MkAbs(args[0] + ext))
		ts.Check(err)
		streams[i] = f
		ts.Defer(func() { _ = f.Close() })
	}
	program, _, _ := strings.Cut(ts.Getenv("PATH"), string(os.PathListSeparator))
	cmd := exec.Command(filepath.Join(program, "failback"), args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.MkAbs("."), streams[0], streams[1]
	cmd.Env = os.Environ()
	for _, key := range []string{"FAILBACK_STATE_DIR", "XDG_CONFIG_HOME", "HOME", "PATH"} {
		cmd.Env = append(cmd.Env, key+"="+ts.Getenv(key))
	}
	ts.Check(cmd.Start())
	running(ts)[args[0]] = cmd
	ts.Defer(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
}

// interrupt sends a background program an interrupt and compares its exit
// status: interrupt NAME STATUS.
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 2 && running(ts)[args[0]] != nil {
		ts.Check(running(ts)[args[0]].Process.Signal(os.Interrupt))
	}
	finished(ts, neg, args)
}

// finished waits for a background program and compares its exit status:
// finished NAME STATUS.
func finished(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 || running(ts)[args[0]] == nil {
		ts.Fatalf("usage: NAME STATUS, of a program in the background")
	}
	cmd := running(ts)[args[0]]
	var exit *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%s: %v", args[0], err)
	}
	if got := fmt.Sprint(cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("%s: exit status %s, want %s\n%s", args[0], got, args[1], ts.ReadFile(args[0]+".err"))
	}
}

// running are a script's background programs by name.
func running(ts *testscript.TestScript) map[string]*exec.Cmd {
	return ts.Value(runningKey{}).(map[string]*exec.Cmd)
}

type runningKey struct{}

// blank is a place in a template: ${token}, or a path such as ${hosts.0.winrm}.
var blank = regexp.MustCompile(`\$\{[a-z0-9_.]+\}`)

// fill waits for the first line of a file, reads it as JSON and replaces ${key}
// in a template with its values: fill JSONFILE TEMPLATE TARGET.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: fill JSONFILE TEMPLATE TARGET")
	}
	deadline := time.Now().Add(servePatience)
	var line string
	for tick := time.NewTicker(50 * time.Millisecond); ; <-tick.C {
		if text, _, ok := strings.Cut(ts.ReadFile(args[0]), "\n"); ok {
			line = text
			tick.Stop()
			break
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s has no line after %v", args[0], servePatience)
		}
	}
	var v map[string]any
	ts.Check(json.Unmarshal([]byte(line), &v))
	out := blank.ReplaceAllStringFunc(ts.ReadFile(args[1]), func(key string) string {
		value, ok := dig(v, strings.Split(key[2:len(key)-1], "."))
		if !ok {
			ts.Fatalf("%s has no %s", args[0], key)
		}
		return fmt.Sprint(value)
	})
	ts.Check(writeFile(ts.MkAbs(args[2]), out))
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }

// take keeps a value of the first line of a file of JSON lines in a variable:
// take VARIABLE FILE KEY.
func take(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: take VARIABLE FILE KEY")
	}
	line, _, _ := strings.Cut(ts.ReadFile(args[1]), "\n")
	var v any
	ts.Check(json.Unmarshal([]byte(line), &v))
	value, ok := dig(v, strings.Split(args[2], "."))
	if !ok {
		ts.Fatalf("%s: no %s in %s", args[1], args[2], line)
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}

// unpack takes a zip file apart, whose files have to be its owner's alone: unpack ZIP
// FOLDER.
func unpack(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unpack ZIP FOLDER")
	}
	info, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		ts.Fatalf("%s: mode %v", args[0], info.Mode())
	}
	r, err := zip.OpenReader(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), r))
	ts.Check(r.Close())
}

// makeDisk makes a raw disk of zeros with some words in it: disk FILE BYTES
// OFFSET=WORD...
func makeDisk(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: disk FILE BYTES OFFSET=WORD...")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	p := make([]byte, size)
	for _, arg := range args[2:] {
		at, word, _ := strings.Cut(arg, "=")
		off, err := strconv.Atoi(at)
		ts.Check(err)
		copy(p[off:], word)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), p, 0o600))
}
