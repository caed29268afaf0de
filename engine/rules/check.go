package rules

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"failback/engine"
)

// Set are the built-in rules, and those that users added. The zero value has the
// built-in ones only. It is safe for concurrent use.
type Set struct{ own []Rule }

// Rules lists every rule of the set in its order, users' own last.
func (s Set) Rules() []Rule { return slices.Concat(table, s.own) }

// Check is [Set.Check] with the built-in rules.
func Check(ctx context.Context, p engine.Ports, plan engine.Plan, item engine.PlanItem, emit func(engine.Finding)) error {
	return Set{}.Check(ctx, p, plan, item, emit)
}

// Check looks at everything afresh and emits one finding a rule that applies, as
// soon as what the rule needs has been read. emit is called on the calling
// goroutine only. The error is the context's: nothing else stops a check, since
// what can't be read is a finding, too. Where the item itself can't be read
// there is one finding, a block, and no other.
func (s Set) Check(ctx context.Context, p engine.Ports, plan engine.Plan, item engine.PlanItem, emit func(engine.Finding)) error {
	return s.inspect(ctx, newShared(p), plan, item, engine.GateNone, emit)
}

// Recheck is Check with the rules that are looked at again at a gate, and reads only
// what they need. Findings say the gate.
func (s Set) Recheck(ctx context.Context, p engine.Ports, plan engine.Plan, item engine.PlanItem, g engine.Gate, emit func(engine.Finding)) error {
	return s.inspect(ctx, newShared(p), plan, item, g, emit)
}

// atOnce is how many items are checked side by side. Hosts and Azure bound by
// themselves what they are asked at once.
const atOnce = 64

// All checks every item of the plan side by side. What the items have in common, the
// registered hosts and what a host says of itself, is read once. emit is called by one
// goroutine at a time; the findings of different items come as they are known.
func (s Set) All(ctx context.Context, p engine.Ports, plan engine.Plan, emit func(item string, f engine.Finding)) error {
	var mu sync.Mutex
	common := newShared(p)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for _, it := range plan.Items {
		g.Go(func() error {
			return s.inspect(ctx, common, plan, it, engine.GateNone, func(f engine.Finding) {
				mu.Lock()
				defer mu.Unlock()
				emit(it.Name, f)
			})
		})
	}
	return g.Wait()
}

func (s Set) inspect(ctx context.Context, common *shared, plan engine.Plan, item engine.PlanItem, g engine.Gate, emit func(engine.Finding)) error {
	c := &inspection{
		ports: common.ports, common: common, emit: emit, pending: s.Rules(), want: everything, readings: make(chan reading),
		o: &observation{plan: plan, planned: item, now: time.Now(), gate: g, failures: map[source]*engine.Failure{}},
	}
	if g != engine.GateNone {
		c.pending = slices.DeleteFunc(c.pending, func(r Rule) bool { return !slices.Contains(r.Recheck, g) })
		c.want = wanted(c.pending)
	}
	ctx, stop := context.WithCancel(ctx)
	err := c.run(ctx)
	stop()
	c.readers.Wait()
	return err
}

// wanted are the reads that rules need, and those that come before them.
func wanted(rules []Rule) source {
	want := theItem
	for _, r := range rules {
		want |= r.needs
	}
	if want&(theVM|theNames|theReach) != 0 {
		want |= theFacts
	}
	return want
}

// inspection is one check while it goes on.
type inspection struct {
	ports    engine.Ports
	common   *shared
	want     source // reads that some rule needs
	o        *observation
	emit     func(engine.Finding)
	pending  []Rule
	running  source // reads that were begun
	readings chan reading
	readers  sync.WaitGroup
}

// reading is the result of one read: what it changes in the observation, or why
// it failed.
type reading struct {
	source source
	keep   func(*observation)
	err    error
}

func (c *inspection) run(ctx context.Context) error {
	c.read(ctx, theItem, c.readItem)
	c.read(ctx, theHosts, c.readHosts)
	for c.running != c.o.read {
		select {
		case r := <-c.readings:
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx)
			}
			c.take(r)
			if r.source == theItem && r.err != nil {
				c.emit(ruleItem.finding(c.o))
				return nil
			}
			c.follow(ctx, r.source)
			c.settle()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// read begins one read of its own goroutine. A panic in it is a failed read.
func (c *inspection) read(ctx context.Context, s source, do func(context.Context) (func(*observation), error)) {
	c.running |= s
	if c.want&s == 0 {
		c.o.read |= s
		return
	}
	c.readers.Go(func() {
		r := reading{source: s}
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("reading broke off: %v", p)
			}
			select {
			case c.readings <- r:
			case <-ctx.Done():
			}
		}()
		r.keep, r.err = do(ctx)
	})
}

