package estimate

import (
	"fmt"
	"math"
	"time"

	"failback/engine"
)

const (
	// enough is how many runs have to have measured something before it replaces what
	// was assumed.
	enough = 3
	// enoughForForm is how many it takes to say that downloads overlap with checksums,
	// or that items do not share the line.
	enoughForForm = 5
	// enoughForSpread is how many residuals it takes before a spread is called
	// measured: of fewer than nine, none is larger than nine tenths of what may come.
	enoughForSpread = 9
)

// lessons are what runs have taught, as the model takes it. A field whose n is 0
// teaches nothing.
type lessons struct {
	prepare, stop, boot median3
	compare, link       line
	// finals is how many final synchronisations were measured; their fixed cost is
	// link.over, also where the rate of the line is not known.
	finals   int
	overlap  bool    // downloads go on while checksums are made
	each     bool    // items do not slow each other down: checksums
	eachLink bool    // … and downloads
	change   median3 // share of what is held that differs, a second since the failover
	now      median3 // share of what is held that changes, a second while it is synchronised
}

// median3 is a median and of how many runs it is.
type median3 struct {
	v float64
	n int
}

func medianOf(past []Past, of func(Past) float64) median3 {
	var xs []weighted
	for i, p := range past {
		if v := of(p); v > 0 && !math.IsInf(v, 0) {
			xs = append(xs, weighted{v, fading(i)})
		}
	}
	if len(xs) < enough {
		return median3{}
	}
	return median3{median(xs), len(xs)}
}

// learn takes from runs, newest first, what they teach. threads are those of the run
// to come, throttle what its agent may take, link what is known of the line otherwise.
func learn(past []Past, threads int, throttle int64, link float64) lessons {
	l := lessons{
		prepare: medianOf(past, func(p Past) float64 { return p.Prepare }),
		stop:    medianOf(past, func(p Past) float64 { return p.Stop }),
		boot:    medianOf(past, func(p Past) float64 { return p.Boot }),
	}
	l.learnLink(past, threads, float64(throttle), link)
	if l.link.rate > 0 {
		link = l.link.rate
	}
	l.learnCompare(past, link)
	l.change = medianOf(past, changeRate)
	l.now = medianOf(past, func(p Past) float64 {
		if p.Option != engine.SyncDelta || p.Window <= 0 {
			return 0
		}
		return p.Last / p.Window / sumOf(p.held())
	})
	return l
}

// changeRate is the share of what the items hold that had changed, a second of their
// age; 0 where nobody knew the ages, or nothing was there to compare with.
func changeRate(p Past) float64 {
	if p.Option != engine.SyncDelta || p.Input.Missing || !p.Forecastable {
		return 0
	}
	var aged float64
	for i, held := range p.held() {
		age := sane(p.Input.Items[i].Age)
		if age == 0 {
			return 0
		}
		aged += held * age
	}
	return p.First / aged
}

// held is what each item held, its whole size where nobody could say.
func (p Past) held() []float64 {
	out := make([]float64, len(p.Input.Items))
	for i, it := range p.Input.Items {
		n := it.Held
		if n < 0 || n > it.Bytes {
			n = it.Bytes
		}
		out[i] = float64(max(0, n))
	}
	return out
}

