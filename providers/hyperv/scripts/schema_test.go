package scripts

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestStrictTakesWhatTheAnswersWrite(t *testing.T) {
	whole, err := json.Marshal(VMAnswer{Unread: map[string]string{}, Addresses: []string{}, Switches: []string{"LAN"}, Disks: []VMDisk{{Path: "x"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := Strict(whole, &VMAnswer{}); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ text, want string }{
		{`{"before":"Off","after":"Running","more":1}`, `unknown field "more"`},
		{`{"before":"Off"}`, "after is missing"},
		{`{"before":"Off","after":null}`, "after is null"},
		{`{"before":"Off","after":3}`, "cannot unmarshal number"},
		{`{"before":"Off",`, "unexpected EOF"},
		{`[]`, "cannot unmarshal array"},
		{`null`, "is null"},
	} {
		if err := Strict(json.RawMessage(c.text), &StartVMAnswer{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	// What lies deep, in a list and in an embedded part, is looked at too.
	deep := strings.Replace(string(whole), `"problem":""`, `"problem":null`, 1)
	if err := Strict(json.RawMessage(deep), &VMAnswer{}); err == nil || !strings.Contains(err.Error(), "disks[0].problem is null") {
		t.Errorf("deep: %v", err)
	}
	embedded := strings.Replace(string(whole), `"notes":""`, `"notes":null`, 1)
	if err := Strict(json.RawMessage(embedded), &VMAnswer{}); err == nil || !strings.Contains(err.Error(), "notes is null") {
		t.Errorf("embedded: %v", err)
	}
	if err := Strict(json.RawMessage(`{"vms":null}`), &VMsAnswer{}); err == nil {
		t.Error("a null for a list was taken")
	}
}
