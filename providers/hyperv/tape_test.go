package hyperv_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"failback/engine"
	"failback/providers/azure/record"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
)

// taped runs reading scripts against the lab, some with a fault, and returns what
// the tape holds.
func taped(t *testing.T) (folder, text string) {
	t.Helper()
	folder = t.TempDir()
	path := filepath.Join(folder, "hosts.winrm.yml")
	tape, err := hyperv.NewTape(path, record.NewCleaner(true))
	if err != nil {
		t.Fatal(err)
	}
	s := newSite()
	s.vm.Unread = map[string]string{}
	s.vm.Notes = "belongs to fileserver9.corp.example, password=" + canary
	server := winrm.New(s, winrm.Options{User: user, Password: canary, Chunk: 100, Troubles: []winrm.Trouble{{At: winrm.StepCreate, From: 7, What: winrm.Refusal}}})
	a, err := hyperv.New(hyperv.Options{Tape: tape, Hosts: map[string]hyperv.Endpoint{
		"HV01": {URL: "http://hv01.lab.example", User: user, Password: secret(canary), Connect: server.Connect("HV01")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, err1 := a.Facts(ctx, "HV01")
	_, err2 := a.VM(ctx, "HV01", vmID)
	_, err3 := a.VM(ctx, "HV01", otherID)
	_, err4 := a.Network(ctx, "HV01")
	_, err5 := a.Activity(ctx, "HV01")
	if err1 != nil || err2 != nil || engine.KindOf(err3) != engine.FailureNotFound || err4 != nil || err5 == nil {
		t.Fatal(err1, err2, err3, err4, err5)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if asked, err := tape.Close(); !asked || err != nil {
		t.Fatal(asked, err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	return folder, string(raw)
}

// inside unwraps whatever the recording holds in base64.
func inside(text string) string {
	var out strings.Builder
	out.WriteString(text)
	for _, b := range regexp.MustCompile(`[A-Za-z0-9+/]{24,}=*`).FindAllString(text, -1) {
		raw, err := base64.StdEncoding.DecodeString(b)
		if err != nil {
			continue
		}
		if inner := string(raw); inner != "" {
			out.WriteString("\n" + inside(inner))
		}
	}
	return out.String()
}

// What is recorded against the lab is read by the parsers that read what hosts said,
// and tells neither a secret nor a name.
func TestARecordingReplays(t *testing.T) {
	folder, text := taped(t)
	hyperv.ParseRecordings(t, folder)
	all := inside(text)
	for _, no := range []string{canary, "hv01", "HV01", "web01", "operator", "LAB", vmID, strings.ToUpper(vmID), "fileserver9", "corp.example", "192.0.2.7", "NTLMSSP", "TlRMTVNTU", "Authorization", "Negotiate"} {
		if strings.Contains(all, no) {
			t.Errorf("%q stands in the recording", no)
		}
	}
	for _, yes := range []string{"obengine", "17763", `D:\\vm\\name-`, "ResourceCreated", "WSManFault"} {
		if !strings.Contains(all, yes) {
			t.Errorf("%q does not stand in the recording", yes)
		}
	}
	if strings.Count(text, "- request: ") < 20 {
		t.Errorf("only %d messages", strings.Count(text, "- request: "))
	}
}

// The answers of a recording are whole: they fit the schemas, and the payloads their
// checksums.
func TestARecordingHoldsWholeAnswers(t *testing.T) {
	_, text := taped(t)
	var r struct {
		Messages []struct{ Request, Response string } `yaml:"messages"`
	}
	if err := yaml.Unmarshal([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	stdin := regexp.MustCompile(`Name="stdin"[^>]*>([^<]+)<`)
	stdout := regexp.MustCompile(`Name="stdout"[^>]*>([^<]+)<`)
	script, found := "", map[string]json.RawMessage{}
	for _, m := range r.Messages {
		if s := stdin.FindStringSubmatch(m.Request); s != nil {
			raw, err := base64.StdEncoding.DecodeString(s[1])
			if err != nil {
				t.Fatal(err)
			}
			p, err := scripts.DecodePayload(raw)
			if err != nil {
				t.Fatal(err)
			}
			if script, _ = scripts.ByText(p.Script); script == "" {
				t.Error("the text of a script was changed")
			}
		}
		if s := stdout.FindStringSubmatch(m.Response); s != nil {
			raw, err := base64.StdEncoding.DecodeString(s[1])
			if err != nil {
				t.Fatal(err)
			}
			if data, err := scripts.DecodeAnswer(raw); err == nil {
				found[script] = data
			}
		}
	}
	for name, answer := range map[string]any{
		scripts.HostFacts: new(scripts.HostFactsAnswer), scripts.ReadVM: new(scripts.VMAnswer), scripts.ReadNetwork: new(scripts.NetworkAnswer),
	} {
		if err := scripts.Strict(found[name], answer); err != nil {
			t.Errorf("%s: %v in %s", name, err, found[name])
		}
	}
	var vm scripts.VMAnswer
	if err := json.Unmarshal(found[scripts.ReadVM], &vm); err != nil || vm.Generation != 2 || len(vm.Disks) != 1 || !strings.HasPrefix(vm.Name, "name-") {
		t.Errorf("%+v, %v", vm, err)
	}
}

// A tape replaces no file, and leaves none where nothing was said.
func TestATapeReplacesNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yml")
	tape, err := hyperv.NewTape(path, record.NewCleaner(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hyperv.NewTape(path, record.NewCleaner(true)); engine.KindOf(err) != engine.FailureUsage {
		t.Errorf("%v", err)
	}
	if asked, err := tape.Close(); asked || err != nil {
		t.Error(asked, err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("an empty recording stays")
	}
}
