//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// walkPatience bounds a whole failback with Microsoft's JavaScript client.
const walkPatience = 2 * time.Minute

// document is what the client read, as it decoded it.
type document = map[string]any

// sight is what the client said at one step.
type sight struct {
	Step string `json:"step"`
	Wait bool   `json:"wait"` // it goes on when it is told to
	// What it read, by step.
	Item       document   `json:"item"`
	Job        document   `json:"job"`
	Jobs       []document `json:"jobs"`
	Items      []document `json:"items"`
	ByContain  []document `json:"byContainer"`
	Fabrics    []document `json:"fabrics"`
	Providers  []document `json:"providers"`
	Containers []document `json:"containers"`
	Plans      []document `json:"plans"`
	Policies   []document `json:"policies"`
	Protect    []document `json:"protectable"`
	Points     []document `json:"points"`
	Health     document   `json:"health"`
}

// walker is testdata/js/walk.mjs, running.
type walker struct {
	t     *testing.T
	cmd   *exec.Cmd
	tell  io.Writer
	lines *bufio.Scanner
	said  bytes.Buffer
}

// walk starts Microsoft's client against the lab whose endpoints are given.
func walk(t *testing.T, endpoints []byte, ca string) *walker {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed")
	}
	if _, err := os.Stat(filepath.FromSlash("testdata/js/node_modules/@azure/arm-recoveryservices-siterecovery")); err != nil {
		t.Skip("Microsoft's client is not installed: npm ci --prefix testdata/js")
	}
	file := filepath.Join(t.TempDir(), "endpoints.json")
	if err := os.WriteFile(file, endpoints, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), walkPatience)
	cmd := exec.CommandContext(ctx, node, "testdata/js/walk.mjs", file, "app01")
	cmd.Env = append(os.Environ(), "NODE_EXTRA_CA_CERTS="+ca)
	w := &walker{t: t, cmd: cmd}
	cmd.Stderr = &w.said
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w.tell, w.lines = in, bufio.NewScanner(out)
	w.lines.Buffer(nil, 1<<22)
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // mostly it was waited for long ago
	})
	return w
}

// at reads to the step that comes next.
func (w *walker) at(step string) (s sight) {
	w.t.Helper()
	if !w.lines.Scan() {
		w.t.Fatalf("before %q Microsoft's client ended with %s: %s", step, w.ended(), &w.said)
	}
	if err := json.Unmarshal(w.lines.Bytes(), &s); err != nil {
		w.t.Fatalf("%v in %q", err, w.lines.Text())
	}
	if s.Step != step {
		w.t.Fatalf("it is at %q, not at %q", s.Step, step)
	}
	return s
}

func (w *walker) goOn() {
	w.t.Helper()
	if _, err := io.WriteString(w.tell, "on\n"); err != nil {
		w.t.Fatal(err)
	}
}

func (w *walker) ended() string {
	for w.lines.Scan() {
		// What it still wrote is in the pipe.
	}
	_ = w.cmd.Wait()
	return w.cmd.ProcessState.String()
}

// serveTLS serves the lab over HTTPS in a process of its own.
func (c *crash) serveTLS() (p *program, endpoints []byte, ca string) {
	c.t.Helper()
	p = c.begin("lab", "serve", "--tls")
	if !p.lines.Scan() {
		p.t.Fatalf("the lab is not served: %s: %s", p.ended(), &p.said)
	}
	endpoints = slices.Clone(p.lines.Bytes())
	var printed struct {
		CA string `json:"ca"`
	}
	if err := json.Unmarshal(endpoints, &printed); err != nil || printed.CA == "" {
		c.t.Fatalf("%v in %s", err, endpoints)
	}
	return p, endpoints, printed.CA
}
