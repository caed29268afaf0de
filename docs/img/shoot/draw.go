package main

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/hinshun/vt10x"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// pen draws cells of a terminal.
type pen struct {
	regular, bold font.Face
	cell          image.Point
	ascent        int
	fg, bg        color.RGBA
	used          map[color.RGBA]bool // of letters and what is behind them, so far
}

const (
	points = 15
	border = 12 // pixels around the screen
)

func newPen(fonts string, light bool) (*pen, error) {
	regular, err := face(filepath.Join(fonts, "DejaVuSansMono.ttf"))
	if err != nil {
		return nil, err
	}
	bold, err := face(filepath.Join(fonts, "DejaVuSansMono-Bold.ttf"))
	if err != nil {
		return nil, err
	}
	m := regular.Metrics()
	width, _ := regular.GlyphAdvance('M')
	p := &pen{
		used: map[color.RGBA]bool{}, regular: regular, bold: bold, ascent: m.Ascent.Ceil(),
		cell: image.Pt(width.Round(), (m.Ascent + m.Descent).Ceil()),
		fg:   color.RGBA{0xd4, 0xd8, 0xde, 255}, bg: palette[0],
	}
	if light {
		p.fg, p.bg = color.RGBA{0x22, 0x26, 0x2b, 255}, palette[15]
	}
	return p, nil
}

func face(path string) (font.Face, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // a font of the system
	if err != nil {
		return nil, err
	}
	f, err := opentype.Parse(raw)
	if err != nil {
		return nil, err
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: points, DPI: 96, Hinting: font.HintingFull})
}

// Attributes of a cell, as the emulator numbers them.
const (
	attrReverse = 1 << 0
	attrBold    = 1 << 2
)

// draw writes the screen as a picture of at most so many colours.
func (p *pen) draw(term vt10x.Terminal, path string, most int) error {
	img := p.render(term)
	f, err := os.Create(path) //nolint:gosec // the folder the caller named
	if err != nil {
		return err
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(f, reduce(most, p.used, img).picture(img)); err != nil {
		_ = f.Close() // the first error matters
		return err
	}
	return f.Close()
}

// render is the screen as it is now.
func (p *pen) render(term vt10x.Terminal) *image.RGBA {
	term.Lock()
	defer term.Unlock()
	cols, rows := term.Size()
	img := image.NewRGBA(image.Rect(0, 0, cols*p.cell.X+2*border, rows*p.cell.Y+2*border))
	draw.Draw(img, img.Bounds(), image.NewUniform(p.bg), image.Point{}, draw.Src)
	for y := range rows {
		for x := range cols {
			p.glyph(img, x, y, term.Cell(x, y))
		}
	}
	return img
}

// reduced are colours for pictures: near ones, the soft edges of letters, become
// the most frequent one among them. A picture in these is a third of the size.
type reduced struct {
	table   color.Palette
	nearest map[color.RGBA]uint8
}

// reduce finds at most so many colours for the pictures: those that letters really
// have first.
func reduce(most int, used map[color.RGBA]bool, imgs ...*image.RGBA) reduced {
	counts := map[color.RGBA]int{}
	for _, img := range imgs {
		for i := 0; i < len(img.Pix); i += 4 {
			counts[at(img, i)]++
		}
	}
	rank := func(c color.RGBA) int {
		if used[c] {
			return 0
		}
		return 1
	}
	colours := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(counts[b], counts[a]), cmp.Compare(key(a), key(b)))
	})
	r := reduced{nearest: map[color.RGBA]uint8{}}
	kept := map[color.RGBA]bool{}
	for _, c := range colours {
		if box := (color.RGBA{c.R >> 4, c.G >> 4, c.B >> 4, 255}); !kept[box] && len(r.table) < most {
			kept[box] = true
			r.table = append(r.table, c)
		}
	}
	for _, c := range colours {
		r.nearest[c] = uint8(r.table.Index(c)) //nolint:gosec // at most 256 colours
	}
	return r
}

// at is the colour at a place of a picture's bytes.
func at(img *image.RGBA, i int) color.RGBA {
	return color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255}
}

// picture is a picture in the reduced colours.
func (r reduced) picture(img *image.RGBA) *image.Paletted {
	out := image.NewPaletted(img.Bounds(), r.table)
	for i := range out.Pix {
		out.Pix[i] = r.nearest[at(img, 4*i)]
	}
	return out
}

// key orders colours, so that the same picture gives the same file.
func key(c color.RGBA) int { return int(c.R)<<16 | int(c.G)<<8 | int(c.B) }

func (p *pen) glyph(img *image.RGBA, x, y int, g vt10x.Glyph) {
	fg, bg := p.colour(g.FG, p.fg), p.colour(g.BG, p.bg)
	p.used[fg], p.used[bg] = true, true
	if g.Mode&attrReverse != 0 {
		fg, bg = bg, fg
	}
	at := image.Pt(border+x*p.cell.X, border+y*p.cell.Y)
	if bg != p.bg {
		draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(p.cell)}, image.NewUniform(bg), image.Point{}, draw.Src)
	}
	if g.Char == 0 || g.Char == ' ' {
		return
	}
	f := p.regular
	if g.Mode&attrBold != 0 {
		f = p.bold
	}
	d := font.Drawer{Dst: img, Src: image.NewUniform(fg), Face: f, Dot: fixed.P(at.X, at.Y+p.ascent)}
	d.DrawString(string(g.Char))
}

// colour turns the emulator's number of a colour into one; numbers above the
// true colours stand for the defaults.
func (p *pen) colour(c vt10x.Color, otherwise color.RGBA) color.RGBA {
	switch {
	case c >= 1<<24:
		return otherwise
	case c < 16:
		return palette[c]
	case c < 232:
		return cube(uint8(c - 16))
	case c < 256:
		v := uint8(8 + (c-232)*10)
		return color.RGBA{v, v, v, 255}
	}
	return color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255} //nolint:gosec // three bytes of a colour
}

// cube is one of the 216 colours of the 256-colour palette.
func cube(n uint8) color.RGBA {
	level := func(v uint8) uint8 {
		if v == 0 {
			return 0
		}
		return 55 + 40*v
	}
	return color.RGBA{level(n / 36), level(n / 6 % 6), level(n % 6), 255}
}
