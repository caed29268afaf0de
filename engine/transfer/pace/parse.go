package pace

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// units of a rate, in bytes. The longest that fits counts.
var units = []struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9}, {"b", 1}, {"", 1},
}

// ParseSchedule reads a limit as people write it: one rate, and rates of parts
// of the day, with commas between: "20MiB/s", "08:00-18:00=5MB/s,50MB/s". Where no
// part covers a time and no rate stands alone, there is no limit then.
func ParseSchedule(text string) (Schedule, error) {
	var s Schedule
	alone := false
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		hours, rate, timed := strings.Cut(part, "=")
		if !timed {
			if alone {
				return Schedule{}, fmt.Errorf("%q: a second rate without hours", part)
			}
			alone = true
			rate = part
		}
		r, err := parseRate(rate)
		if err != nil {
			return Schedule{}, err
		}
		if !timed {
			s.Otherwise = r
			continue
		}
		w := Window{Rate: r}
		from, to, ok := strings.Cut(hours, "-")
		if w.From, err = parseClock(from); ok && err == nil {
			w.To, err = parseClock(to)
		}
		if !ok || err != nil {
			return Schedule{}, fmt.Errorf("%q is no part of a day such as 08:00-18:00", hours)
		}
		s.Windows = append(s.Windows, w)
	}
	return s, s.Validate()
}

func parseRate(text string) (Rate, error) {
	lower := strings.TrimSuffix(strings.ToLower(strings.TrimSpace(text)), "/s")
	for _, u := range units {
		number, ok := strings.CutSuffix(lower, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || n <= 0 || math.IsInf(n, 0) || math.IsNaN(n) || n*u.bytes < 1 {
			break
		}
		return Rate{Bytes: n * u.bytes}, nil
	}
	return Rate{}, fmt.Errorf("%q is no rate such as 20MiB/s", text)
}

func parseClock(text string) (time.Duration, error) {
	t, err := time.Parse("15:04", strings.TrimSpace(text))
	if err != nil {
		return 0, err
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
