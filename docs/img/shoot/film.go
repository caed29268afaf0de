package main

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/hinshun/vt10x"
)

// How a film is made: how often the screen is looked at, how long a picture that
// does not change is shown at most, and how long the last one.
const (
	framePause = 150 * time.Millisecond
	longest    = 1500 * time.Millisecond
	atTheEnd   = 4 * time.Second
)

// film is a screen over time.
type film struct {
	path    string
	pen     *pen
	frames  []*image.RGBA
	shown   []time.Duration
	stop    chan struct{}
	stopped sync.WaitGroup
}

// begin looks at the screen until end is called.
func begin(p *pen, term vt10x.Terminal, path string) *film {
	f := &film{path: path, pen: p, stop: make(chan struct{})}
	f.stopped.Add(1)
	go func() {
		defer f.stopped.Done()
		for tick := time.NewTicker(framePause); ; {
			f.look(p.render(term))
			select {
			case <-tick.C:
			case <-f.stop:
				tick.Stop()
				return
			}
		}
	}()
	return f
}

func (f *film) look(img *image.RGBA) {
	if n := len(f.frames); n > 0 && bytes.Equal(f.frames[n-1].Pix, img.Pix) {
		f.shown[n-1] = min(f.shown[n-1]+framePause, longest)
		return
	}
	f.frames, f.shown = append(f.frames, img), append(f.shown, framePause)
}

// end writes the film. Of each picture only what differs from the one before is
// kept, the rest is left as it is on the screen.
func (f *film) end() error {
	close(f.stop)
	f.stopped.Wait()
	f.shown[len(f.shown)-1] = atTheEnd
	r := reduce(40, f.pen.used, f.frames...) // few, so that it stays small
	out := gif.GIF{}
	for i, img := range f.frames {
		picture := r.picture(img)
		if i > 0 {
			picture = r.difference(f.frames[i-1], img)
		}
		out.Image, out.Delay = append(out.Image, picture), append(out.Delay, int(f.shown[i]/(10*time.Millisecond)))
		out.Disposal = append(out.Disposal, gif.DisposalNone)
	}
	file, err := os.Create(f.path)
	if err != nil {
		return err
	}
	if err := gif.EncodeAll(file, &out); err != nil {
		_ = file.Close() // the first error matters
		return err
	}
	return file.Close()
}

// difference is a picture that is transparent where it is as the last one was.
func (r reduced) difference(last, img *image.RGBA) *image.Paletted {
	table := slices.Concat(r.table, color.Palette{color.RGBA{}})
	through := uint8(len(table) - 1) //nolint:gosec // at most 256 colours
	out := image.NewPaletted(img.Bounds(), table)
	var part image.Rectangle
	for i := range out.Pix {
		out.Pix[i] = through
		if c := at(img, 4*i); c != at(last, 4*i) {
			out.Pix[i] = r.nearest[c]
			part = part.Union(image.Rect(i%out.Stride, i/out.Stride, i%out.Stride+1, i/out.Stride+1))
		}
	}
	return out.SubImage(part).(*image.Paletted) // the library says so
}
