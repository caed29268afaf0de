package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine/racetest"
)

// faultCase is one fault of the lab, and how the program has to end.
type faultCase struct {
	fault string   // as an estate file names it
	args  []string // beyond the plain failback
	exit  int
	says  []string // item, place, reason and remedy, as standard error has to name them
	next  string   // the command to go on with; empty where there is nothing left to do
	raced bool     // under the race detector, too
}

const (
	resumeNext = "go on with:  failback resume "
	startNext  = "start again with:  failback start --lab --estate "
)

var faultCases = map[string]faultCase{
	"host unreachable": {
		fault: "{when: always, what: host-unreachable, host: hv01}", exit: 3, next: startNext,
		says: []string{"app01: preflight", "host hv01", "Check that the host runs", "nothing was changed"},
	},
	"heartbeat old": {
		fault: "{when: always, what: heartbeat-old, host: hv01, age: 2h}", exit: 3, next: startNext,
		says: []string{"app01: preflight", "hv01 is not connected to Azure, last heartbeat 2 h ago", "look at the provider service"},
	},
	"switch missing at the alternate host": {
		fault: "{when: always, what: switch-missing, host: hv02}", args: []string{"--to", "hv02", "--create-vm"}, exit: 3, next: startNext,
		says: []string{"app01: preflight", `missing: "LAN"`, "create a switch of exactly that name: failback hosts switch hv02", "--to hv02 --create-vm"},
	},
	"volume full": {
		raced: true,
		fault: "{when: prepare, what: volume-full, host: hv01}", exit: 1, next: resumeNext,
		says: []string{"app01: ", "task Preparing the on-premises virtual machine", "There is not enough space on the disk of 'hv01'", "Free space on the volume"},
	},
	"throttled":                     {fault: "{when: start, what: throttled, times: 2, retry_after: 20s}"},
	"server error after acceptance": {fault: "{when: start, what: server-error-after, times: 1}"},
	"answer of a complete lost":     {fault: "{when: complete, what: lost-answer, times: 1}"},
	"answer of a commit lost":       {fault: "{when: commit, what: lost-answer, times: 1}"},
	"synchronisation stalls":        {fault: "{when: initial-sync, what: sync-stalls, for: 5m}"},
	"server error, nobody knows": {
		raced: true,
		fault: "{when: complete, what: server-error, times: 1}", exit: 1, next: resumeNext,
		says: []string{"app01: complete the failover", "InternalServerError", "either the service never got the request", "it looks again before it acts"},
	},
	"the stop lies": {
		fault: "{when: deallocate, what: stop-lies}", exit: 1, next: resumeNext,
		says: []string{"app01: stop the Azure VM", `its power state is still "running"`, "the final sync was not started and nothing is lost", "stop it in the portal"},
	},
	"no boot": {
		fault: "{when: boot, what: no-boot}", exit: 1, next: resumeNext,
		says: []string{"app01: verify the boot: app01 on hv01", "heartbeat NoContact", "look at the VM's console", "The Azure copy is stopped and whole"},
	},
	"ports closed": {
		fault: "{when: boot, what: ports-closed}", args: []string{"--prove-port", "3389"}, exit: 1, next: resumeNext,
		says: []string{"app01: verify the boot: app01 on hv01", "its boot is not proven: port 3389", "connection refused", "The Azure copy is stopped and whole"},
	},
	"the guest restarts once": {fault: "{when: boot, what: restarts}"},
	"start fails": {
		fault: "{when: boot, what: start-fails}", exit: 1, next: resumeNext,
		says: []string{"app01: start the on-premises VM", "'app01' failed to start on 'hv01'", "the data is home and complete: resume the run"},
	},
	"a job fails": {
		raced: true,
		fault: `{when: final-sync, what: job-fails, code: "559", message: "provider error"}`, exit: 1, next: startNext,
		says: []string{"app01: ", "559: provider error", "app01: the on-premises VM is DAMAGED", "do not start it. Repair it by running the failback again to its end"},
	},
}

// unraced skips a long run under the race detector.
var unraced = racetest.Skip

// TestFaultsThroughTheCommandLine plays every fault that an operator may meet,
// and looks at what a script and a person are told: the exit status; what, where,
// why and what now, each once.
func TestFaultsThroughTheCommandLine(t *testing.T) {
	t.Parallel()
	base, err := os.ReadFile(filepath.Join("testdata", "faults", "base.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range faultCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !c.raced {
				unraced(t)
			}
			estate := filepath.Join(t.TempDir(), "site.yaml")
			if err := os.WriteFile(estate, slices.Concat(base, []byte("  - "+c.fault+"\n")), 0o600); err != nil {
				t.Fatal(err)
			}
			exit, said := faultRun(t, estate, c.args...)
			if exit != c.exit {
				t.Errorf("exit status %d, want %d", exit, c.exit)
			}
			if c.exit == 0 {
				c.says = []string{" succeeded"}
			}
			for _, want := range append(c.says, c.next, "evidence: ") {
				if !strings.Contains(said, want) {
					t.Errorf("nothing says %q", want)
				}
			}
			for _, next := range []string{resumeNext, startNext} {
				if next != c.next && strings.Contains(said, next) {
					t.Errorf("says %q", next)
				}
			}
			saidOnce(t, said)
			if t.Failed() {
				t.Log(said)
			}
		})
	}
}

// faultRun starts a failback whose gates policy answers, and returns how it ended
// and what it said on standard error.
func faultRun(t *testing.T, estate string, args ...string) (exit int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "failback", append([]string{"start", "--lab", "--estate", estate, "--state-dir", filepath.Join(t.TempDir(), "state"),
		"--item", "app01", "--sync", "delta", "--approve", "all", "--output", "json"}, args...)...)
	var errs strings.Builder
	cmd.Stderr = &errs
	var ended *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), errs.String()
}

var clauses = regexp.MustCompile(`[;:()\n]\s*|\. `)

// saidOnce refuses a reason or a remedy that stands in a message twice.
func saidOnce(t *testing.T, said string) {
	t.Helper()
	seen := map[string]bool{}
	for _, clause := range clauses.Split(said, -1) {
		clause = strings.TrimSpace(clause)
		if len(strings.Fields(clause)) < 4 {
			continue // a name, a verb
		}
		if seen[clause] {
			t.Errorf("says twice: %q", clause)
		}
		seen[clause] = true
	}
}
