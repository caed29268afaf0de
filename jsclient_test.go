//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/connect"
	"failback/providers/lab"
)

// TestMicrosoftsClientBringsAVMHome walks a whole failback with Microsoft's own
// client, and at every stop our client has to see the same.
func TestMicrosoftsClientBringsAVMHome(t *testing.T) {
	t.Parallel()
	c := newCrash(t, "quick")
	_, endpoints, ca := c.serveTLS()
	w := walk(t, endpoints, ca)

	c.compareInventory(w.at("discovered"))
	w.goOn()
	started := w.at("started")
	c.compareItem(started) // the job moves on: only who it is can be compared
	if got := path.Base(fmt.Sprint(follow(started.Item, "properties", "currentScenario", "jobId"))); got != started.Job["name"] {
		t.Errorf("the item names the job %s, which is %v", got, started.Job["name"])
	}
	w.goOn()
	suspended := w.at("suspended")
	c.compareItem(suspended)
	c.compareJob(suspended)
	if got := follow(suspended.Job, "properties", "allowedActions"); fmt.Sprint(got) != "[Cancel Resume]" {
		t.Errorf("a suspended job allows %v", got)
	}
	w.goOn()
	home := w.at("home")
	c.compareItem(home)
	c.compareJob(home)
	if got := follow(home.Item, "properties", "allowedOperations"); !strings.Contains(fmt.Sprint(got), "FinalizeFailback") {
		t.Errorf("after the failback: %v", got)
	}
	w.goOn()
	if got := follow(w.at("failed-back").Item, "properties", "protectionState"); got != "FinalizeRestorePending" {
		t.Errorf("the operation's result is %v", got)
	}
	committed := w.at("committed")
	c.compareItem(committed)
	if got := follow(committed.Item, "properties", "protectionState"); got != "RestoreFinalized" {
		t.Errorf("committed: %v", got)
	}
	w.goOn()
	w.at("reversed")
	protected := w.at("protected")
	c.compareItem(protected)
	c.compareJobs(protected.Jobs)
	w.goOn()
	if end := w.ended(); end != wellEnded {
		t.Errorf("Microsoft's client: %s: %s", end, &w.said)
	}
}

// TestMicrosoftsClientOutlivesAKilledLab kills the server in the middle of the
// synchronisation. The client asks again, the job goes on.
func TestMicrosoftsClientOutlivesAKilledLab(t *testing.T) {
	t.Parallel()
	c := newCrash(t, "quick")
	server, endpoints, ca := c.serveTLS()
	w := walk(t, endpoints, ca)
	w.at("discovered")
	w.goOn()
	job := path.Base(fmt.Sprint(follow(w.at("started").Job, "id")))
	w.goOn() // it polls from here on, and is not told of the end
	server.kill()
	_, again, _ := c.serveTLS()
	if !bytes.Equal(again, endpoints) {
		t.Fatalf("the lab moved from %s to %s", endpoints, again)
	}
	for _, step := range []string{"suspended", "home"} {
		if got := path.Base(fmt.Sprint(follow(w.at(step).Job, "id"))); got != job {
			t.Errorf("at %s it is the job %s, not %s", step, got, job)
		}
		w.goOn()
	}
	w.at("failed-back")
	w.at("committed")
	w.goOn()
	w.at("reversed")
	c.compareJobs(w.at("protected").Jobs)
	w.goOn()
	if end := w.ended(); end != wellEnded {
		t.Errorf("Microsoft's client: %s: %s", end, &w.said)
	}
	if got := c.requests(); got["plannedFailover"] != 1 || got["failoverCommit"] != 1 || got["reProtect"] != 1 {
		t.Errorf("the lab was asked for %v", got)
	}
}

// ourItem is a row of "failback items".
type ourItem struct {
	Name   string           `json:"name"`
	ID     string           `json:"id"`
	Active engine.Location  `json:"active_location"`
	State  engine.ItemState `json:"state"`
	Ready  bool             `json:"ready"`
	Disks  int              `json:"disks"`
	Bytes  int64            `json:"bytes"`
	Host   string           `json:"host"`
	Job    string           `json:"current_job"`
}

