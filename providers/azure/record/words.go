package record

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// words are the names that were replaced, and what by.
type words struct {
	names   map[string]string // in lower case → replacement
	made    map[string]bool   // the replacements: they are replaced by themselves
	guids   int
	others  int
	pattern *regexp.Regexp // of the names in prose; nil when out of date
}

func newWords() *words { return &words{names: map[string]string{}, made: map[string]bool{}} }

const anyGUID = `[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}`

var (
	guid     = regexp.MustCompile(anyGUID)
	longHex  = regexp.MustCompile(`\b[0-9a-fA-F]{24,}\b`)
	address  = regexp.MustCompile(`https?://[^\s'"<>)\]]+`)
	resource = regexp.MustCompile(`(?i)/subscriptions/[^\s'"<>)\],;]+`)
	quoted   = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	// What names of machines, people and networks look like: dotted, with an at
	// sign or a backslash, or with a digit in it.
	nameLike = regexp.MustCompile(`[A-Za-z0-9_$-]+(?:[.@\\][A-Za-z0-9_$-]+)+|\b[A-Za-z_-]*[0-9][A-Za-z0-9_-]*\b`)
	digits   = regexp.MustCompile(`^[0-9][0-9.,:%]*$`)
	ip       = regexp.MustCompile(`^[0-9]{1,3}(\.[0-9]{1,3}){3}(:[0-9]+)?$`)
	moment   = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)?$`)
	number   = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	shaped   = regexp.MustCompile(`^(cloud_|[_0-9]+)$`)
	group    = regexp.MustCompile(`^Group[0-9]+$`)
)

// constants are GUIDs of the service itself: they say which side is Azure.
var constants = []string{
	"00000000-0000-0000-0000-000000000000", "a9186d68-0638-417e-9653-8fbb33eba96e", "da8ed357-dbea-4e38-ba24-439d942329e4",
	"21a9403c-6ec1-44f2-b744-b4e50b792387", "d38048d4-b460-4791-8ece-108395ee8478",
}

// plainWords are values that no owner of a vault has chosen.
var plainWords = []string{"Microsoft Azure", "None", "true", "false", "default", "Default", noJSON, redacted}

// hide makes sure of a name's replacement.
func (w *words) hide(name string) { w.name(name) }

// name is the replacement of a name, always the same one.
func (w *words) name(s string) string {
	key := strings.ToLower(s)
	switch {
	case s == "" || w.made[s] || slices.Contains(plainWords, s) || number.MatchString(s) || slices.Contains(constants, key):
		return s
	case w.names[key] != "":
		return w.names[key]
	}
	var made string
	switch {
	case guid.FindString(s) == s:
		w.guids++
		made = fmt.Sprintf("00000000-0000-4000-8000-%012x", w.guids)
		w.names[key], w.made[made] = made, true
		return made
	case shaped.MatchString(guid.ReplaceAllString(s, "")): // a disk's or a container's: their form says what they are
		return guid.ReplaceAllStringFunc(s, w.name)
	default:
		w.others++
		made = fmt.Sprintf("name-%d", w.others)
	}
	w.names[key], w.made[made], w.pattern = made, true, nil
	return made
}

// prose is a sentence of the service: the names that are known are replaced, and
// what looks like one.
func (w *words) prose(s string) string {
	s = address.ReplaceAllStringFunc(s, w.url)
	s = resource.ReplaceAllStringFunc(s, w.id)
	s = guid.ReplaceAllStringFunc(s, w.name)
	s = longHex.ReplaceAllStringFunc(s, w.name)
	s = w.known(s)
	s = quoted.ReplaceAllStringFunc(s, func(q string) string {
		inner := q[1 : len(q)-1]
		if strings.Contains(inner, "/") || strings.Contains(inner, "name-") {
			return q // replaced above
		}
		return q[:1] + w.name(inner) + q[len(q)-1:]
	})
	return nameLike.ReplaceAllStringFunc(s, func(n string) string {
		if w.mine(n) || digits.MatchString(n) && !ip.MatchString(n) || group.MatchString(n) || strings.HasPrefix(n, "Microsoft.") || n == "host.invalid" {
			return n
		}
		return w.name(n)
	})
}

// mine reports whether a word was put there by a replacement.
func (w *words) mine(n string) bool {
	return w.made[n] || strings.HasPrefix(n, "00000000-0000-4") || guid.MatchString(n)
}

// known replaces the names that are known, whole words in any case.
func (w *words) known(s string) string {
	if w.others == 0 {
		return s
	}
	if w.pattern == nil {
		all := make([]string, 0, len(w.names))
		for n := range w.names {
			if !guid.MatchString(n) {
				all = append(all, n)
			}
		}
		slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
		for i, n := range all {
			all[i] = regexp.QuoteMeta(n)
		}
		w.pattern = regexp.MustCompile(`(?i)(^|[^\pL\pN_-])(` + strings.Join(all, "|") + `)($|[^\pL\pN_-])`)
	}
	// The character between two names belongs to the first match: once more for
	// the second.
	for range 2 {
		s = w.pattern.ReplaceAllStringFunc(s, func(m string) string {
			part := w.pattern.FindStringSubmatch(m)
			return part[1] + w.name(part[2]) + part[3]
		})
	}
	return s
}

// id is a resource id or a path: what the service calls things stays, what their
// owners call them is replaced.
func (w *words) id(s string) string {
	parts := strings.Split(s, "/")
	for i, p := range parts {
		plain, err := url.PathUnescape(p)
		if err != nil {
			plain = p
		}
		if !segments[strings.ToLower(plain)] && !strings.HasPrefix(strings.ToLower(plain), "microsoft.") {
			parts[i] = w.name(plain)
		}
	}
	return strings.Join(parts, "/")
}

// path is a request's path with its query.
func (w *words) path(s string) string {
	path, query, _ := strings.Cut(s, "?")
	out := w.id(path)
	if q := w.query(query); q != "" {
		out += "?" + q
	}
	return out
}

// query keeps what narrows a request and nothing that lets anybody in.
func (w *words) query(raw string) string {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return ""
	}
	var out []string
	if v := values.Get("api-version"); v != "" {
		out = append(out, "api-version="+url.QueryEscape(v))
	}
	if v := values.Get("$filter"); v != "" {
		out = append(out, "$filter="+url.QueryEscape(quoted.ReplaceAllStringFunc(v, func(q string) string {
			inner := q[1 : len(q)-1]
			if moment.MatchString(inner) || states[inner] {
				return q
			}
			return "'" + w.name(inner) + "'"
		})))
	}
	return strings.Join(out, "&")
}

// url is an address: its host is nobody's business, and neither is a signature.
func (w *words) url(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return "https://host.invalid"
	}
	out := "https://host.invalid" + w.id(u.Path)
	if q := w.query(u.RawQuery); q != "" {
		out += "?" + q
	}
	return out
}

// headers keeps the headers that tell how an operation goes on.
func (w *words) headers(h http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range []string{"date", "content-type", "retry-after", "x-ms-error-code"} {
		if v := h.Get(name); v != "" {
			out[name] = v
		}
	}
	for _, name := range []string{"location", "azure-asyncoperation"} {
		if v := h.Get(name); v != "" {
			out[name] = w.url(v)
		}
	}
	for _, name := range []string{"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-client-request-id"} {
		if v := h.Get(name); v != "" {
			out[name] = w.prose(v)
		}
	}
	return out
}
