package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// threadKeeper has the hosts of a run download with the plan's threads. The first leg
// that is about to move data of a host sets them there, the last one of it that is
// through puts the old value back. What is held follows from the journal, so a run
// that is resumed knows; a run that is let go of while its jobs go on keeps them.
// Threads only make a download faster: what goes wrong with them is said, and stops
// nothing.
type threadKeeper struct {
	r *Runner

	mu    sync.Mutex
	hosts map[string]*keptHost
}

// keptHost is one host; who holds the place may change its threads.
type keptHost struct {
	place chan struct{} // capacity 1; a channel, since it is held over calls
	tried bool          // this process has set them, or has said why not
}

func newThreadKeeper(r *Runner) *threadKeeper {
	return &threadKeeper{r: r, hosts: map[string]*keptHost{}}
}

// enter waits for the place of a host.
func (k *threadKeeper) enter(ctx context.Context, host string) (*keptHost, error) {
	k.mu.Lock()
	h := k.hosts[strings.ToLower(host)]
	if h == nil {
		h = &keptHost{place: make(chan struct{}, 1)}
		k.hosts[strings.ToLower(host)] = h
	}
	k.mu.Unlock()
	select {
	case h.place <- struct{}{}:
		return h, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (h *keptHost) leave() { <-h.place }

func (k *threadKeeper) emit(b Body) error { return k.r.Stream.Emit("", PhaseNone, b) }

func (k *threadKeeper) note(level, host, text string) error {
	return k.emit(Noted{Level: level, Text: "download threads on " + host + ": " + text})
}

// hold sees that the leg's host has the plan's threads before data is moved. Once a
// host and process; nothing where the plan wants none.
func (k *threadKeeper) hold(ctx context.Context, l *leg) error {
	n, host := l.plan().Threads, l.host()
	if n == 0 {
		return nil
	}
	h, err := k.enter(ctx, host)
	if err != nil {
		return err
	}
	defer h.leave()
	if h.tried {
		return nil
	}
	now, err := k.r.Ports.Hosts.Threads(ctx, host)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		h.tried = true
		return k.note("warn", host, "could not be looked at; the run goes on with what is there: "+err.Error())
	}
	h.tried = true
	if held, ok := k.r.Stream.State().ThreadsOn(host); ok && held.Held() {
		return k.takeUp(ctx, held, now.Download)
	}
	return k.begin(ctx, host, now, ThreadsOf(n))
}

// begin writes down what is there, then changes it.
func (k *threadKeeper) begin(ctx context.Context, host string, now DownloadThreads, want ThreadValue) error {
	other := k.others(host)
	switch {
	case !now.Agent:
		return k.note("warn", host, "no recovery services agent is installed there; nothing is set")
	case other != "":
		return k.note("warn", host, "run "+string(other)+" has set them and puts them back; they are "+now.Download.Words()+" now, and this run leaves them alone")
	case now.Download == want:
		return k.note("info", host, "they are "+want.Words()+" already; nothing is set, and nothing has to be put back")
	case now.Download.Set && now.Kind != ThreadsKind:
		return k.note("warn", host, "the value is of the kind "+now.Kind+", not "+ThreadsKind+"; it is left alone")
	}
	if err := k.emit(ThreadsIntended{Host: host, Was: now.Download, Want: want}); err != nil {
		return err
	}
	return k.change(ctx, HostThreads{Host: host, Was: now.Download, Want: want})
}

// others is another run that holds the host's threads; empty where none does.
func (k *threadKeeper) others(host string) RunID {
	if k.r.ThreadsHeld == nil {
		return ""
	}
	id, _ := k.r.ThreadsHeld(host)
	return id
}

// takeUp goes on with what an earlier process had begun.
func (k *threadKeeper) takeUp(ctx context.Context, held HostThreads, now ThreadValue) error {
	switch now {
	case held.Want:
		if held.Stage == ThreadStageSet {
			return nil
		}
		return k.emit(ThreadsSet{Host: held.Host, Threads: now, Found: true})
	case held.Was:
		if held.Stage == ThreadStageIntended {
			return k.change(ctx, held)
		}
	}
	return k.emit(ThreadsReturned{Host: held.Host, Threads: now, Left: "somebody has changed them since this run set them to " + held.Want.Words()})
}

// change sends the one request and, where its answer does not say all, looks.
func (k *threadKeeper) change(ctx context.Context, held HostThreads) error {
	asked := k.ask(ctx, held.Host, ThreadChange{Expect: held.Was, Want: held.Want})
	if asked == nil {
		return k.emit(ThreadsSet{Host: held.Host, Threads: held.Want})
	}
	now, err := k.look(ctx, held.Host)
	switch {
	case err != nil:
		return k.note("warn", held.Host, "whether they were set is not known, the run goes on and looks again at its end: "+asked.Error()+"; "+err.Error())
	case now == held.Want:
		return k.emit(ThreadsSet{Host: held.Host, Threads: now, Found: true})
	case now == held.Was:
		return k.emit(ThreadsReturned{Host: held.Host, Threads: now, Left: "they could not be set, the run goes on with what is there: " + asked.Error()})
	}
	return k.emit(ThreadsReturned{Host: held.Host, Threads: now, Left: "somebody has changed them at the same moment: " + asked.Error()})
}

// ask sends a change; once begun it is not aborted.
func (k *threadKeeper) ask(ctx context.Context, host string, c ThreadChange) error {
	ctx, done := acting(ctx)
	defer done()
	return k.r.Ports.Hosts.SetThreads(ctx, host, c)
}

// look reads the threads after an answer that was lost or bad. It is not cut short by
// a detach, but it ends.
func (k *threadKeeper) look(ctx context.Context, host string) (ThreadValue, error) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute+settleLooks*k.r.Poll)
	defer done()
	for tries := 1; ; tries++ {
		now, err := k.r.Ports.Hosts.Threads(ctx, host)
		if err == nil || tries >= settleLooks || KindOf(err) != FailureRetryable {
			return now.Download, err
		}
		if err := sleep(ctx, k.r.Poll); err != nil {
			return ThreadValue{}, err
		}
	}
}

