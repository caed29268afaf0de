package runs

import (
	"strings"

	"failback/engine"
)

// ThreadsHolder is a run that has changed a host's download threads and has not put
// them back yet.
type ThreadsHolder struct {
	Run  engine.RunID `json:"run"`
	Live bool         `json:"live"` // a process drives it now
	engine.HostThreads
}

// ThreadsHolders lists the runs of this machine that hold something of a host's
// download threads, newest first.
func (s *Store) ThreadsHolders(host string) ([]ThreadsHolder, error) {
	ids, err := s.ids()
	if err != nil {
		return nil, err
	}
	var out []ThreadsHolder
	for _, id := range ids {
		for _, h := range s.readable(id).HeldThreads() {
			if strings.EqualFold(h.Host, host) {
				out = append(out, ThreadsHolder{id, s.Live(id), h})
			}
		}
	}
	return out, nil
}

// threadsHeldBy is the newest run but one that holds something of the host.
func (s *Store) threadsHeldBy(host string, but engine.RunID) (engine.RunID, bool) {
	holders, err := s.ThreadsHolders(host)
	if err != nil {
		return "", false
	}
	for _, h := range holders {
		if h.Run != but {
			return h.Run, true
		}
	}
	return "", false
}
