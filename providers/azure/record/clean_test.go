package record

import (
	"strings"
	"testing"
)

// F14: what lets somebody in is taken out of every text, whatever it stands in, and
// what stands around it stays.
func TestF14NoSecretPassesTheCleaner(t *testing.T) {
	const canary = "c4naryC4NARYc4naryC4NARY0123456789"
	texts := []string{
		"GET /x Authorization: Bearer " + canary, "authorization: basic " + canary + "==", "Negotiate TlRMTVNTUAAD" + canary,
		"password=" + canary, `"Password": "` + canary + ` with blanks"`, "client_secret: '" + canary + "'", "pwd = " + canary + ";x",
		"https://x.blob.core.windows.net/vhds/a.vhd?sv=2020&sig=" + canary + "&se=1", "AccountKey=" + canary + ";EndpointSuffix=x",
		"token eyJ" + canary + "." + canary + "." + canary, "https://anna:" + canary + "@proxy:8080",
		"-----BEGIN RSA PRIVATE KEY-----\n" + canary + "\n-----END RSA PRIVATE KEY----- after",
	}
	for _, names := range []bool{false, true} {
		c := NewCleaner(names)
		for _, s := range texts {
			for form, got := range map[string]string{
				"text": c.Text(s), "JSON": string(c.JSON([]byte(`{"text":` + quote(s) + `,"observed":` + quote(s) + `}` + "\n"))),
				"broken": string(c.JSON([]byte("{\"text\": " + s))),
			} {
				if strings.Contains(got, canary) {
					t.Errorf("names %v, %s: %q became %q", names, form, s, got)
				}
			}
		}
		for _, key := range []string{"password", "sas", "certificate_thumbprint", "access_token", "pfx"} {
			if got := string(c.JSON([]byte(`{"a":[{"` + key + `":"` + canary + `"}]}`))); strings.Contains(got, canary) {
				t.Errorf("names %v, behind %s: %s", names, key, got)
			}
		}
	}
}

func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}

// What has no secret in it stays as it is, byte for byte: a journal's hashes still fit.
func TestACleanTextStays(t *testing.T) {
	raw := "{\"z\":1,  \"a\":\"x < y\"}\n{\"time\":\"2026-11-26T15:25:19.13Z\",\"sum\":\"ab\"}\n{\"torn\":"
	if got := string(NewCleaner(false).JSON([]byte(raw))); got != raw {
		t.Errorf("%q", got)
	}
}

// Names are replaced in all of a bundle alike, also as part of longer ones; words of the
// program are not.
func TestNamesAreTakenOutWhereThatIsAskedFor(t *testing.T) {
	c := NewCleaner(true, "anna@jump01", "hv01.contoso.lab")
	journal := `{"event":{"type":"run.planned","plan":{"items":[{"name":"web01","vm_id":"6e1b0c1a-55b2-4f8a-9a5e-0d9d6a1c7f01"}]}}}
{"event":{"type":"preflight.checked","rule":"web01","item":"web01","observed":"\"web01\" on HV01, D:\\VMs\\web01-os.vhdx, 10.20.0.15","build":"10.0.0.1"}}
`
	got := string(c.JSON([]byte(journal)))
	for _, name := range []string{`"name":"web01"`, "web01-os", "hv01", "HV01", "contoso", "6e1b0c1a", "10.20.0.15"} {
		if strings.Contains(got, name) {
			t.Errorf("%s stands in %s", name, got)
		}
	}
	for _, word := range []string{"run.planned", `"rule":"web01"`, "10.0.0.1", `D:\\VMs\\name-`} {
		if !strings.Contains(got, word) {
			t.Errorf("%s does not stand in %s", word, got)
		}
	}
	if got := c.Text("hosts/hv01.contoso.lab/vms/web01.json by anna"); strings.Contains(got, "hv01") || strings.Contains(got, "web01") || strings.Contains(got, "anna") {
		t.Errorf("%s", got)
	}
	event := string(c.JSON([]byte(`{"text":"The job of 'srv-unknown7' on fileserver9.corp.example failed (0x80070005)."}`)))
	if strings.Contains(event, "srv-unknown7") || strings.Contains(event, "fileserver9") || !strings.Contains(event, "failed") {
		t.Errorf("%s", event)
	}
}
