package siterecovery

import (
	"encoding/json"
	"path"
	"strconv"
	"strings"
	"time"

	"failback/engine"
)

// text is what p points to, or nothing.
func text[S ~string](p *S) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

func texts(ps []*string) []string {
	out := make([]string, 0, len(ps))
	for _, p := range ps {
		if p != nil {
			out = append(out, *p)
		}
	}
	return out
}

// The years outside of which the service writes dates that mean "not yet",
// "never" or "no end": 0001, 1753 and 9999 were recorded.
const (
	firstYear = 1900
	lastYear  = 9998
)

// clock is a date that means something, or the zero time.
func clock(t *time.Time) time.Time {
	if t == nil || t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}
	}
	return t.UTC()
}

// number reads the numbers that the service writes as strings; 0 where it is none.
func number(p *string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(text(p)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// megabytes is a size in bytes, 0 for one that can't be.
func megabytes(p *string) int64 {
	const mega, most = 1 << 20, 1 << 40
	n := number(p)
	if n > most {
		return 0
	}
	return n * mega
}

// jobName is the name at the end of a job id. Idle items name a job "None", or
// end in a slash.
func jobName(id *string) string {
	s := text(id)
	if s == "" || strings.HasSuffix(s, "/") {
		return ""
	}
	if name := path.Base(s); !strings.EqualFold(name, "none") {
		return name
	}
	return ""
}

// nameIn is the name in a document; none where there is none, or no document.
func nameIn(raw []byte) string {
	var doc struct {
		Name string `json:"name"`
	}
	if json.Unmarshal(raw, &doc) != nil {
		return ""
	}
	return doc.Name
}

// segment finds the name after a key in a resource id, whatever its case:
// segment(id, "replicationFabrics") is the fabric's name.
func segment(id, key string) string {
	parts := strings.Split(id, "/")
	for i := 0; i+1 < len(parts); i++ {
		if strings.EqualFold(parts[i], key) {
			return parts[i+1]
		}
	}
	return ""
}

// upTo is the id of the parent resource that key and its name end.
func upTo(id, key string) string {
	parts := strings.Split(id, "/")
	for i := 0; i+1 < len(parts); i++ {
		if strings.EqualFold(parts[i], key) {
			return strings.Join(parts[:i+2], "/")
		}
	}
	return ""
}

// sameKey makes ids comparable in a map, as [engine.SameID] compares them.
func sameKey(id string) string { return strings.ToLower(strings.TrimRight(id, "/")) }

// place is where an item lies in the vault.
type place struct{ fabric, container, item string }

func placeOf(id string) (place, error) {
	p := place{
		fabric:    segment(id, "replicationFabrics"),
		container: segment(id, "replicationProtectionContainers"),
		item:      segment(id, "replicationProtectedItems"),
	}
	if p.fabric == "" || p.container == "" || p.item == "" {
		return p, engine.Usagef("take the id from the list of items", "%q is not the id of a replicated item", id)
	}
	return p, nil
}
