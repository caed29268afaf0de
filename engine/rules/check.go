package rules

import (
	"context"
	"fmt"
	"sync"
	"time"

	"failback/engine"
)

// Check looks at everything afresh and emits one finding a rule that applies, as
// soon as what the rule needs has been read. emit is called on the calling
// goroutine only. The error is the context's: nothing else stops a check, since
// what can't be read is a finding, too. Where the item itself can't be read
// there is one finding, a block, and no other.
func Check(ctx context.Context, p engine.Ports, plan engine.Plan, item engine.PlanItem, emit func(engine.Finding)) error {
	c := &inspection{
		ports: p, emit: emit, pending: table, readings: make(chan reading),
		o: &observation{plan: plan, planned: item, now: time.Now(), failures: map[source]*engine.Failure{}},
	}
	ctx, stop := context.WithCancel(ctx)
	err := c.run(ctx)
	stop()
	c.readers.Wait()
	return err
}

// inspection is one check while it goes on.
type inspection struct {
	ports    engine.Ports
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
		c.skip(theVM|theNames, f)
		return
	}
	c.readTarget(ctx)
}

func (c *inspection) followItem(ctx context.Context) {
	o := c.o
	if o.item.OutOfScope != "" {
		return
	}
	if failback(o.plan, o.item) {
		c.read(ctx, thePower, c.readPower)
	}
	if fromPoint(o) {
		c.read(ctx, thePoints, c.readPoints)
	} else {
		c.running |= thePoints
		o.read |= thePoints
	}
	if targetHost(o.plan, o.item) == "" {
		c.skip(theFacts|theVM|theNames, &engine.Failure{
			Kind: engine.FailureNotFound, What: "find the host", Where: o.item.Name,
			Why: "the vault does not name the item's host", Remedy: "look at the item's provider in the portal",
		})
	} else {
		c.read(ctx, theFacts, c.readFacts)
	}
	if toAlternate(o.plan, o.item) {
		c.read(ctx, theOriginal, c.readOriginal)
	}
}

func (c *inspection) readTarget(ctx context.Context) {
	if !failback(c.o.plan, c.o.item) {
		return
	}
	c.read(ctx, theVM, c.readVM)
	if toAlternate(c.o.plan, c.o.item) {
		c.read(ctx, theNames, c.readNames)
	}
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
		case !r.applies(c.o.plan, c.o.item):
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
