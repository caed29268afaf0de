package storage

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Signer gives out shared access signatures and checks them: read access to one
// blob or snapshot until a time, which can be taken back at any moment, as with
// an exported managed disk. It is safe for concurrent use. What was taken back
// is forgotten with the Signer, so a new one needs a new key.
type Signer struct {
	key []byte
	now func() time.Time

	mu         sync.Mutex
	generation map[string]int
}

// NewSigner signs with key and reads the time from now.
func NewSigner(key []byte, now func() time.Time) *Signer {
	return &Signer{key: key, now: now, generation: map[string]int{}}
}

// Sign returns the query of a URL that may read the blob, or its snapshot where
// one is given, until expiry.
func (s *Signer) Sign(name, snapshot string, expiry time.Time) url.Values {
	s.mu.Lock()
	generation := s.generation[place(name, snapshot)]
	s.mu.Unlock()
	q := url.Values{}
	q.Set("sv", defaultVersion)
	q.Set("sp", "r")
	q.Set("sr", "b")
	q.Set("se", expiry.UTC().Format(time.RFC3339))
	q.Set("si", strconv.Itoa(generation))
	if snapshot != "" {
		q.Set("sr", "bs")
		q.Set("snapshot", snapshot)
	}
	q.Set("sig", s.signature(name, q))
	return q
}

// Revoke takes back every signature given for the blob, or for its snapshot where
// one is named.
func (s *Signer) Revoke(name, snapshot string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation[place(name, snapshot)]++
}

func place(name, snapshot string) string { return name + "\x00" + snapshot }

// Check is an [Authorizer] for requests that carry a signature.
func (s *Signer) Check(r *http.Request) error {
	name, q := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	if !hmac.Equal([]byte(q.Get("sig")), []byte(s.signature(name, q))) {
		return fmt.Errorf("the signature for %s is not ours", name)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return fmt.Errorf("the signature for %s allows reading only", name)
	}
	if q.Get("sr") == "b" && q.Get("snapshot") != "" {
		return errors.New("the signature is for the blob, not for a snapshot")
	}
	expiry, err := time.Parse(time.RFC3339, q.Get("se"))
	if err != nil || !s.now().Before(expiry) {
		return fmt.Errorf("the signature for %s expired at %s", name, q.Get("se"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.Get("si") != strconv.Itoa(s.generation[place(name, q.Get("snapshot"))]) {
		return fmt.Errorf("the signature for %s was revoked", name)
	}
	return nil
}

func (s *Signer) signature(name string, q url.Values) string {
	mac := hmac.New(sha256.New, s.key)
	parts := []string{name}
	for _, field := range []string{"sv", "sp", "sr", "se", "si"} {
		parts = append(parts, q.Get(field))
	}
	if q.Get("sr") == "bs" {
		parts = append(parts, q.Get("snapshot"))
	}
	mac.Write([]byte(strings.Join(parts, "\n"))) // a hash never fails
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
