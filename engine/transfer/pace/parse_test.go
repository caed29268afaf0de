package pace_test

import (
	"testing"
	"time"

	"failback/engine/transfer/pace"
)

func TestALimitIsReadAsPeopleWriteIt(t *testing.T) {
	for text, want := range map[string]pace.Schedule{
		"20MiB/s":  {Otherwise: pace.Rate{Bytes: 20 << 20}},
		"1.5 GB/s": {Otherwise: pace.Rate{Bytes: 1.5e9}},
		"4096":     {Otherwise: pace.Rate{Bytes: 4096}},
		"300kb":    {Otherwise: pace.Rate{Bytes: 300e3}},
		"7b/s":     {Otherwise: pace.Rate{Bytes: 7}},
		"08:00-18:30=5MB/s, 50MB/s": {
			Windows:   []pace.Window{{From: 8 * time.Hour, To: 18*time.Hour + 30*time.Minute, Rate: pace.Rate{Bytes: 5e6}}},
			Otherwise: pace.Rate{Bytes: 50e6},
		},
		"22:00-06:00=1GiB/s": {Windows: []pace.Window{{From: 22 * time.Hour, To: 6 * time.Hour, Rate: pace.Rate{Bytes: 1 << 30}}}},
	} {
		got, err := pace.ParseSchedule(text)
		if err != nil || got.Otherwise != want.Otherwise || len(got.Windows) != len(want.Windows) {
			t.Errorf("%q: %+v, %v", text, got, err)
			continue
		}
		for i := range got.Windows {
			if got.Windows[i] != want.Windows[i] {
				t.Errorf("%q: %+v", text, got)
			}
		}
	}
	for _, text := range []string{
		"", "fast", "-5MB", "0", "NaN", "inf", "1e400", "0.1", "5MB,6MB", "8-18=5MB", "08:00-08:00=5MB", "08:00=5MB", "25:00-26:00=1MB", "08:00-18:00=", "5 parsecs",
	} {
		if s, err := pace.ParseSchedule(text); err == nil {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
}
