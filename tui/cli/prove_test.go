package cli

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"failback/engine"
)

// S46: what a boot is to be proven by, in the words of a flag or a plan file.
func TestS46ProveWords(t *testing.T) {
	sum := func(string) (string, error) { return "5c1f", nil }
	o := proveOptions{
		addresses: []string{"10.0.0.5", "sql01=fd00::7", "x=y=[fd00::8]"},
		ports:     []string{"443", "10.0.0.5:22", "sql01=1433", "sql01=db.example:1433", "sql01=[fd00::7]:1433"},
		script:    "look.sh", timeout: time.Minute,
	}
	if err := o.read(sum); err != nil {
		t.Fatal(err)
	}
	for i, want := range []engine.ProofAddress{{Address: "10.0.0.5"}, {Item: "sql01", Address: "fd00::7"}, {Item: "x=y", Address: "fd00::8"}} {
		if got := o.boot.Addresses[i]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	for i, want := range []engine.ProofPort{
		{Port: 443}, {Address: "10.0.0.5", Port: 22}, {Item: "sql01", Port: 1433},
		{Item: "sql01", Address: "db.example", Port: 1433}, {Item: "sql01", Address: "fd00::7", Port: 1433},
	} {
		if got := o.boot.Ports[i]; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if s := o.boot.Script; s == nil || !filepath.IsAbs(s.Path) || s.SHA256 != "5c1f" || s.Timeout != time.Minute {
		t.Errorf("%+v", s)
	}
	for _, word := range []string{"", "https", "0", "70000", "10.0.0.5:", ":443", "fd00::7", "sql01=", "443/tcp", "-1"} {
		if err := (&proveOptions{ports: []string{word}}).read(sum); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("--prove-port %q gave %v", word, err)
		}
	}
	absent := func(string) (string, error) { return "", &os.PathError{Op: "open", Err: os.ErrNotExist} }
	for name, sum := range map[string]func(string) (string, error){"absent": absent, "nothing runs": nil, "other": func(string) (string, error) { return "", errors.New("x") }} {
		if err := (&proveOptions{script: "look.sh"}).read(sum); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
