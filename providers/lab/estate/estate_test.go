package estate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestBuiltInEstatesAreWhole(t *testing.T) {
	for _, name := range append(Names(), "") {
		e, err := Load(name)
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if e.Speed <= 0 || len(e.Items) == 0 || e.Times.Boot == 0 {
			t.Errorf("%q is not filled in: %+v", name, e)
		}
	}
}

func TestSmallEstateHasTheTellingStates(t *testing.T) {
	e, err := Load("small")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	encrypted := 0
	for _, it := range e.Items {
		seen[it.State]++
		if it.Encryption {
			encrypted++
		}
	}
	for _, s := range states {
		if seen[s] == 0 {
			t.Errorf("no item is %s", s)
		}
	}
	if len(e.Items) < 6 || encrypted != 1 || len(e.RecoveryPlans) != 1 {
		t.Errorf("%d items, %d encrypted, %d recovery plans", len(e.Items), encrypted, len(e.RecoveryPlans))
	}
}

const good = `name: mine
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site}]
items:
  - name: app01
    host: hv01
    disks: [{size: 32MiB}]
`

func TestErrorsNameFileLineAndKey(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":     {good + "colour: red\n", "estate.yaml:8: colour: "},
		"wrong type":      {strings.Replace(good, "name: mine", "name: mine\nspeed: fast", 1), "estate.yaml:2: speed: "},
		"WinRM trouble":   {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {troubles: [{what: empty}, {what: rain}]}}", 1), `hosts[0] (hv01).winrm.troubles[1].what: unknown trouble "rain" (any-password, `},
		"WinRM step":      {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {troubles: [{what: no-exit-code, at: send}]}}", 1), `winrm.troubles[0].at: no-exit-code cannot strike at "send" (receive)`},
		"WinRM sign-in":   {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {troubles: [{what: old-ntlm}]}}", 1), "winrm.troubles[0].at: say where old-ntlm strikes (negotiate)"},
		"WinRM code":      {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {troubles: [{what: empty, code: 5}]}}", 1), "winrm.troubles[0].code: only fault has one"},
		"WinRM shells":    {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {shells: -1}}", 1), "hosts[0] (hv01).winrm.shells: -1 is negative"},
		"WinRM key":       {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {shell: 1}}", 1), "estate.yaml:3: "},
		"WinRM drip":      {strings.Replace(good, "fabric: site}", "fabric: site, winrm: {troubles: [{what: reset, every: 1s}]}}", 1), "winrm.troubles[0].every: only drip has it"},
		"bad size":        {strings.Replace(good, "32MiB", "32 apples", 1), "not a size"},
		"unknown host":    {strings.Replace(good, "host: hv01", "host: hv09", 1), "items[0] (app01).host"},
		"unknown state":   {strings.Replace(good, "host: hv01", "host: hv01\n    state: lost", 1), "items[0] (app01).state"},
		"unknown trouble": {good + "faults: [{when: start, what: earthquake}]\n", "faults[0].what"},
		"wrong moment":    {good + "faults: [{when: boot, what: lost-answer}]\n", "faults[0].when"},
		"small disk":      {strings.Replace(good, "32MiB", "1MiB", 1), "disks[0].size"},
		"plan of nobody":  {good + "recovery_plans: [{name: p, groups: [[ghost]]}]\n", "recovery_plans[0].groups[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "estate.yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := Load("no such estate"); err == nil || !strings.Contains(err.Error(), "small") {
		t.Errorf("an estate that is not there: %v", err)
	}
}

func TestAgoTakesDays(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "40d": 960 * time.Hour, "90m": 90 * time.Minute} {
		if got, err := (Item{InAzure: text}).Ago(); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	if _, err := (Item{InAzure: "soon"}).Ago(); err == nil {
		t.Error("soon is a time")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	small, err := builtin.ReadFile("builtin/small.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(small)
	f.Add([]byte("items: [{disks: [{size: 9999999999TiB}]}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := Decode("fuzzed", data)
		if err != nil {
			return
		}
		hosts := map[string]bool{}
		for _, h := range e.Hosts {
			hosts[h.Name] = true
		}
		for _, it := range e.Items {
			if !hosts[it.Host] || len(it.Disks) == 0 {
				t.Errorf("accepted an item without a home: %+v", it)
			}
		}
	})
}

// What an estate can let go wrong is on the page about the lab.
func TestEveryTroubleIsOnThePage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "lab.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range Troubles() {
		if !strings.Contains(string(page), "| `"+string(what)+"` |") {
			t.Errorf("docs/lab.md does not say what %s is", what)
		}
	}
}

// docs/lab.md names everything that a host's WinRM can do wrong.
func TestTheLabsPageNamesEveryWinRMTrouble(t *testing.T) {
	page, err := os.ReadFile("../../../docs/lab.md")
	if err != nil {
		t.Fatal(err)
	}
	for what, at := range WinRMTroubles() {
		if !strings.Contains(string(page), "`"+string(what)+"`") {
			t.Errorf("%s is missing", what)
		}
		for _, step := range at {
			if !strings.Contains(string(page), "`"+string(step)+"`") {
				t.Errorf("%s is missing", step)
			}
		}
	}
}
