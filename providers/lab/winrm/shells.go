package winrm

import (
	"context"
	"sync"
	"time"
)

// shells are the open shells of a host.
type shells struct {
	limit int

	mu   sync.Mutex
	open map[string]*shell
	peak int
}

// shell is one shell with its commands.
type shell struct {
	id   string
	idle time.Duration

	mu       sync.Mutex
	used     time.Time
	commands map[string]*command
}

func newShells(limit int) *shells {
	return &shells{limit: limit, open: map[string]*shell{}}
}

// create opens a shell, if the quota allows.
func (s *shells) create(idle time.Duration) (*shell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	if len(s.open) >= s.limit {
		return nil, faultTooManyShells(s.limit)
	}
	sh := &shell{id: newID(), idle: idle, used: time.Now(), commands: map[string]*command{}}
	s.open[sh.id] = sh
	s.peak = max(s.peak, len(s.open))
	return sh, nil
}

func (s *shells) most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// get finds a shell and counts as its use.
func (s *shells) get(id string) (*shell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	sh, ok := s.open[id]
	if !ok {
		return nil, faultNoShell()
	}
	sh.touch()
	return sh, nil
}

func (s *shells) remove(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh, ok := s.open[id]
	if !ok {
		return faultNoShell()
	}
	delete(s.open, id)
	sh.end()
	return nil
}

func (s *shells) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	return len(s.open)
}

// expire ends shells that nobody used for their idle time. Looking when asked
// is enough: nothing else can see them.
func (s *shells) expire() {
	now := time.Now()
	for id, sh := range s.open {
		if sh.idleAt(now) {
			delete(s.open, id)
			sh.end()
		}
	}
}

func (s *shell) touch() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = time.Now()
}

func (s *shell) idleAt(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Sub(s.used) >= s.idle
}

// end terminates the commands of a shell: their processes die with it.
func (s *shell) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.commands {
		c.cancel()
	}
}

func (s *shell) start(host string, line commandLine) *command {
	// The command outlives the request that starts it: it ends by itself, by a
	// signal or with its shell.
	ctx, cancel := context.WithCancel(context.Background())
	c := &command{id: newID(), host: host, line: line, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands[c.id] = c
	return c
}

func (s *shell) command(id string) (*command, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.commands[id]
	if !ok {
		return nil, faultParameter("There is no such command in this shell.")
	}
	return c, nil
}