// take notes the result of a read.
func (c *inspection) take(r reading) {
	c.o.read |= r.source
	if r.err != nil {
		c.o.failures[r.source] = engine.AsFailure(r.err, "preflight", c.o.planned.Name)
		return
	}
	r.keep(c.o)
}

// follow begins the reads that became possible, and settles those that became
// impossible: a host that did not answer, or let nobody in, is not asked again.
func (c *inspection) follow(ctx context.Context, done source) {
	if done == theItem {
		c.followItem(ctx)
		return
	}
	if done != theFacts {
		return
	}
	if f := c.o.failures[theFacts]; f != nil && (f.Kind == engine.FailureRetryable || f.Kind == engine.FailurePermission) {
		c.skip(theVM|theNames|theReach, f)
		return
	}
	c.readTarget(ctx)
}

func (c *inspection) followItem(ctx context.Context) {
	o := c.o
	if o.item.OutOfScope != "" {
		return
	}
	c.followDirect(ctx)
	if failback(o.plan, o.item) {
		c.read(ctx, thePower, c.readPower)
	} else {
		c.skip(thePower, away)
	}
	if fromPoint(o) {
		c.read(ctx, thePoints, c.readPoints)
	} else {
		c.running |= thePoints
		o.read |= thePoints
	}
	if targetHost(o.plan, o.item) == "" {
		c.skip(theFacts|theVM|theNames|theReach, &engine.Failure{
			Kind: engine.FailureNotFound, What: "find the host", Where: o.item.Name,
			Why: "the vault does not name the item's host", Remedy: "look at the item's provider in the portal",
		})
	} else {
		c.read(ctx, theFacts, c.readFacts)
	}
	if toAlternate(o.plan, o.item) {
		c.read(ctx, theOriginal, c.readOriginal)
	} else {
		c.skip(theOriginal, &engine.Failure{Kind: engine.FailureOther, What: "read the VM at its original location", Why: "that is the target itself"})
	}
}

// away is why the Azure VM and the VM at home are not looked at on the way to Azure.
var away = &engine.Failure{Kind: engine.FailureOther, What: "read the VM", Why: "on the way to Azure it is not looked at", Remedy: "look at it yourself"}

func (c *inspection) readTarget(ctx context.Context) {
	c.read(ctx, theReach, c.readReach)
	if !failback(c.o.plan, c.o.item) {
		c.skip(theVM|theNames, away)
		return
	}
	if vmID(c.o.item) == "" {
		c.skip(theVM, &engine.Failure{Kind: engine.FailureNotFound, What: "read the VM", Where: c.o.planned.Name, Why: "nobody knows an id of it on-premises"})
	} else {
		c.read(ctx, theVM, c.readVM)
	}
	if toAlternate(c.o.plan, c.o.item) || creating(c.o.plan, c.o.item) {
		c.read(ctx, theNames, c.readNames)
	}
}

// followDirect looks at what a failback without Site Recovery works with.
func (c *inspection) followDirect(ctx context.Context) {
	if c.o.plan.Direct == nil {
		c.skip(theDirect, &engine.Failure{Kind: engine.FailureOther, What: "look at the disks in Azure", Why: "Site Recovery moves them"})
		return
	}
	c.read(ctx, theDirect, c.readDirect)
}

// skip settles reads that are not made, for the reason given.
func (c *inspection) skip(s source, why *engine.Failure) {
	c.running |= s
	c.o.read |= s
	for _, one := range allSources {
		if s&one != 0 {
			c.o.failures[one] = why
		}
	}
}

// settle emits every pending rule whose needs have been read.
func (c *inspection) settle() {
	if c.o.read&theItem == 0 {
		return
	}
	var left []Rule
	for _, r := range c.pending {
		switch {
		case !r.holds(c.o.plan, c.o.item):
		case c.o.item.OutOfScope != "" && r.ID != ruleItem.ID && r.ID != ruleScope.ID:
			// Nothing else can be said about an item that is not ours.
		case r.needs&^c.o.read != 0:
			left = append(left, r)
		default:
			c.emit(r.finding(c.o))
		}
	}
	c.pending = left
}
