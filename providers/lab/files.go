package lab

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"failback/providers/lab/storage"
)

// files are what the service wrote for its customers, exported lists of jobs: the
// storage server gives them out to whoever has a signature. They last as long as
// the lab is served.
type files struct {
	signer *storage.Signer

	mu    sync.Mutex
	named map[string][]byte
}

func newFiles(s *storage.Signer) *files { return &files{signer: s, named: map[string][]byte{}} }

func (f *files) keep(name string, content []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.named[name] = content
}

// before answers for the files and leaves everything else to the disks' server.
func (f *files) before(disks http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		content, ours := f.named[strings.TrimPrefix(r.URL.Path, "/")]
		f.mu.Unlock()
		switch {
		case !ours:
			disks.ServeHTTP(w, r)
		case f.signer.Check(r) != nil:
			w.Header().Set("x-ms-error-code", "AuthenticationFailed")
			w.WriteHeader(http.StatusForbidden)
		default:
			w.Header().Set("Content-Length", strconv.Itoa(len(content)))
			_, _ = w.Write(content) // the caller is gone if this fails
		}
	})
}
