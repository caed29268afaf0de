package lab_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab"
	"failback/providers/lab/hosts"
	"failback/providers/lab/world"
)

func bodyOf(s string) io.Reader { return strings.NewReader(s) }

type word string

func (w word) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(w), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// sums returns the checksums of both sides: home as its script tells, Azure as
// read through the storage server.
func (r *rig) sums() (home, azure []string) {
	r.t.Helper()
	id := r.home("hv01").ID
	answer, err := (hosts.Model{World: r.World()}).Run(r.t.Context(), "hv01", scripts.DiskSums, json.RawMessage(`{"vm_id":"`+id+`"}`))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range answer.(scripts.DiskSumsAnswer).Sums {
		home = append(home, s.SHA256)
	}
	_, doc := r.item("app01")
	o := pageblob.Options{Token: word(r.Endpoints().Token), Whole: true}
	o.Client = policy.ClientOptions{Transport: r.client, InsecureAllowCredentialWithHTTP: true}
	for i := range home {
		url := at(doc, "properties", "providerSpecificDetails", "azureVmDiskDetails", i, "targetDiskLocation").(string)
		o.URL = url
		disk, err := pageblob.Open(r.t.Context(), o)
		if err != nil {
			r.t.Fatal(err)
		}
		sum, err := transfer.Sum(r.t.Context(), disk, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		azure = append(azure, sum)
	}
	return home, azure
}

func TestS32BothSidesHaveTheSameChecksums(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		r.until(job, world.Suspended)
		time.Sleep(20 * time.Second)
		r.post("/replicationJobs/"+job+"/resume", "")
		r.until(job, world.Succeeded)
		home, azure := r.sums()
		if len(home) != 2 || home[0] != azure[0] || home[1] != azure[1] {
			t.Errorf("home %v, Azure %v", home, azure)
		}
	})
}

// serveVariable tells the test binary to serve a lab and nothing else.
const serveVariable = "FAILBACK_LAB_SERVE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(serveVariable); dir != "" {
		err := lab.Serve(context.Background(), lab.Options{StateDir: dir, Data: []byte(oneItem), Speed: 100}, func(lab.Endpoints) error {
			_, err := os.Stdout.WriteString("ready\n")
			return err
		})
		if err != nil {
			_, _ = os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestJobsGoOnAfterAKill(t *testing.T) {
	dir := t.TempDir()
	o := lab.Options{StateDir: dir, Data: []byte(oneItem), Speed: 100}
	r, kill := serveElsewhere(t, o)
	id, _ := r.item("app01")
	job := r.post(id+"/plannedFailover", failback("ForDownTime"))
	r.until(job, world.InProgress)
	for taskStates(r.job(job))["MonitorDataSync"] != world.InProgress {
		time.Sleep(20 * time.Millisecond)
	}
	kill()
	l := open(t, o)
	if !l.Embedded() {
		t.Fatal("a killed server is still believed in")
	}
	r = reach(t, l.Endpoints())
	r.until(job, world.Suspended)
	r.post("/replicationJobs/"+job+"/resume", "")
	j := r.until(job, world.Succeeded, world.Failed)
	if at(j, "properties", "state") != world.Succeeded {
		t.Errorf("%v", j)
	}
}

// serveElsewhere serves a lab in a process that can be killed.
func serveElsewhere(t *testing.T, o lab.Options) (r *rig, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"="+o.StateDir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 6)
	if _, err := io.ReadFull(out, line); err != nil {
		t.Fatal(err)
	}
	l, err := lab.Open(t.Context(), o)
	if err != nil || l.Embedded() {
		t.Fatalf("the other process's lab: %v", err)
	}
	// Nobody here is to take the lab over: the next opening does.
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return reach(t, l.Endpoints()), func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = cmd.Wait() // it was killed, and says so
	}
}
