package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const whole = `# a site
defaults:
  profile: site
  poll: 45s
  requests_per_minute: 120
profiles:
  site:
    cloud: {name: public}
    auth: cli
    subscription: 11111111-1111-1111-1111-111111111111
    resource_group: rg-dr
    vault: vault-dr
    hosts:
      hv01.example:
        url: https://hv01.example:5986/wsman
        user: EXAMPLE\operator
        password_file: hv01.secret
        ca: hosts.pem
  served:
    cloud: {resource_manager: "http://127.0.0.1:8080", storage: "http://127.0.0.1:8081/"}
    auth: loopback
    token: printed-by-the-lab
    subscription: s
    resource_group: g
    vault: v
    poll: 1s
`

func TestParseFillsProfilesFromDefaultsAndFolder(t *testing.T) {
	f, err := Parse("/etc/fb/config.yaml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Names(); !slices.Equal(got, []string{"served", "site"}) {
		t.Fatalf("names %v", got)
	}
	p, err := f.Profile("")
	if err != nil || p.Name != "site" {
		t.Fatalf("default profile %q, %v", p.Name, err)
	}
	if p.Poll.Std() != 45*time.Second {
		t.Errorf("poll %v, want the default 45s", p.Poll.Std())
	}
	if p.RequestsPerMinute != 120 {
		t.Errorf("%d requests a minute, want the default 120", p.RequestsPerMinute)
	}
	h := p.Hosts["hv01.example"]
	if want := filepath.FromSlash("/etc/fb/hv01.secret"); h.PasswordFile != want {
		t.Errorf("password file %q, want it beside the configuration: %q", h.PasswordFile, want)
	}
	if want := filepath.FromSlash("/etc/fb/hosts.pem"); h.CA != want {
		t.Errorf("authority %q, want it beside the configuration: %q", h.CA, want)
	}
	if served := f.Profiles["served"]; served.Poll.Std() != time.Second || served.Token != "printed-by-the-lab" || served.Cloud.Storage != "127.0.0.1" {
		t.Errorf("served profile %+v", served)
	}
}

func TestParseNamesFileLineAndKey(t *testing.T) {
	profile := func(lines string) string {
		return "profiles:\n  a:\n    subscription: s\n    resource_group: g\n    vault: v\n" + lines
	}
	for name, c := range map[string]struct {
		yaml string
		line int
		key  string
		why  string
	}{
		"unknown key":          {profile("    vualt: x\n"), 6, "profiles.a.vualt", "unknown"},
		"repeated key":         {profile("    vault: x\n"), 6, "", "already defined"},
		"unknown top":          {"profile: {}\n", 1, "profile", "unknown"},
		"wrong type":           {"profiles:\n  a:\n    hosts: 7\n", 3, "profiles.a.hosts", "a group of keys is expected"},
		"group of nowhere":     {"profiles:\n  a:\n    resource_group: g\n", 2, "profiles.a.subscription", "missing"},
		"token without lab":    {profile("    auth: cli\n    token: secret\n"), 7, "profiles.a.token", "only with auth: loopback"},
		"loopback, no token":   {profile("    auth: loopback\n"), 2, "profiles.a.token", "needs the token"},
		"loopback elsewhere":   {profile("    auth: loopback\n    token: t\n    cloud:\n      resource_manager: https://example.com\n"), 9, "profiles.a.cloud.resource_manager", "another"},
		"unknown auth":         {profile("    auth: password\n"), 6, "profiles.a.auth", "none of"},
		"secret in the file":   {profile("    auth: client-secret\n    client_secret: do-not-show\n"), 7, "profiles.a.client_secret", "failback secret set"},
		"secret, no tenant":    {profile("    auth: client-secret\n    client_id: c\n"), 2, "profiles.a.tenant", "needs tenant"},
		"secret, no client id": {profile("    auth: client-secret\n    tenant: t\n"), 2, "profiles.a.client_id", "needs client_id"},
		"certificate, no file": {profile("    auth: client-certificate\n    tenant: t\n    client_id: c\n"), 2, "profiles.a.certificate", "needs certificate"},
		"cli with a client id": {profile("    auth: cli\n    client_id: c\n"), 7, "profiles.a.client_id", "takes no client_id"},
		"default with a file":  {profile("    token_file: f\n"), 6, "profiles.a.token_file", "takes no token_file"},
		"no directory":         {profile("    auth: cli\n    tenant: \"a b\"\n"), 7, "profiles.a.tenant", "no directory"},
		"nowhere to sign in":   {profile("    auth: device-code\n    cloud: {resource_manager: \"https://x.example\"}\n"), 7, "profiles.a.cloud.authority", "signs people in"},
		"manager without TLS":  {profile("    auth: cli\n    cloud: {resource_manager: \"http://127.0.0.1\"}\n"), 7, "profiles.a.cloud.resource_manager", "needs https"},
		"authority, no TLS":    {profile("    cloud: {resource_manager: \"https://x.example\", authority: \"http://y.example\"}\n"), 6, "profiles.a.cloud.authority", "needs https"},
		"audience alone":       {profile("    cloud: {audience: \"https://x.example\"}\n"), 6, "profiles.a.cloud.resource_manager", "needs"},
		"proxy is none":        {profile("    proxy: proxy.example:3128\n"), 6, "profiles.a.proxy", "no http or https address"},
		"proxy with password":  {profile("    proxy: \"http://u:do-not-show@proxy.example\"\n"), 6, "profiles.a.proxy", "password in it"},
		"unknown cloud":        {profile("    cloud: {name: moon}\n"), 6, "profiles.a.cloud.name", "none of"},
		"name and endpoint":    {profile("    cloud: {name: public, resource_manager: \"https://x.example\"}\n"), 6, "profiles.a.cloud", "not both"},
		"storage alone":        {profile("    cloud: {storage: \"https://x.example\"}\n"), 6, "profiles.a.cloud.resource_manager", "needs"},
		"host without url":     {profile("    hosts:\n      hv01: {user: u}\n"), 7, "profiles.a.hosts.hv01.url", "missing"},
		"password, no user":    {profile("    hosts:\n      hv01:\n        url: https://hv01\n        password_file: f\n"), 7, "profiles.a.hosts.hv01.user", "without a user"},
		"authority, no https":  {profile("    hosts:\n      hv01:\n        url: http://127.0.0.1\n        ca: f\n"), 9, "profiles.a.hosts.hv01.ca", "without https"},
		"credentials in url":   {profile("    hosts:\n      hv01: {url: \"https://u:p@hv01\"}\n"), 7, "profiles.a.hosts.hv01.url", "password in it"},
		"bad time span":        {profile("    poll: soon\n"), 6, "profiles.a.poll", "no time span"},
		"negative time span":   {profile("    poll: -5s\n"), 6, "profiles.a.poll", "no time span"},
		"budget too small":     {profile("    requests_per_minute: 3\n"), 6, "profiles.a.requests_per_minute", "not between"},
		"budget too large":     {"defaults: {requests_per_minute: 99999}\n" + profile(""), 1, "defaults.requests_per_minute", "not between"},
		"poll too short":       {profile("    poll: 1ms\n"), 6, "profiles.a.poll", "shorter than"},
		"unknown default":      {profile("defaults:\n  profile: b\n"), 7, "defaults.profile", "there is a"},
		"broken yaml":          {"profiles: [\n", 1, "", "sequence"},
		"not a mapping":        {"- a\n", 1, "", "key: value"},
		"two documents":        {"defaults: {}\n---\ndefaults: {}\n", 3, "", "second YAML document"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("site.yaml", []byte(c.yaml))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("no error of ours: %v", err)
			}
			if e.File != "site.yaml" || e.Line != c.line || e.Key != c.key || !strings.Contains(e.Why, c.why) {
				t.Errorf("got %s:%d key %q why %q\nwant line %d key %q why …%s…", e.File, e.Line, e.Key, e.Why, c.line, c.key, c.why)
			}
			if strings.Contains(e.Error()+e.Remedy, "do-not-show") {
				t.Errorf("the secret is in the error: %v", e)
			}
		})
	}
}

