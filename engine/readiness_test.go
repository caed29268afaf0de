package engine

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// item makes what a combination says of itself into an item.
func (c Combination) item() Item {
	it := Item{
		Name: "web", Kind: KindHyperVSite, RawState: c.Protection, RawDescription: c.Description, State: StateNamed(c.Protection),
		Allowed: c.Allowed, TestFailover: c.TestFailover,
	}
	switch c.Active {
	case "Primary":
		it.Active = LocationOnPremises
	case "Recovery":
		it.Active = LocationAzure
	}
	if c.Scenario != "" {
		it.CurrentScenario, it.CurrentJob = c.Scenario, "job-1"
	}
	return it
}

// S14, S22, S24: every recorded combination is explained by its own row, and the
// operation that is offered alone decides.
func TestS14EveryRecordedCombinationHasItsRow(t *testing.T) {
	seen := 0
	for _, s := range Situations() {
		for _, c := range s.Recorded {
			seen++
			it := c.item()
			if got := it.Situation().Name; got != s.Name {
				t.Errorf("%s %v is explained as %q, want %q", c.Protection, c.Allowed, got, s.Name)
			}
			back, away := it.Ready(ToOnPremises), it.Ready(ToAzure)
			if back.Ready != slices.Contains(c.Allowed, "Failback") || away.Ready != slices.Contains(c.Allowed, "PlannedFailover") {
				t.Errorf("%s: ready back %v, away %v with %v", s.Name, back.Ready, away.Ready, c.Allowed)
			}
			for _, r := range []Readiness{back, away} {
				if r.Ready != (r.Reason == "") || r.Ready != (r.Remedy == "") {
					t.Errorf("%s: %+v: a reason and what to do stand exactly where it is not ready", s.Name, r)
				}
			}
			if StateNamed(c.Protection) == ItemStateOther {
				t.Errorf("recorded state %s has no word", c.Protection)
			}
		}
		if len(s.Recorded) == 0 && s.Inferred == "" {
			t.Errorf("%s is neither recorded nor marked as inferred", s.Name)
		}
	}
	if seen < 12 {
		t.Errorf("%d combinations, want all that were recorded", seen)
	}
}

func TestReadinessGoesByOperationsAlone(t *testing.T) {
	unknown := Item{RawState: "SomethingNew", Active: LocationAzure, Allowed: []string{"Failback", "FlyToTheMoon"}}
	if r := unknown.Ready(ToOnPremises); !r.Ready {
		t.Errorf("an unknown name of a state hides an offered failback: %+v", r)
	}
	named := Item{RawState: "UnplannedFailoverCommitted", Active: LocationAzure}
	if r := named.Ready(ToOnPremises); r.Ready || !strings.Contains(r.Reason, "UnplannedFailoverCommitted") {
		t.Errorf("a name alone makes it ready, or is not shown: %+v", r)
	}
	for dir, it := range map[Direction]Item{
		ToOnPremises: {Active: LocationOnPremises, Allowed: []string{"Failback"}},
		ToAzure:      {Active: LocationAzure, Allowed: []string{"PlannedFailover"}},
	} {
		if r := it.Ready(dir); r.Ready || r.Remedy == "" {
			t.Errorf("S2: %s: an item that contradicts itself: %+v", dir, r)
		}
	}
	foreign := Item{OutOfScope: "a VMware VM", Allowed: []string{"Failback"}, Active: LocationAzure}
	if r := foreign.Ready(ToOnPremises); r.Ready || !strings.Contains(r.Reason, "VMware") {
		t.Errorf("S1: %+v", r)
	}
}

func TestS14OnlyACommitStandsInTheWay(t *testing.T) {
	for _, s := range Situations() {
		for _, c := range s.Recorded {
			want := slices.Contains(c.Allowed, "Commit")
			if r := c.item().Ready(ToOnPremises); r.CommitFirst != want {
				t.Errorf("%s: commit first %v, want %v", s.Name, r.CommitFirst, want)
			}
			if c.item().Ready(ToAzure).CommitFirst {
				t.Errorf("%s: a failover to Azure commits nothing first", s.Name)
			}
		}
	}
}

