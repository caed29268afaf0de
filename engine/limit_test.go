package engine

import (
	"strings"
	"testing"
	"testing/synctest"
)

// TestALimitOfADirectRunIsChangedAndKept changes the limit at a gate: the desk is told at
// the start and of each change, and the journal has the last one for a resume.
func TestALimitOfADirectRunIsChangedAndKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, p := newHome(), directPlan()
		p.Direct.Limit = "5MB/s"
		asked := false
		st := h.drive(t, p, func(r *Runner, l *Leg) {
			defer yes(r, l)
			if asked {
				return
			}
			asked = true
			if h.limited() != "5MB/s" {
				t.Errorf("the run began with %q", h.limited())
			}
			for _, bad := range []string{"", "fast", "5MB/s,6MB/s"} {
				if err := r.Limit("anna", bad); KindOf(err) != FailureRefused {
					t.Errorf("%q: %v", bad, err)
				}
			}
			if err := r.Limit("anna", "08:00-18:00=5MB/s, 50MB/s"); err != nil {
				t.Error(err)
			}
		})
		if !asked || h.limited() != "08:00-18:00=5MB/s, 50MB/s" || st.Plan.Direct.Limit != h.limited() || p.Direct.Limit != "5MB/s" {
			t.Errorf("the desk has %q, the journal %q, the plan %q", h.limited(), st.Plan.Direct.Limit, p.Direct.Limit)
		}
		if !strings.HasSuffix(st.Plan.Direct.Words(), "; read with at most 08:00-18:00=5MB/s, 50MB/s") {
			t.Error(st.Plan.Direct.Words())
		}
	})
}

func (h *home) limited() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.limit
}

func TestALimitOfAPlanIsRead(t *testing.T) {
	for limit, good := range map[string]bool{
		"": true, "off": true, "Off": true, "20MiB/s": true, "08:00-18:00=5MB/s,50MB/s": true,
		"fast": false, "8-18=5MB/s": false, "0": false, "1MB/s\n": false, strings.Repeat("1", 5000): false,
	} {
		p := directPlan()
		p.Direct.Limit = limit
		err := p.Validate()
		if (err == nil) != good {
			t.Errorf("%.40q: %v", limit, err)
		}
		if !good && !strings.HasPrefix(AsFailure(err, "", "").Where, "direct") {
			t.Errorf("%.40q: the field is not named: %v", limit, err)
		}
	}
	through := &Runner{Stream: NewStream("20300101-000000-aaaa", State{}, &memory{}, nil, nil)}
	if err := through.Limit("anna", "5MB/s"); KindOf(err) != FailureRefused || !strings.Contains(err.Error(), "Site Recovery's agent") {
		t.Errorf("a run through Site Recovery: %v", err)
	}
}
