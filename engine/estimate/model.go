package estimate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"failback/engine"
)

// What is taken where a connection does not know better.
const (
	// DefaultCompare is the checksum rate: the documentation says "a few GB per
	// minute"; 3 GB are taken.
	DefaultCompare int64 = 3_000_000_000 / 60
	// DefaultLink is 100 Mbit/s. Nothing documents it.
	DefaultLink int64 = 12_500_000
	// DefaultChange is the share of its data that a guest rewrites in a day.
	// Nothing documents it.
	DefaultChange = 0.01
	// DefaultAge is taken where the time of the failover is not known.
	DefaultAge = 7 * 24 * time.Hour
	// DefaultPrepare, DefaultStop and DefaultBoot are plain guesses.
	DefaultPrepare = 3 * time.Minute
	DefaultStop    = 3 * time.Minute
	DefaultBoot    = 5 * time.Minute
)

// How many times worse than expected P90 takes each factor. Nothing documents
// a spread; these are guesses, and [Forecasts.Assumed] says so.
const (
	WorseCompare = 1.5
	WorseLink    = 2.0
	WorseChange  = 2.0
	WorseSteps   = 2.0 // prepare, stop and boot
)

// rates are the factors of the model, in bytes and seconds.
type rates struct {
	compare, link       float64
	change              float64 // bytes a second, each item; used where set
	changeShare         float64 // share of an item's data a second, used otherwise
	nowShare            float64 // the same while it is synchronised, where that was measured
	prepare, stop, boot float64
	// What a synchronisation costs beside its bytes, where that was measured.
	overCompare, overLink float64
}

func (r rates) pessimistic() rates {
	r.compare /= WorseCompare
	r.link /= WorseLink
	r.change *= WorseChange
	r.changeShare *= WorseChange
	r.nowShare *= WorseChange
	r.overCompare *= WorseSteps
	r.overLink *= WorseSteps
	r.prepare *= WorseSteps
	r.stop *= WorseSteps
	r.boot *= WorseSteps
	return r
}

// disk is one item as the model sees it.
type disk struct {
	size, allocated float64
	age             float64 // seconds since the failover
}

func (d disk) changed(r rates, during float64) float64 {
	perSecond := r.change
	if perSecond == 0 {
		perSecond = r.changeShare * d.allocated
	}
	return min(d.allocated, perSecond*during)
}

type model struct {
	disks     []disk
	size      float64
	allocated float64
	missing   bool
	oldest    time.Duration // age of the oldest known failover
	expected  rates
	assumed   []string
	learnt    lessons
	threads   int
	throttle  int64
}

func newModel(in Input) *model {
	m := &model{missing: in.TargetMissing, threads: in.Threads, throttle: max(0, in.Throttle)}
	m.learnt = learn(in.Past, in.Threads, m.throttle, m.held(float64(in.Rates.Link)))
	m.expected = m.ratesOf(in.Rates)
	for _, it := range in.Items {
		size := float64(max(0, it.Bytes()))
		m.size += size
		m.disks = append(m.disks, disk{size: size, age: m.ageOf(it, in.Now).Seconds()})
	}
	m.allocate(in.Allocated)
	if len(m.disks) > 1 && !(m.learnt.each && m.learnt.eachLink) {
		m.assume("the items share the link and the checksum rate")
	}
	if m.learnt.compare.n < enoughForForm {
		m.assume("checksums and downloads follow each other; where they overlap it is faster")
	}
	return m
}

// held is a rate of the line, no faster than the agent's throttle lets it be.
func (m *model) held(link float64) float64 {
	if link <= 0 {
		link = float64(DefaultLink)
	}
	if m.throttle > 0 {
		return min(link, float64(m.throttle))
	}
	return link
}

// allocate spreads the measured bytes over the items by their size: only the
// sum is known.
func (m *model) allocate(measured int64) {
	m.allocated = m.size
	if measured >= 0 {
		m.allocated = min(float64(measured), m.size)
		m.assume("checksums and full downloads leave out empty ranges (inferred); the 90 % value counts the whole disks")
	} else {
		m.assume("how much of the disks holds data could not be read: the whole size is taken")
	}
	for i := range m.disks {
		if m.size > 0 {
			m.disks[i].allocated = m.allocated * (m.disks[i].size / m.size)
		}
	}
}

func (m *model) ageOf(it engine.Item, now time.Time) time.Duration {
	if it.FailedOver.IsZero() || now.IsZero() {
		m.assume(fmt.Sprintf("the time of %s's failover is not known: %d days are taken", it.Name, int(DefaultAge.Hours()/24)))
		return DefaultAge
	}
	age := max(0, now.Sub(it.FailedOver))
	m.oldest = max(m.oldest, age)
	return age
}

