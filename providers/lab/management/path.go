package management

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
)

// segments are a resource path. They compare without case, as the
// service's own answers are not consistent in it.
type segments []string

func split(p string) segments {
	return strings.Split(strings.Trim(p, "/"), "/")
}

// after is the segment behind a key, "" where there is none.
func (p segments) after(key string) string {
	for i := 0; i+1 < len(p); i++ {
		if strings.EqualFold(p[i], key) {
			return p[i+1]
		}
	}
	return ""
}

// fits compares the path with a pattern whose segments may be "*", and returns
// what stands in their places.
func (p segments) fits(pattern string) ([]string, bool) {
	want := split(pattern)
	if len(want) != len(p) {
		return nil, false
	}
	var names []string
	for i, w := range want {
		switch {
		case w == "*":
			names = append(names, p[i])
		case !strings.EqualFold(w, p[i]):
			return nil, false
		}
	}
	return names, true
}

func newGUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails, as documented
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func itoa(n int) string { return strconv.Itoa(n) }
