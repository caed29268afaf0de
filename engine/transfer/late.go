package transfer

import (
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// What a worker that compares keeps back at most: so many bytes, and so many
// pieces, whose blocks stay open meanwhile.
const (
	lateBytes  = 1 << 20
	latePieces = 64
)

// late is what differs and is not written yet. A target that has to make
// something safe before each write does so once for all of it.
type late struct {
	target Preparer // nil: everything is written at once
	data   []byte
	runs   []merkle.Range // of data, one behind the other
	pieces []Extent       // that are done when the runs are written
}

// newLate keeps something back where that saves the target work.
func newLate(p *pipeline) (l late) {
	if p.opt.Compare {
		l.target, _ = p.dst.(Preparer)
	}
	return l
}

// keep takes the runs of a piece that differ, data from off on; what was kept
// before is written where there is no room for them. The piece's bytes may be
// overwritten after.
func (w *worker) keep(runs []merkle.Range, data []byte, off int64) error {
	if err := w.makeRoom(lengthOf(runs)); err != nil {
		return err
	}
	for _, r := range runs {
		w.late.data = append(w.late.data, data[r.Off-off:][:r.Len]...)
	}
	w.late.runs = append(w.late.runs, runs...)
	w.late.pieces = append(w.late.pieces, Extent{Off: off, Len: int64(len(data))})
	return nil
}

func lengthOf(runs []merkle.Range) (n int64) {
	for _, r := range runs {
		n += r.Len
	}
	return n
}

func (w *worker) makeRoom(n int64) error {
	if w.late.data == nil {
		w.late.data = make([]byte, 0, max(lateBytes, w.opt.Piece))
	}
	if int64(len(w.late.data))+n > int64(cap(w.late.data)) || len(w.late.pieces) == latePieces {
		return w.catchUp()
	}
	return nil
}

// catchUp writes what was kept back.
func (w *worker) catchUp() error {
	l := &w.late
	if len(l.runs) == 0 {
		return nil
	}
	saves := w.opt.Brakes.Begin()
	if err := l.target.Prepare(l.runs); err != nil {
		return err
	}
	w.opt.Brakes.End(pace.BrakeTarget, saves)
	var written int64
	defer func() { w.count(func(p *Progress) { p.Written += written }) }()
	data := l.data
	for _, r := range l.runs {
		n, err := w.write(data[:r.Len], r.Off)
		written += n
		if err != nil {
			return err
		}
		data = data[r.Len:]
	}
	for _, e := range l.pieces {
		w.proof.done(e)
	}
	l.data, l.runs, l.pieces = l.data[:0], l.runs[:0], l.pieces[:0]
	return nil
}