func TestEveryItemHasASituation(t *testing.T) {
	for _, active := range []Location{LocationUnknown, LocationAzure, LocationOnPremises} {
		for _, job := range []string{"", "j"} {
			for _, raw := range []string{"", "Protected", "Odd"} {
				it := Item{Active: active, CurrentJob: job, RawState: raw}
				for _, dir := range []Direction{ToOnPremises, ToAzure} {
					if r := it.Ready(dir); r.Ready || r.Reason == "" || r.Remedy == "" || strings.ContainsAny(r.Reason, "{}") {
						t.Errorf("%q %q %q %s: %+v", active, job, raw, dir, r)
					}
				}
			}
		}
	}
}

// The page and the table are one: -update writes it.
func TestStatesPage(t *testing.T) {
	path := filepath.Join("..", "docs", "states.md")
	want := statesPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil { //nolint:gosec // a document of the repository
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.ReplaceAll(string(got), "\r\n", "\n") != want {
		t.Error("docs/states.md is not what the table says: go test ./engine -run TestStatesPage -update")
	}
}

func statesPage() string {
	var b strings.Builder
	b.WriteString(`# The states of a replicated item

This page is written from the table by which the program explains items (` + "`engine/situations.go`" + `); a test keeps both together. Whether
a run may start is decided on the item's ` + "`allowedOperations`" + ` of a fresh read alone: *Failback* for Azure → on-premises, *PlannedFailover* for
on-premises → Azure, each only where the machine is active at the other side. The rows say why not, and what to do. They are
tried from the top; the first that fits is the item's.

| situation | known by | it means | Azure → on-premises | on-premises → Azure |
|---|---|---|---|---|
`)
	for _, s := range Situations() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", s.Name, knownBy(s), s.Meaning, adviceWords(s.Failback), adviceWords(s.Forward))
	}
	b.WriteString(`
{state}, {scenario} and {job} stand for what the item says of itself. Items of another replication provider are listed with that as
the reason, and never touched.

## What was recorded

| situation | protectionState (description) | activeLocation | allowedOperations | testFailoverState | job at work | source |
|---|---|---|---|---|---|---|
`)
	for _, s := range Situations() {
		for _, c := range s.Recorded {
			fmt.Fprintf(&b, "| %s | `%s` (%s) | %s | %s | %s | %s | %s |\n", s.Name, c.Protection, c.Description, c.Active,
				orDash(strings.Join(c.Allowed, ", ")), c.TestFailover, orDash(c.Scenario), c.Source)
		}
	}
	b.WriteString(`
## What is inferred

| situation | inferred |
|---|---|
`)
	for _, s := range Situations() {
		if s.Inferred != "" {
			fmt.Fprintf(&b, "| %s | %s |\n", s.Name, s.Inferred)
		}
	}
	b.WriteString(`
## Names of states

The names only colour words on screens. The set is open: a name that is missing here is shown as the service spells it, with the
state ` + "`other`" + `.

| protectionState | its description | ` + "`state`" + ` in ` + "`items --output json`" + ` | |
|---|---|---|---|
`)
	for _, p := range ProtectionStates() {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` | %s |\n", p.Name, orDash(p.Description), p.State, p.Inferred)
	}
	return b.String()
}

func knownBy(s Situation) string {
	var out []string
	add := func(what string, names []string) {
		if len(names) > 0 {
			out = append(out, what+" "+strings.Join(names, " or "))
		}
	}
	add("offers", s.Offers)
	if s.Active != LocationUnknown {
		out = append(out, map[Location]string{LocationAzure: "active in Azure", LocationOnPremises: "active on-premises"}[s.Active])
	}
	if s.Working && len(s.Scenarios) == 0 {
		out = append(out, "a job works on it")
	}
	add("job", s.Scenarios)
	add("protectionState", s.Protection)
	add("testFailoverState", s.TestFailover)
	if len(out) == 0 {
		return "anything else"
	}
	return strings.Join(out, "; ")
}

func adviceWords(a Advice) string {
	if a.Reason == "" {
		return "**ready**"
	}
	return a.Reason + ". *Now:* " + a.Remedy
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