func TestLoadPrecedence(t *testing.T) {
	dir := t.TempDir()
	file := func(name, profile string) string {
		path := filepath.Join(dir, name)
		text := "profiles: {" + profile + ": {subscription: s, resource_group: g, vault: v}}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	flag, env := file("flag.yaml", "from-flag"), file("env.yaml", "from-env")
	t.Setenv("FAILBACK_CONFIG", env)
	for _, c := range []struct{ flag, want string }{{flag, "from-flag"}, {"", "from-env"}} {
		f, err := Load(c.flag)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Names(); !slices.Equal(got, []string{c.want}) {
			t.Errorf("--config %q gave %v, want %s", c.flag, got, c.want)
		}
	}
	if _, err := Load(filepath.Join(dir, "absent.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a named file that is not there: %v", err)
	}
}

func TestProfileErrorsNameWhatThereIs(t *testing.T) {
	none := File{}
	if _, err := none.Profile(""); err == nil || !strings.Contains(err.Error(), "no profile is configured") {
		t.Errorf("no file: %v", err)
	}
	two := File{Path: "c.yaml", Profiles: map[string]Profile{"a": {}, "b": {}}}
	if _, err := two.Profile(""); err == nil || !strings.Contains(err.Error(), "a, b") {
		t.Errorf("two profiles, none named: %v", err)
	}
	if _, err := two.Profile("c"); err == nil || !strings.Contains(err.Error(), "no profile c; there is a, b") {
		t.Errorf("unknown profile: %v", err)
	}
}

func TestStateDirIsMadePrivateAndMustBeWritable(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	got, err := StateDir(dir)
	if err != nil || got != dir {
		t.Fatalf("%q, %v", got, err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("the probe left %v (%v)", left, err)
	}
	t.Setenv("FAILBACK_STATE_DIR", filepath.Join(t.TempDir(), "env"))
	if got, err := StateDir(""); err != nil || filepath.Base(got) != "env" {
		t.Errorf("environment: %q, %v", got, err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = StateDir(filepath.Join(file, "below"))
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Why, "can't be made") {
		t.Errorf("below a file: %v", err)
	}
}
