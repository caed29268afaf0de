package record

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Cleaner redacts what was not exchanged with Azure: journals, facts and event logs of
// hosts. Secrets are always taken out, by the keys they stand behind and by what they
// look like; names only where that was asked for, by the same words as a recording's.
// It is safe for concurrent use.
type Cleaner struct {
	mu    sync.Mutex
	words *words // nil where names stay
	parts *regexp.Regexp
	of    int // how many names parts was made of
}

// NewCleaner makes one; hide are names that are replaced wherever they stand.
func NewCleaner(names bool, hide ...string) *Cleaner {
	c := &Cleaner{}
	if names {
		c.words = newWords()
		c.hide(hide...)
	}
	return c
}

// Hide makes sure of names that stand in texts before they are seen behind a key.
func (c *Cleaner) Hide(names ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hide(names...)
}

// shortest is the length of a name that can be told from a word by chance.
const shortest = 3

func (c *Cleaner) hide(names ...string) {
	if c.words == nil {
		return
	}
	for _, n := range names {
		if n = strings.TrimSpace(n); len(n) >= shortest {
			c.words.hide(n)
		}
		// A person and a machine are named apart, too, and a machine without its domain.
		for _, part := range strings.FieldsFunc(n, func(r rune) bool { return r == '@' || r == '\\' }) {
			short, _, dotted := strings.Cut(part, ".")
			for _, p := range []string{part, short} {
				if (p != n || dotted) && len(p) >= shortest && !number.MatchString(p) {
					c.words.hide(p)
				}
			}
		}
	}
}

// What a secret looks like in a text. The groups around it stay.
var secrets = []struct {
	pattern *regexp.Regexp
	instead string
}{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|$)`), redacted},
	{regexp.MustCompile(`(?i)\b(Bearer|Basic|Negotiate|NTLM|Kerberos|SharedKey|SharedKeyLite)\s+[A-Za-z0-9+/=._~:-]{8,}`), "$1 " + redacted},
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)?`), redacted},
	{regexp.MustCompile(`TlRMTVNTUA[A-Za-z0-9+/]+=*`), redacted},
	{regexp.MustCompile(`(?i)([?&;](?:sig|skoid|code|access_token|id_token|refresh_token)=)[^&\s"'<>]+`), "${1}" + redacted},
	{regexp.MustCompile(`(?i)(\b[\w-]*(?:password|passwd|passphrase|secret|token|accountkey|sharedaccesskey|sharedaccesssignature|api[_-]?key|pwd)\b["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&"']+)`), "${1}" + redacted},
	{regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^/\s@"']+@`), "${1}" + redacted + "@"},
}

// Text cleans a text that is no sentence, such as YAML or the name of a file.
func (c *Cleaner) Text(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text(s)
}

// Words cleans a text in which an address is a word of a protocol, and stays.
func (c *Cleaner) Words(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plain(noSecret(s))
}

// Prose cleans a sentence of a host: what looks like a name is replaced, too.
func (c *Cleaner) Prose(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.prose(s)
}

func (c *Cleaner) prose(s string) string {
	if s = noSecret(s); c.words == nil {
		return s
	}
	return c.within(c.words.prose(s))
}

func noSecret(s string) string {
	for _, x := range secrets {
		s = x.pattern.ReplaceAllString(s, x.instead)
	}
	return s
}

func (c *Cleaner) text(s string) string {
	if s = noSecret(s); c.words == nil {
		return s
	}
	s = address.ReplaceAllStringFunc(s, c.words.url)
	return c.plain(resource.ReplaceAllStringFunc(s, c.words.id))
}

// plain replaces names in what holds no secret.
func (c *Cleaner) plain(s string) string {
	if c.words == nil {
		return s
	}
	s = guid.ReplaceAllStringFunc(s, c.words.name)
	s = anyIP.ReplaceAllStringFunc(s, c.words.name)
	return c.within(c.words.known(s))
}

