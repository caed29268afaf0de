package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"failback/providers/lab/management"
)

// requestLog keeps what the management server was asked, one JSON document a
// line, across servings.
type requestLog struct {
	mu   sync.Mutex
	file *os.File
	kept []management.Request
}

func openRequestLog(dir string) (*requestLog, error) {
	f, err := os.OpenFile(filepath.Join(dir, "requests.ndjson"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &requestLog{file: f}, nil
}

func (l *requestLog) write(r management.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = append(l.kept, r)
	if line, err := json.Marshal(r); err == nil {
		// A log that cannot be written must not stop the lab.
		_, _ = l.file.Write(append(line, '\n'))
	}
}

func (l *requestLog) requests() []management.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.kept)
}

func (l *requestLog) close() error { return l.file.Close() }
