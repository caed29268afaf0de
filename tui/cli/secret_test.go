package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"failback/config"
	"failback/engine"
)

const secretFile = `profiles:
  site: {auth: client-secret, tenant: t, client_id: app1, subscription: s, resource_group: g, vault: v}
  plain: {auth: cli, subscription: s, resource_group: g, vault: v}
`

// runSecret runs the program with a configuration and what is typed, and gives
// back its status and everything it wrote.
func runSecret(t *testing.T, in string, ask func(context.Context, string) (string, error), args ...string) (int, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(secretFile), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	status := Run(t.Context(), append(args, "--config", path), Deps{Streams: Streams{In: strings.NewReader(in), Out: &out, Err: &out, Secret: ask}})
	return status, out.String()
}

func TestSecretIsSetAndForgottenAndNeverShown(t *testing.T) {
	keyring.MockInit()
	site := config.Profile{Name: "site", Auth: config.AuthClientSecret, ClientID: "app1"}
	stored := func() string {
		got, err := site.Secret(t.Context(), nil)
		if err != nil {
			return ""
		}
		return got
	}
	typed := func(_ context.Context, prompt string) (string, error) {
		if prompt != "client secret of app1: " {
			t.Errorf("asked %q", prompt)
		}
		return "hush", nil
	}
	if status, out := runSecret(t, "", typed, "secret", "set", "--profile", "site"); status != 0 || stored() != "hush" || strings.Contains(out, "hush") {
		t.Errorf("typed: %d, %s, stored %q", status, out, stored())
	}
	if status, out := runSecret(t, "piped\r\nmore", nil, "secret", "set", "--profile", "site"); status != 0 || stored() != "piped" || strings.Contains(out, "piped") {
		t.Errorf("piped: %d, %s, stored %q", status, out, stored())
	}
	for name, ask := range map[string]func(context.Context, string) (string, error){
		"nothing typed": func(context.Context, string) (string, error) { return "", nil }, "nothing piped": nil,
	} {
		if status, out := runSecret(t, "", ask, "secret", "set", "--profile", "site"); status != 2 || stored() != "piped" {
			t.Errorf("%s: %d, %s", name, status, out)
		}
	}
	if status, out := runSecret(t, "", nil, "secret", "forget", "--profile", "site"); status != 0 || stored() != "" {
		t.Errorf("forget: %d, %s", status, out)
	}
	for _, args := range [][]string{{"secret"}, {"secret", "set", "--profile", "plain"}, {"secret", "forget", "--profile", "plain"}, {"secret", "set", "--profile", "gone"}, {"secret", "set", "--lab"}} {
		if status, out := runSecret(t, "x", nil, args...); status != 2 || !strings.Contains(out, "now: ") {
			t.Errorf("%v: %d, %s", args, status, out)
		}
	}
}

// A code goes to standard error, so that data stays data.
func TestDeviceCodeIsToldOnStandardError(t *testing.T) {
	var out, msg bytes.Buffer
	a := &app{deps: Deps{Streams: Streams{Out: &out, Err: &msg}}}
	p := a.person()
	p.Show(engine.SignInStep{Address: "https://login.test/\x1b[2Jdevice", Code: "ABCD"})
	p.Show(engine.SignInStep{})
	if out.Len() != 0 || msg.String() != "to sign in, open https://login.test/[2Jdevice on any device and enter the code ABCD\nsign in with the browser that opens on this machine\n" {
		t.Errorf("%q, %q", out.String(), msg.String())
	}
	if p.Secret != nil {
		t.Error("somebody is asked without a terminal")
	}
}

func TestSecretOfAHost(t *testing.T) {
	keyring.MockInit()
	path := filepath.Join(t.TempDir(), "c.yaml")
	const file = "profiles:\n  site:\n    hosts:\n      hv01: {url: \"https://hv01\", user: 'D\\ops'}\n      hv02: {url: \"https://hv02\", user: 'D\\ops', password_file: p}\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(args ...string) (int, string) {
		var out bytes.Buffer
		status := Run(t.Context(), append(args, "--config", path), Deps{Streams: Streams{In: strings.NewReader("hush\n"), Out: &out, Err: &out}})
		return status, out.String()
	}
	kept := func() string {
		p := config.Profile{Name: "site", Hosts: map[string]config.Host{"hv01": {URL: "https://hv01", User: `D\ops`}}}
		got, _ := p.HostPassword(t.Context(), "hv01", nil)
		return got
	}
	if status, out := run("secret", "set", "--host", "hv01"); status != 0 || kept() != "hush" || strings.Contains(out, "hush") || !strings.Contains(out, `password of D\ops`) {
		t.Errorf("%d %s", status, out)
	}
	for host, why := range map[string]string{"hv02": "password_file", "hv09": "no host hv09"} {
		if status, out := run("secret", "set", "--host", host); status == 0 || !strings.Contains(out, why) {
			t.Errorf("%s: %d %s", host, status, out)
		}
	}
	if status, out := run("secret", "forget", "--host", "hv01"); status != 0 || kept() != "" {
		t.Errorf("%d %s", status, out)
	}
}
