package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Account is a storage account's name and key: what its owner signs requests and
// shared access signatures with. It is safe for concurrent use.
type Account struct {
	Name string
	Key  []byte
	Now  func() time.Time
}

// Signed is an [Authorizer] for requests whose Authorization header is the key's.
func (a Account) Signed(r *http.Request) error {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "SharedKey "+a.Name+":")
	if !ok {
		return errors.New("not signed with the account's key")
	}
	at, err := http.ParseTime(r.Header.Get("x-ms-date"))
	if err != nil || a.Now().Sub(at).Abs() > 15*time.Minute {
		return fmt.Errorf("the request is of %q", r.Header.Get("x-ms-date"))
	}
	length := ""
	if r.ContentLength > 0 {
		length = strconv.FormatInt(r.ContentLength, 10)
	}
	parts := []string{r.Method, r.Header.Get("Content-Encoding"), r.Header.Get("Content-Language"), length}
	for _, h := range []string{"Content-MD5", "Content-Type", "", "If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since", "Range"} {
		parts = append(parts, r.Header.Get(h))
	}
	if !a.made(given, append(parts, canonicalHeaders(r.Header), a.canonicalResource(r))) {
		return errors.New("the request's signature is not the key's")
	}
	return nil
}

func canonicalHeaders(h http.Header) string {
	var names []string
	for k := range h {
		if strings.HasPrefix(strings.ToLower(k), "x-ms-") {
			names = append(names, strings.ToLower(k))
		}
	}
	slices.Sort(names)
	for i, k := range names {
		names[i] = k + ":" + strings.Join(h.Values(k), ",")
	}
	return strings.Join(names, "\n")
}

func (a Account) canonicalResource(r *http.Request) string {
	text := "/" + a.Name + r.URL.EscapedPath()
	query := r.URL.Query()
	names := make([]string, 0, len(query))
	for k := range query {
		names = append(names, k)
	}
	slices.Sort(names)
	for _, k := range names {
		values := slices.Sorted(slices.Values(query[k]))
		text += "\n" + strings.ToLower(k) + ":" + strings.Join(values, ",")
	}
	return text
}

// Shared is an [Authorizer] for service signatures of a blob, a snapshot or a
// container, as the account's owner makes them with the key.
func (a Account) Shared(r *http.Request) error {
	q := r.URL.Query()
	path := Path(r, a.Name)
	container, _, _ := strings.Cut(path, "/")
	resource, snapshot := "/blob/"+a.Name+"/"+path, ""
	switch q.Get("sr") {
	case "b":
		if q.Has("snapshot") {
			return errors.New("the signature is for the blob, not for a snapshot")
		}
	case "bs":
		snapshot = q.Get("snapshot")
	case "c":
		resource = "/blob/" + a.Name + "/" + container
	default:
		return fmt.Errorf("the signature is for a resource of kind %q", q.Get("sr"))
	}
	parts := []string{q.Get("sp"), q.Get("st"), q.Get("se"), resource, q.Get("si"), q.Get("sip"), q.Get("spr"), q.Get("sv"), q.Get("sr"), snapshot}
	for _, k := range []string{"ses", "rscc", "rscd", "rsce", "rscl", "rsct"} {
		parts = append(parts, q.Get(k))
	}
	if !a.made(q.Get("sig"), parts) {
		return errors.New("the signature is not the key's")
	}
	if st, err := time.Parse(time.RFC3339, q.Get("st")); q.Has("st") && (err != nil || a.Now().Before(st)) {
		return fmt.Errorf("the signature begins at %q", q.Get("st"))
	}
	if se, err := time.Parse(time.RFC3339, q.Get("se")); err != nil || !a.Now().Before(se) {
		return fmt.Errorf("the signature ended at %q", q.Get("se"))
	}
	if need := right(r); !strings.Contains(q.Get("sp"), need) {
		return fmt.Errorf("the signature does not allow %q", need)
	}
	return nil
}

// right is the permission that a request needs.
func right(r *http.Request) string {
	switch {
	case r.Method == http.MethodDelete:
		return "d"
	case r.Method == http.MethodPut && r.URL.Query().Get("comp") == "":
		return "c"
	case r.Method == http.MethodPut:
		return "w"
	case r.URL.Query().Get("comp") == "list":
		return "l"
	}
	return "r"
}

func (a Account) made(signature string, parts []string) bool {
	mac := hmac.New(sha256.New, a.Key)
	mac.Write([]byte(strings.Join(parts, "\n"))) // a hash never fails
	return hmac.Equal([]byte(signature), []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))))
}