// list is what our own client sees of the same lab.
func list[T any](c *crash, command ...string) (rows []T) {
	c.t.Helper()
	var text bytes.Buffer
	p := c.begin(append(command, "--lab", "--output", "json")...)
	for p.lines.Scan() {
		text.Write(p.lines.Bytes())
	}
	if end := p.ended(); end != wellEnded {
		c.t.Fatalf("%s: %s: %s", command, end, &p.said)
	}
	if err := json.Unmarshal(text.Bytes(), &rows); err != nil {
		c.t.Fatalf("%s: %v in %s", command, err, &text)
	}
	return rows
}

// follow follows keys into a document; nil where one is missing.
func follow(doc any, keys ...string) any {
	v, _ := dig(doc, keys)
	return v
}

// compareInventory holds what the other client lists against our lists.
func (c *crash) compareInventory(s sight) {
	c.t.Helper()
	ours := list[ourItem](c, "items")
	if len(ours) != len(s.Items) || len(s.ByContain) != len(s.Items) || len(s.Protect) != len(s.Items) {
		c.t.Errorf("items: ours %d, theirs %d, by container %d, protectable %d", len(ours), len(s.Items), len(s.ByContain), len(s.Protect))
	}
	for i := range ours {
		c.sameItem(ours[i], s.Items[i])
	}
	hosts := list[document](c, "hosts")
	if len(hosts) != len(s.Providers) || len(s.Fabrics) != 1 || len(s.Containers) != 1 || len(s.Policies) != 1 {
		c.t.Errorf("hosts: ours %v, theirs %v", hosts, s.Providers)
	}
	for i, h := range hosts {
		if theirs := s.Providers[i]; !engine.SameID(fmt.Sprint(h["id"]), fmt.Sprint(theirs["id"])) || h["name"] != follow(theirs, "properties", "friendlyName") {
			c.t.Errorf("host: ours %v, theirs %v", h, theirs)
		}
	}
	points := list[document](c, "recovery-points", "--item", "app01")
	if len(points) != len(s.Points) {
		c.t.Errorf("recovery points: ours %v, theirs %v", points, s.Points)
	}
	for _, p := range points {
		if !slices.ContainsFunc(s.Points, func(theirs document) bool { return theirs["name"] == p["name"] }) {
			c.t.Errorf("they do not see the recovery point %v", p)
		}
	}
	if n := len(list[document](c, "recovery-plans")); n != len(s.Plans) {
		c.t.Errorf("recovery plans: ours %d, theirs %d", n, len(s.Plans))
	}
	if got := follow(s.Health, "properties", "protectedItemsHealth", "resourceCount"); got != float64(len(ours)) {
		c.t.Errorf("the vault's health counts %v items", got)
	}
	c.compareJobs(s.Jobs)
}

// compareItem holds the item against ours.
func (c *crash) compareItem(s sight) {
	c.t.Helper()
	ours := list[ourItem](c, "items")
	if len(ours) != 1 {
		c.t.Fatalf("%v", ours)
	}
	c.sameItem(ours[0], s.Item)
}

// compareJob holds a whole job at rest, with its tasks, against what the program
// reads of it while it drives a run.
func (c *crash) compareJob(s sight) {
	c.t.Helper()
	conn, err := connect.Lab(c.t.Context(), lab.Options{StateDir: c.dir, Estate: c.estate}, connect.Recording{})
	if err != nil {
		c.t.Fatal(err)
	}
	ours, err := conn.Ports.Inventory.Job(c.t.Context(), fmt.Sprint(s.Job["name"]))
	if err = errors.Join(err, conn.Close()); err != nil {
		c.t.Fatal(err)
	}
	c.sameJob(ours, s.Job)
	if got := fmt.Sprint(follow(s.Job, "properties", "allowedActions")); got != fmt.Sprint(ours.Allowed) {
		c.t.Errorf("allowed: ours %v, theirs %s", ours.Allowed, got)
	}
	var lines, wanted []string
	for _, t := range ours.Tasks {
		lines = append(lines, taskLines("", t)...)
	}
	for _, t := range elements(follow(s.Job, "properties", "tasks")) {
		wanted = append(wanted, theirLines("", t)...)
	}
	if !slices.Equal(lines, wanted) || len(lines) == 0 {
		c.t.Errorf("tasks: ours\n%s\ntheirs\n%s", strings.Join(lines, "\n"), strings.Join(wanted, "\n"))
	}
}

