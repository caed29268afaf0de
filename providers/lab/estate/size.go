package estate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written "512MiB", "64KiB", "2GiB", "1TiB" or as a
// plain number.
type Size int64

var sizeUnits = []struct {
	suffix string
	bytes  int64
}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}}

// UnmarshalYAML reads a size.
func (s *Size) UnmarshalYAML(text []byte) error {
	n, err := parseSize(strings.Trim(strings.TrimSpace(string(text)), `"'`))
	if err != nil {
		return err
	}
	*s = n
	return nil
}

func parseSize(text string) (Size, error) {
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(text, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/u.bytes {
			break
		}
		return Size(n * u.bytes), nil
	}
	return 0, fmt.Errorf("%q is not a size such as 512MiB", text)
}

// Ago reads how long ago an item failed over; days may be written "40d".
func (it Item) Ago() (time.Duration, error) {
	if it.InAzure == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(it.InAzure, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 && n < 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	}
	d, err := time.ParseDuration(it.InAzure)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a time such as 40d or 6h", it.InAzure)
	}
	return d, nil
}
