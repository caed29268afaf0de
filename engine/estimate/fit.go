package estimate

import (
	"cmp"
	"math"
	"slices"
)

// weighted is a value with its weight.
type weighted struct{ v, w float64 }

// median is the weighted median; 0 of nothing.
func median(xs []weighted) float64 { return quantile(xs, 0.5) }

// quantile is the weighted quantile: the smallest value with at least that share of
// the weight at or below it.
func quantile(xs []weighted, share float64) float64 {
	xs = slices.DeleteFunc(slices.Clone(xs), func(x weighted) bool { return !(x.w > 0) || math.IsNaN(x.v) })
	slices.SortFunc(xs, func(a, b weighted) int { return cmp.Compare(a.v, b.v) })
	var sum, upTo float64
	for _, x := range xs {
		sum += x.w
	}
	for _, x := range xs {
		if upTo += x.w; upTo >= share*sum {
			return x.v
		}
	}
	return 0
}

// fading is the weight of the run that so many newer ones followed: half after ten.
func fading(newer int) float64 { return math.Exp2(-float64(newer) / 10) }

// point is one measured transfer: bytes x took y seconds.
type point struct{ x, y, w float64 }

// line says how long bytes take: over + x/rate.
type line struct {
	over, rate float64
	n          int
}

// fit puts a line through points, robustly: the median of the slopes between all
// pairs and the median of what they leave over. Where the sizes are too much alike to
// tell the two apart, everything is laid to the rate.
func fit(points []point) line {
	points = slices.DeleteFunc(slices.Clone(points), func(p point) bool { return !(p.x > 0) || !(p.y > 0) })
	if len(points) == 0 {
		return line{}
	}
	l := line{n: len(points), rate: ratio(points, 0)}
	least, most := math.Inf(1), 0.0
	for _, p := range points {
		least, most = min(least, p.x), max(most, p.x)
	}
	if len(points) < 4 || most < 2*least {
		return l
	}
	var slopes []weighted
	for i, a := range points {
		for _, b := range points[:i] {
			if dx := a.x - b.x; math.Abs(dx) >= 0.05*most {
				slopes = append(slopes, weighted{(a.y - b.y) / dx, a.w * b.w})
			}
		}
	}
	slope := median(slopes)
	if slope <= 0 {
		return l
	}
	var rest []weighted
	for _, p := range points {
		rest = append(rest, weighted{p.y - slope*p.x, p.w})
	}
	l.over, l.rate = max(0, median(rest)), 1/slope
	return l
}

// ratio is the median rate of the points beyond what each costs anyway.
func ratio(points []point, over float64) float64 {
	var rates []weighted
	for _, p := range points {
		if p.y > over && p.x > 0 {
			rates = append(rates, weighted{p.x / (p.y - over), p.w})
		}
	}
	return median(rates)
}

func (l line) takes(x float64) float64 {
	if l.rate <= 0 {
		return l.over
	}
	return l.over + x/l.rate
}

// misses is how far off the line the points are, as the median of |ln(fact/line)|.
func (l line) misses(points []point) float64 {
	var off []weighted
	for _, p := range points {
		d := 3.0 // a time that the line can't explain at all
		if t := l.takes(p.x); t > 0 && p.y > 0 {
			d = min(d, math.Abs(math.Log(p.y/t)))
		}
		off = append(off, weighted{d, p.w})
	}
	return median(off)
}
