package report

import (
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"failback/tui/lang"
	"failback/tui/look"
)

// document is the evidence, read from the Markdown that is written for people: what
// a screen shows can't differ from what is filed.
type document struct{ blocks []block }

// block is a heading, a paragraph or a table.
type block struct {
	level  int // of a heading, from 1; 0 for others
	words  string
	strong bool // it begins with what must not be missed
	head   []string
	rows   [][]string
}

// read takes a document apart.
func read(markdown []byte) document {
	root := goldmark.New(goldmark.WithExtensions(extension.Table)).Parser().Parse(source.NewReader(markdown))
	var d document
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			d.blocks = append(d.blocks, block{level: n.Level, words: plain(n, markdown)})
		case *east.Table:
			d.blocks = append(d.blocks, table(n, markdown))
		default:
			_, strong := n.FirstChild().(*ast.Emphasis)
			d.blocks = append(d.blocks, block{words: plain(n, markdown), strong: strong})
		}
	}
	return d
}

func table(n *east.Table, markdown []byte) block {
	var b block
	for r := n.FirstChild(); r != nil; r = r.NextSibling() {
		var cells []string
		for c := r.FirstChild(); c != nil; c = c.NextSibling() {
			cells = append(cells, plain(c, markdown))
		}
		if _, head := r.(*east.TableHeader); head {
			b.head = cells
			continue
		}
		b.rows = append(b.rows, cells)
	}
	return b
}

// plain is the text below a node, letter by letter as it was before it was escaped.
func plain(n ast.Node, markdown []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) { // the walk itself has no errors
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(util.UnescapePunctuations(t.Segment.Value(markdown)))
			if t.SoftLineBreak() || t.HardLineBreak() {
				b.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// written is one line of the document as it is drawn.
type written struct {
	drawn, plain string
	section      int // index of the heading it stands under; -1 before the first
}

// lay writes the document in lines of at most w cells.
func (d document) lay(l look.Look, w int) []written {
	l.L = lang.English // the evidence is the same for everybody who reads it
	var out []written
	section := -1
	add := func(lines ...string) {
		for _, s := range lines {
			out = append(out, written{s, ansi.Strip(s), section})
		}
	}
	for _, b := range d.blocks {
		if b.level > 0 {
			if len(out) > 0 {
				add("")
			}
			section++
		}
		switch {
		case b.level == 1:
			add(l.Paragraph(l.T.Strong, "", b.words, w)...)
		case b.level == 2:
			add(l.Section(l.T.Accent.Render(l.Cut(l.Words(b.words), w-2)), w))
		case b.level > 2:
			add(l.Paragraph(l.T.Accent, "", b.words, w)...)
		case len(b.head) > 0:
			add(b.lay(l, w)...)
		case b.strong:
			add(l.Paragraph(l.T.Strong, "", b.words, w)...)
		default:
			add(l.Paragraph(l.T.Text, "", b.words, w)...)
		}
	}
	return out
}

// lay writes a table: in columns where they fit, names beside their values where
// there are two, and else a row after the other with every value under its name.
func (b block) lay(l look.Look, w int) []string {
	wide := make([]int, len(b.head))
	total := 2 * (len(b.head) - 1)
	for i, h := range b.head {
		wide[i] = ansi.StringWidth(l.Words(h))
		for _, r := range b.rows {
			if i < len(r) {
				wide[i] = max(wide[i], ansi.StringWidth(l.Words(r[i])))
			}
		}
		total += wide[i]
	}
	switch {
	case len(b.head) == 2:
		return b.pairs(l, min(wide[0], w*2/5), w)
	case total <= w:
		return b.columns(l, wide)
	}
	return b.records(l, w)
}

func (b block) pairs(l look.Look, lw, w int) []string {
	var out []string
	for _, r := range b.rows {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.Fit(l.Words(r[0]), lw))+"  ", r[1], w)...)
	}
	return out
}

func (b block) columns(l look.Look, wide []int) []string {
	line := func(cells []string) string {
		var out []string
		for i, c := range cells {
			out = append(out, l.Fit(l.Words(c), wide[i]))
		}
		return strings.TrimRight(strings.Join(out, "  "), " ")
	}
	out := []string{l.T.Muted.Render(line(b.head))}
	for _, r := range b.rows {
		out = append(out, l.T.Text.Render(line(r)))
	}
	return out
}

// none is how the evidence writes that there is no value.
const none = "–"

// within writes a heading as it stands within a line; an abbreviation stays one.
func within(head string) string {
	if len(head) > 1 && strings.ToLower(head[:2]) != head[:2] && strings.ToUpper(head[:2]) == head[:2] {
		return head
	}
	return strings.ToLower(head)
}

func (b block) records(l look.Look, w int) []string {
	var out []string
	for _, r := range b.rows {
		var rest []string
		for i, c := range r[1:] {
			if c != none {
				rest = append(rest, within(b.head[i+1])+" "+c)
			}
		}
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.G.Dot)+" ", r[0], w)...)
		if len(rest) > 0 {
			out = append(out, l.Paragraph(l.T.Muted, "  ", strings.Join(rest, " · "), w)...)
		}
	}
	return out
}