func sumOf(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// load is what of the items' bytes one line or disk has to carry: all, or the most of
// one where they do not slow each other down.
func load(xs []float64, each bool) float64 {
	if !each {
		return sumOf(xs)
	}
	var most float64
	for _, x := range xs {
		most = max(most, x)
	}
	return most
}

// learnLink takes the line from downloads of whole disks, and what every final
// synchronisation costs beside its bytes from the small ones of delta. Small ones
// alone say nothing about a line.
func (l *lessons) learnLink(past []Past, threads int, throttle, known float64) {
	shape := func(each bool) []point {
		var points []point
		for i, p := range past {
			if p.Final <= 0 {
				continue
			}
			x := p.Last
			if p.Option == engine.SyncFull {
				x = load(p.held(), each)
			} else if each {
				x *= load(p.held(), true) / max(1, sumOf(p.held()))
			}
			y := p.Final / slower(p.Threads, threads)
			if throttle > 0 && float64(p.Input.Throttle) != throttle {
				y = max(y, x/throttle) // it was measured under another throttle, or none
			}
			points = append(points, point{x, y, fading(i)})
		}
		return points
	}
	points := shape(false)
	l.finals = len(points)
	if l.finals < enough {
		return
	}
	one := fit(points)
	if apart := shape(true); len(points) >= enoughForForm {
		if other := fit(apart); other.misses(apart) < 0.8*one.misses(points) {
			one, points, l.eachLink = other, apart, true
		}
	}
	whole := 0
	for _, p := range past {
		if p.Option == engine.SyncFull && p.Final > 0 {
			whole++
		}
	}
	if whole < enough && one.over == 0 || whole == 0 {
		var rest []weighted
		for _, p := range points {
			rest = append(rest, weighted{max(0, p.y-p.x/known), p.w})
		}
		one = line{over: median(rest)}
	}
	l.link = one
}

// slower is how much slower a run with so many threads is held to be than one with
// that many: never faster, since what more threads bring is not documented.
func slower(then, now int) float64 {
	if then <= 0 {
		then = engine.DefaultThreads
	}
	if now <= 0 {
		now = engine.DefaultThreads
	}
	return min(1, float64(now)/float64(then))
}

// learnCompare takes the checksum rate from first synchronisations, in the form that
// explains them best; the careful one, in which everything adds up, unless another is
// clearly better.
func (l *lessons) learnCompare(past []Past, link float64) {
	var best line
	least := math.Inf(1)
	for _, form := range []struct{ overlap, each bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		var points []point
		for i, p := range past {
			if p.Option != engine.SyncDelta || p.Initial <= 0 || p.Input.Missing {
				continue
			}
			y := p.Initial
			if !form.overlap && link > 0 {
				y -= p.First / link
			}
			points = append(points, point{load(p.held(), form.each), y, fading(i)})
		}
		f := fit(points)
		if f.n < enough {
			continue
		}
		misses := f.misses(points) + 1e-6
		if math.IsInf(least, 1) || len(points) >= enoughForForm && misses < 0.8*least {
			best, least, l.overlap, l.each = f, misses, form.overlap, form.each
		}
	}
	l.compare = best
}

// words say what was learnt, and from how many runs.
func (l lessons) words() []string {
	var out []string
	say := func(n int, what string) {
		if n > 0 {
			out = append(out, fmt.Sprintf("%s: median of %d runs", what, n))
		}
	}
	if l.compare.rate > 0 {
		say(l.compare.n, "checksums at "+engine.SizeWords(whole(l.compare.rate))+"/s"+beside(l.compare.over))
	}
	switch {
	case l.link.rate > 0:
		say(l.link.n, "a download of "+engine.SizeWords(whole(l.link.rate))+"/s"+beside(l.link.over))
	case l.link.over > 0:
		say(l.finals, span(l.link.over)+" for a final synchronisation beside its bytes")
	}
	say(l.change.n, fmt.Sprintf("%.2g %% of the data changed a day since the failover", l.change.v*24*3600*100))
	say(l.now.n, fmt.Sprintf("%.2g %% of the data changed an hour while it is synchronised", l.now.v*3600*100))
	say(l.prepare.n, span(l.prepare.v)+" to prepare the target")
	say(l.stop.n, span(l.stop.v)+" to stop the Azure VM")
	say(l.boot.n, span(l.boot.v)+" to start the on-premises VM and prove its boot")
	if l.overlap {
		say(l.compare.n, "downloads go on while checksums are made")
	}
	if l.each && l.compare.n > 0 {
		say(l.compare.n, "the items' checksums do not slow each other down")
	}
	if l.eachLink && l.link.n > 0 {
		say(l.link.n, "the items' downloads do not slow each other down")
	}
	return out
}

func beside(over float64) string {
	if over < 1 {
		return ""
	}
	return " and " + span(over) + " beside them"
}

func span(s float64) string { return engine.SpanWords(seconds(s).Round(time.Second)) }
