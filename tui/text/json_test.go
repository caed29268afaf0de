package text

import (
	"encoding/json"
	"testing"
)

func TestJSONIsHarmlessAndLosesNothing(t *testing.T) {
	name := "web\u202e10\u009b31m\u200b\x7f\U000e0041 Zürich ✓ 😀"
	raw, err := json.Marshal(map[string]string{"name": name})
	if err != nil {
		t.Fatal(err)
	}
	got := JSON(append(raw, '\n'))
	for _, r := range string(got[:len(got)-1]) {
		if hidden(r) {
			t.Errorf("%U is still there in %s", r, got)
		}
	}
	var back map[string]string
	if err := json.Unmarshal(got, &back); err != nil || back["name"] != name {
		t.Errorf("read back %q, %v", back["name"], err)
	}
}