// release puts the old threads of a host back where no leg that is at work needs the
// others any more. run ends when the process lets go of the run: nothing is put back
// then, since the jobs go on.
func (k *threadKeeper) release(run context.Context, host string) error {
	if held, ok := k.r.Stream.State().ThreadsOn(host); run.Err() != nil || !ok || !held.Held() {
		return nil
	}
	h, err := k.enter(run, host)
	if err != nil {
		return nil //nolint:nilerr // detached while it waited: the jobs go on
	}
	defer h.leave()
	held, _ := k.r.Stream.State().ThreadsOn(host)
	if !held.Held() || k.r.downloads(host) {
		return nil
	}
	h.tried = false
	stuck, err := k.giveBack(run, held)
	if err != nil || stuck == nil || run.Err() != nil {
		return err
	}
	return k.note("warn", host, "could not be put back yet: "+stuck.Error())
}

// releaseAll puts back, at the end of a run, what is still held, also by a process
// that died. It has some patience.
func (k *threadKeeper) releaseAll(run context.Context) error {
	for _, held := range k.r.Stream.State().HeldThreads() {
		for tries := 1; run.Err() == nil; tries++ {
			stuck, err := k.giveBack(run, held)
			if err != nil {
				return err
			}
			if stuck == nil {
				break
			}
			if tries >= settleLooks || KindOf(stuck) != FailureRetryable {
				text := fmt.Sprintf("they are to be %s again and could not be put back: %v. failback resume %s tries again", held.Was.Words(), stuck, k.r.Stream.State().Run)
				if err := k.note("warn", held.Host, text); err != nil {
					return err
				}
				break
			}
			if sleep(run, k.r.Poll) != nil {
				return nil
			}
		}
	}
	return nil
}

// giveBack looks, and puts the old value back where the run's own still stands. stuck
// says why it could not; err that the journal can't be kept.
func (k *threadKeeper) giveBack(ctx context.Context, held HostThreads) (stuck, err error) {
	now, stuck := k.r.Ports.Hosts.Threads(ctx, held.Host)
	if stuck != nil {
		return stuck, nil
	}
	if now.Download != held.Want || now.Download == held.Was {
		return nil, k.emit(k.ended(held, now.Download, true))
	}
	if err := k.emit(ThreadsReturning{Host: held.Host, To: held.Was}); err != nil {
		return nil, err
	}
	asked := k.ask(ctx, held.Host, ThreadChange{Expect: held.Want, Want: held.Was, Restore: true})
	if asked == nil {
		return nil, k.emit(k.ended(held, held.Was, false))
	}
	seen, stuck := k.look(ctx, held.Host)
	if stuck != nil || seen == held.Want {
		return asked, nil
	}
	return nil, k.emit(k.ended(held, seen, true))
}

// ended is the end of what the run did to a host, with what stands there now.
func (k *threadKeeper) ended(held HostThreads, now ThreadValue, found bool) ThreadsReturned {
	b := ThreadsReturned{Host: held.Host, Threads: now, Found: found}
	if now != held.Was {
		b.Left = fmt.Sprintf("somebody has changed them since this run set them to %s; they were %s before it", held.Want.Words(), held.Was.Words())
	}
	return b
}

// downloads reports whether a leg that is at work still has data to bring to the host.
func (r *Runner) downloads(host string) bool {
	s := r.Stream.State()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range s.Legs {
		if r.active[l.Item.Name] == nil || !strings.EqualFold(s.Plan.hostOf(l.Item), host) {
			continue
		}
		if l.Mode != ModeEnded && l.Mode != ModeCancelling && !l.Verified() {
			return true
		}
	}
	return false
}

// hostOf is the host that the item goes to.
func (p Plan) hostOf(it PlanItem) string {
	if p.Target.Alternate {
		return p.Target.HostName
	}
	return it.Host
}