// taskLines is a task and its children, a line each.
func taskLines(indent string, t engine.Task) []string {
	lines := []string{fmt.Sprintf("%s%s %s (%s) %s", indent, t.ID, t.Name, t.Friendly, t.State)}
	for _, child := range t.Children {
		lines = append(lines, taskLines(indent+"  ", child)...)
	}
	return lines
}

func theirLines(indent string, t any) []string {
	state := follow(t, "state")
	if state == "Other" {
		state = follow(t, "stateDescription") // skipped tasks
	}
	lines := []string{fmt.Sprintf("%s%v %v (%v) %v", indent, follow(t, "taskId"), follow(t, "name"), follow(t, "friendlyName"), state)}
	for _, child := range elements(follow(t, "groupTaskCustomDetails", "childTasks")) {
		lines = append(lines, theirLines(indent+"  ", child)...)
	}
	return lines
}

func elements(v any) []any {
	list, _ := v.([]any)
	return list
}

func (c *crash) sameItem(ours ourItem, theirs document) {
	c.t.Helper()
	p := theirs["properties"]
	active := engine.LocationOnPremises
	if follow(p, "activeLocation") == "Recovery" {
		active = engine.LocationAzure
	}
	allowed := fmt.Sprint(follow(p, "allowedOperations"))
	if !engine.SameID(ours.ID, fmt.Sprint(theirs["id"])) || ours.Name != theirs["name"] || ours.Active != active ||
		ours.Ready != strings.Contains(allowed, "Failback") && !strings.Contains(allowed, "FinalizeFailback") {
		c.t.Errorf("ours %+v, theirs %v %v allows %s", ours, theirs["id"], follow(p, "activeLocation"), allowed)
	}
	job := path.Base(fmt.Sprint(follow(p, "currentScenario", "jobId")))
	if job == "None" {
		job = ""
	}
	if ours.Job != job {
		c.t.Errorf("the job of the item: ours %q, theirs %q", ours.Job, job)
	}
	disks, _ := follow(p, "providerSpecificDetails", "azureVmDiskDetails").([]any)
	var size int64
	for _, d := range disks {
		var mega int64
		if _, err := fmt.Sscan(fmt.Sprint(follow(d, "maxSizeMB")), &mega); err != nil {
			c.t.Errorf("a disk's size: %v", err)
		}
		size += mega << 20
	}
	if ours.Disks != len(disks) || ours.Bytes != size {
		c.t.Errorf("disks: ours %d of %d bytes, theirs %d of %d", ours.Disks, ours.Bytes, len(disks), size)
	}
}

func (c *crash) sameJob(ours engine.Job, theirs document) {
	c.t.Helper()
	p := theirs["properties"]
	if ours.Name != theirs["name"] || ours.Scenario != follow(p, "scenarioName") || ours.Friendly != follow(p, "friendlyName") ||
		string(ours.State) != follow(p, "state") || ours.TargetName != follow(p, "targetObjectName") {
		c.t.Errorf("ours %+v, theirs %v", ours, theirs)
	}
}

func (c *crash) compareJobs(theirs []document) {
	c.t.Helper()
	ours := list[engine.Job](c, "jobs")
	if len(ours) != len(theirs) {
		c.t.Fatalf("jobs: ours %d, theirs %d", len(ours), len(theirs))
	}
	for i := range ours {
		c.sameJob(ours[i], theirs[i])
	}
}
