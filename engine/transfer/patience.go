package transfer

import (
	"sync"
	"time"
)

const (
	slowest      = 2 * time.Minute  // for one answer, while nothing is known
	leastPatient = 10 * time.Second // whatever the others took
	slower       = 8                // times as slow as the others
)

// patience is how long an answer may take, from what answers have taken: one that
// hangs is left and asked for again from where it stands.
type patience struct {
	mu     sync.Mutex
	second float64 // bytes in one, of one request; 0 while unknown
}

// took notes an answer that came whole.
func (p *patience) took(bytes int64, d time.Duration) {
	if bytes == 0 || d <= 0 {
		return
	}
	rate := float64(bytes) / d.Seconds()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.second == 0 {
		p.second = rate
	}
	p.second += (rate - p.second) / 8
}

func (p *patience) with(bytes int64) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.second == 0 {
		return slowest
	}
	return max(leastPatient, time.Duration(slower*float64(bytes)/p.second*float64(time.Second)))
}
