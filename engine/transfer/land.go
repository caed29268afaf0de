package transfer

import (
	"context"
	"fmt"

	"failback/engine/transfer/pace"
)

// checkpoint syncs the target now and then, so that blocks count as proven.
func (p *pipeline) checkpoint() error {
	if p.opt.Proof == nil || p.opt.Proof.Landed == nil || !p.flushing.TryLock() {
		return nil
	}
	defer p.flushing.Unlock()
	p.mu.Lock()
	written := p.progress.Written
	p.mu.Unlock()
	if written-p.flushed < checkpointEvery {
		return nil
	}
	p.flushed = written
	if err := p.dst.Sync(); err != nil {
		return fmt.Errorf("sync the target: %w", err)
	}
	return nil
}

// land puts the wanted parts of a piece on the target.
func (w *worker) land(ctx context.Context, r request, p []byte, off int64) error {
	piece := Extent{Off: off, Len: int64(len(p))}
	var wanted, equal int64
	var sum landed
	for _, part := range intersect(r.parts, []Extent{piece}) {
		if err := ctx.Err(); err != nil {
			return err
		}
		data := p[part.Off-off:][:part.Len]
		sums := w.opt.Brakes.Begin()
		if err := w.proof.add(data, part.Off); err != nil {
			return err
		}
		if w.proof != nil {
			w.opt.Brakes.End(pace.BrakeCompare, sums)
		}
		out, err := w.put(data, part.Off)
		sum.written += out.written
		if err != nil {
			w.count(func(p *Progress) { p.Written += sum.written })
			return err
		}
		wanted, sum.zero = wanted+part.Len, sum.zero+out.zero
		if w.opt.Compare {
			equal += part.Len - out.written - out.late
		}
		if out.late == 0 {
			w.proof.done(part)
		}
	}
	w.count(func(p *Progress) {
		p.Read += piece.Len
		p.Bridged += piece.Len - wanted
		p.Scanned += wanted
		p.Written += sum.written
		p.Equal += equal
		p.Zero += sum.zero
	})
	return w.checkpoint()
}

// landed is how many bytes of a part were written, how many are to be written
// later, and how many were zeros that a fresh target has already.
type landed struct{ written, late, zero int64 }

// put writes what has to be written of one part.
func (w *worker) put(data []byte, off int64) (l landed, err error) {
	switch {
	case w.opt.Compare:
		have, err := w.readTarget(off, len(data))
		if err != nil {
			return l, err
		}
		runs := w.differences(data, off, have)
		if w.late.target != nil && len(runs) > 0 {
			l.late = lengthOf(runs)
			return l, w.keep(runs, data, off)
		}
		l.written, err = w.writeRuns(runs, data, off)
		return l, err
	case w.opt.Fresh:
		l.written, err = w.writeNonZero(data, off)
		l.zero = int64(len(data)) - l.written
		return l, err
	}
	l.written, err = w.write(data, off)
	return l, err
}

func (w *worker) clearAll(ctx context.Context, r request) error {
	for off := r.Off; off < r.End(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(r.End()-off, int64(len(w.old)))
		if err := w.proof.clear(Extent{Off: off, Len: n}); err != nil {
			return err
		}
		have, err := w.readTarget(off, int(n))
		if err != nil {
			return err
		}
		zeroed, err := w.writeDifferences(zeros(int(n)), off, have)
		if err != nil {
			return err
		}
		w.proof.done(Extent{Off: off, Len: n})
		off += n
		w.count(func(p *Progress) { p.Scanned, p.Zeroed = p.Scanned+n, p.Zeroed+zeroed })
	}
	return nil
}