// within replaces names that are part of longer ones, such as a machine's in the file
// of its disk.
func (c *Cleaner) within(s string) string {
	if c.words.others == 0 {
		return s
	}
	if c.parts == nil || c.of != c.words.others {
		var all []string
		for n := range c.words.names {
			if len(n) > shortest && !guid.MatchString(n) {
				all = append(all, regexp.QuoteMeta(n))
			}
		}
		if len(all) == 0 {
			return s
		}
		slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
		c.parts, c.of = regexp.MustCompile(`(?i)(^|[^\pL\pN])(`+strings.Join(all, "|")+`)([^\pL\pN]|$)`), c.words.others
	}
	for range 2 {
		s = c.parts.ReplaceAllStringFunc(s, func(m string) string {
			part := c.parts.FindStringSubmatch(m)
			return part[1] + c.words.name(part[2]) + part[3]
		})
	}
	return s
}

var anyIP = regexp.MustCompile(`\b[0-9]{1,3}(\.[0-9]{1,3}){3}\b`)

// versions are keys whose values have the form of addresses.
var versions = set("version", "agent_version", "provider_version", "build", "program")

// JSON cleans one document, or several with one on each line. What nothing was taken
// out of stays byte for byte. What is no JSON is cleaned as a text.
func (c *Cleaner) JSON(raw []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := whole(raw); ok {
		c.learn("", v)
		return c.rendered(raw, v, "  ")
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	for _, l := range lines {
		if v, ok := whole(l); ok {
			c.learn("", v)
		}
	}
	var out, broken bytes.Buffer
	for _, l := range lines {
		v, ok := whole(l)
		if !ok {
			broken.Write(l) // a secret may go over several lines
			continue
		}
		out.WriteString(c.text(broken.String()))
		broken.Reset()
		out.Write(c.rendered(l, v, ""))
	}
	out.WriteString(c.text(broken.String()))
	return out.Bytes()
}

// whole decodes a text that is one document.
func whole(raw []byte) (any, bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || len(bytes.TrimSpace(raw[d.InputOffset():])) > 0 {
		return nil, false
	}
	return v, true
}

func (c *Cleaner) rendered(raw []byte, v any, indent string) []byte {
	clean, changed := c.value("", v)
	if !changed {
		return raw
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if enc.Encode(clean) != nil {
		return []byte(redacted + "\n") // it was decoded a moment ago
	}
	return out.Bytes()
}

// nameKeys are the keys of the program's own documents that hold names.
var nameKeys = set("name", "item", "items", "host", "host_name", "hostname", "vault", "resource_group", "profile", "driver", "by", "owner", "user", "fabric", "recovery_plan",
	"computer", "domain", "site", "skipped", "disk")

// services are names that Windows and Microsoft gave.
var services = set("vmms", "obengine", "dra", "Winmgmt", "SCVMMService", "SCVMMAgent", "ClusSvc", "cxprocessserver")

// fixedKeys are the keys of the program's own documents whose values the program
// chooses.
var fixedKeys = set("type", "phase", "gate", "rule", "verdict", "outcome", "kind", "source", "dated", "override", "op", "power", "side", "title", "direction", "sync",
	"result", "role", "run", "auto_start", "heartbeat", "format", "sha256", "sum")

// learn takes in the names that a document tells of.
func (c *Cleaner) learn(key string, v any) {
	if c.words == nil {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		_, task := v["friendly_name"] // its name is the service's
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if !task || k != "name" {
				c.learn(k, v[k])
			}
		}
	case []any:
		for _, e := range v {
			c.learn(key, e)
		}
	case string:
		if nameKeys[key] && !states[v] && !services[v] {
			c.hide(v)
		}
	}
}

func (c *Cleaner) value(key string, v any) (any, bool) {
	changed := false
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			name := c.text(k)
			clean, other := c.value(k, v[k])
			out[name] = clean
			changed = changed || other || name != k
		}
		return out, changed
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			clean, other := c.value(key, e)
			out[i] = clean
			changed = changed || other
		}
		return out, changed
	case string:
		clean := c.behind(key, v)
		return clean, clean != v
	}
	return v, false
}

// behind cleans the text that stands behind a key.
func (c *Cleaner) behind(key, s string) string {
	switch low := strings.ToLower(key); {
	case s == "":
		return s
	case secret(low):
		return redacted
	case versions[low], fixedKeys[low], moment.MatchString(s):
		return s
	case low == "text" || low == "notes" || low == "why" || low == "reason" || low == "msg" || sentences[key]:
		return c.prose(s)
	}
	return c.text(s)
}