func (m *model) ratesOf(known engine.Rates) rates {
	r := rates{
		compare: float64(known.Compare), link: float64(known.Link),
		change:  max(0, float64(known.Change)) / 3600,
		prepare: known.Prepare.Seconds(), stop: known.Stop.Seconds(), boot: known.Boot.Seconds(),
	}
	m.learntRates(&r)
	m.take(&r.compare, float64(DefaultCompare), "checksums at 3 GB a minute (documented: a few GB a minute)")
	m.take(&r.link, float64(DefaultLink), "a download of 100 Mbit/s")
	if m.throttle > 0 && m.learnt.link.rate == 0 && r.link > float64(m.throttle) {
		r.link = m.held(r.link)
		m.assume("the download is as fast as the agent's throttle lets it be, " + engine.SizeWords(m.throttle) + "/s")
	}
	if r.change == 0 && r.changeShare == 0 {
		r.changeShare = DefaultChange / (24 * time.Hour).Seconds()
		m.assume("1 % of the data rewritten a day")
	}
	m.take(&r.prepare, DefaultPrepare.Seconds(), engine.SpanWords(DefaultPrepare)+" to prepare the target")
	m.take(&r.stop, DefaultStop.Seconds(), engine.SpanWords(DefaultStop)+" to stop the Azure VM")
	m.take(&r.boot, DefaultBoot.Seconds(), engine.SpanWords(DefaultBoot)+" to start the on-premises VM and prove its boot")
	return r
}

// learntRates puts what runs have measured in the place of what is otherwise known or
// assumed.
func (m *model) learntRates(r *rates) {
	replace := func(v *float64, learnt float64) {
		if learnt > 0 {
			*v = learnt
		}
	}
	replace(&r.compare, m.learnt.compare.rate)
	replace(&r.link, m.learnt.link.rate)
	replace(&r.prepare, m.learnt.prepare.v)
	replace(&r.stop, m.learnt.stop.v)
	replace(&r.boot, m.learnt.boot.v)
	r.overCompare, r.overLink = m.learnt.compare.over, m.learnt.link.over
	if r.change == 0 { // what a source says of this very item is better
		r.changeShare = m.learnt.change.v
	}
	r.nowShare = m.learnt.now.v
}

func (m *model) take(v *float64, otherwise float64, what string) {
	if *v > 0 {
		return
	}
	*v = otherwise
	m.assume(what)
}

func (m *model) assume(what string) {
	if !slices.Contains(m.assumed, what) {
		m.assumed = append(m.assumed, what)
	}
}

// changed is how many bytes differ from the on-premises disks now.
func (m *model) changed(r rates) float64 {
	if m.missing {
		return m.allocated
	}
	var n float64
	for _, d := range m.disks {
		n += d.changed(r, d.age)
	}
	return n
}

// partsOf are the parts of an option at some rates. whole takes the disks' whole sizes
// for what they hold.
func (m *model) partsOf(option engine.SyncOption, r rates, whole bool) parts {
	if option == engine.SyncFull {
		return m.fullParts(r, whole)
	}
	return m.deltaParts(r, whole)
}

// share is the part of all the items' bytes that one line or disk has to carry.
func (m *model) shareOf(each bool) float64 {
	if !each || m.size == 0 {
		return 1
	}
	var most float64
	for _, d := range m.disks {
		most = max(most, d.size)
	}
	return most / m.size
}

func (m *model) deltaParts(r rates, whole bool) parts {
	p := parts{prepare: r.prepare, stop: r.stop, boot: r.boot, compared: m.allocated, first: m.changed(r)}
	if whole {
		p.compared = m.size
	}
	p.compare = r.overCompare + p.compared*m.shareOf(m.learnt.each)/r.compare
	p.download = p.first * m.shareOf(m.learnt.each) / r.link
	if m.learnt.overlap {
		p.download = max(0, p.download-p.compare)
	}
	for _, d := range m.disks {
		if r.nowShare > 0 {
			p.last += min(d.allocated, r.nowShare*d.allocated*(p.compare+p.download))
			continue
		}
		p.last += d.changed(r, p.compare+p.download)
	}
	p.final = r.overLink + p.last*m.shareOf(m.learnt.eachLink)/r.link
	return p
}

func (m *model) fullParts(r rates, whole bool) parts {
	bytes := m.allocated
	if whole {
		bytes = m.size
	}
	return parts{prepare: r.prepare, stop: r.stop, boot: r.boot, last: bytes, final: r.overLink + bytes*m.shareOf(m.learnt.eachLink)/r.link, full: true}
}

// parts are the times a forecast consists of, in seconds.
type parts struct {
	prepare, compare, download, stop, final, boot float64
	compared, first, last                         float64 // bytes
	full                                          bool
}

func (p parts) downtime() float64 { return p.stop + p.final + p.boot }
func (p parts) total() float64    { return p.prepare + p.compare + p.download + p.downtime() }

// reasons says each factor that takes time, the biggest first.
func (p parts) reasons(r rates) []string {
	type factor struct {
		s    float64
		what string
	}
	last := "download what changed meanwhile, with the Azure VM off"
	if p.full {
		last = "download the disks, with the Azure VM off"
	}
	factors := []factor{
		{p.compare, fmt.Sprintf("checksums of %s at %s/s", engine.SizeWords(whole(p.compared)), engine.SizeWords(whole(r.compare)))},
		{p.download, fmt.Sprintf("download %s that changed, at %s/s", engine.SizeWords(whole(p.first)), engine.SizeWords(whole(r.link)))},
		{p.final, fmt.Sprintf("%s: %s at %s/s", last, engine.SizeWords(whole(p.last)), engine.SizeWords(whole(r.link)))},
		{p.prepare, "prepare the target"},
		{p.stop, "stop the Azure VM"},
		{p.boot, "start the on-premises VM and prove its boot"},
	}
	slices.SortStableFunc(factors, func(a, b factor) int { return cmp.Compare(b.s, a.s) })
	var out []string
	for _, f := range factors {
		if f.s > 0 {
			out = append(out, fmt.Sprintf("%s: %s", engine.RoughWords(seconds(f.s)), f.what))
		}
	}
	return out
}
