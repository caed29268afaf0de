package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
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
		if err := json.Unmarshal(in.Bytes(), &v); err != nil {
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
	out := ts.ReadFile(args[1])
	for key, value := range v {
		out = strings.ReplaceAll(out, "${"+key+"}", fmt.Sprint(value))
	}
	ts.Check(writeFile(ts.MkAbs(args[2]), out))
}

func writeFile(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
