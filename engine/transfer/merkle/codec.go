package merkle

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"slices"
)

// ErrManifest is under every refusal of bytes that are no manifest, or not any
// more.
var ErrManifest = errors.New("not a valid manifest")

const (
	magic      = "failback manifest 1\n"
	mostHeader = 4096
	mostSize   = 1 << 46 // the largest disk of Hyper-V
	fileBuffer = 256 << 10
)

// header is the readable part of a manifest's file.
type header struct {
	Algorithm string `json:"algorithm"`
	Size      int64  `json:"size"`
	Block     int64  `json:"block"`
	Cell      int64  `json:"cell"`
	Root      string `json:"root"`
	Leaves    int64  `json:"leaves"` // blocks that are not zeros
	Cells     int64  `json:"cells"`  // blocks whose cells follow
}

// Encode writes the manifest with a checksum at its end: a line of text, a line
// of JSON that says what it is, then the sums of all blocks that are not zeros.
func (m *Manifest) Encode(w io.Writer) error {
	h := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(w, h), fileBuffer)
	head := header{
		Algorithm: Algorithm, Size: m.size, Block: Block, Cell: Cell,
		Root: m.Root().String(), Leaves: m.count(), Cells: int64(len(m.cells)),
	}
	line, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s%s\n", magic, line); err != nil {
		return err
	}
	for i, s := range m.leaves() {
		if err := put(out, i, s[:]); err != nil {
			return err
		}
	}
	blocks := make([]int64, 0, len(m.cells))
	for i := range m.cells {
		blocks = append(blocks, i)
	}
	slices.Sort(blocks)
	p := make([]byte, 0, perBlock*sha256.Size)
	for _, i := range blocks {
		p = p[:0]
		for k := range m.cells[i] {
			p = append(p, m.cells[i][k][:]...)
		}
		if err := put(out, i, p); err != nil {
			return err
		}
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err = w.Write(h.Sum(nil))
	return err
}

func (m *Manifest) count() (n int64) {
	for range m.leaves() {
		n++
	}
	return n
}

// leaves are the blocks that are not zeros.
func (m *Manifest) leaves() iter.Seq2[int64, Sum] {
	return func(yield func(int64, Sum) bool) {
		for i, p := range m.pages {
			if p == nil {
				continue
			}
			for k, s := range p {
				if s != ZeroBlock && !yield(int64(i)*perPage+int64(k), s) {
					return
				}
			}
		}
	}
}

func put(w io.Writer, block int64, p []byte) error {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(block))
	if _, err := w.Write(at[:]); err != nil {
		return err
	}
	_, err := w.Write(p)
	return err
}

// Begins says whether r begins as a manifest does.
func Begins(r io.Reader) bool {
	var p [len(magic)]byte
	_, err := io.ReadFull(r, p[:])
	return err == nil && string(p[:]) == magic
}

// Decode reads a manifest and believes nothing: order, bounds, the sums of
// cells, the root and the checksum must all hold, and nothing may follow.
func Decode(r io.Reader) (*Manifest, error) {
	d := decoder{r: bufio.NewReaderSize(r, fileBuffer), h: sha256.New()}
	m, err := d.manifest()
	if err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("%w: %w", ErrManifest, err)
	}
	return m, nil
}

type decoder struct {
	r *bufio.Reader
	h hash.Hash
}

func (d *decoder) fill(p []byte) error {
	_, err := io.ReadFull(d.r, p)
	d.h.Write(p)
	return err
}

func (d *decoder) line() ([]byte, error) {
	var line []byte
	for len(line) < mostHeader {
		var b [1]byte
		if err := d.fill(b[:]); err != nil {
			return nil, err
		}
		if b[0] == '\n' {
			return line, nil
		}
		line = append(line, b[0])
	}
	return nil, errors.New("the header is too long")
}

func (d *decoder) header() (header, error) {
	var head header
	first, err := d.line()
	if err != nil {
		return head, err
	}
	if string(first)+"\n" != magic {
		return head, errors.New("it does not begin like one")
	}
	line, err := d.line()
	if err != nil {
		return head, err
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return head, err
	}
	if head.Algorithm != Algorithm || head.Block != Block || head.Cell != Cell {
		return head, fmt.Errorf("made with %q, this program knows %q", head.Algorithm, Algorithm)
	}
	if head.Size < 0 || head.Size > mostSize {
		return head, fmt.Errorf("of a disk of %d bytes", head.Size)
	}
	return head, nil
}

func (d *decoder) manifest() (*Manifest, error) {
	head, err := d.header()
	if err != nil {
		return nil, err
	}
	m := New(head.Size)
	var leaf Sum
	err = d.entries(head.Leaves, m.Blocks(), leaf[:], func(block int64) error {
		if leaf == ZeroBlock {
			return fmt.Errorf("block %d of zeros is listed", block)
		}
		m.Set(block, leaf)
		return nil
	})
	if err != nil {
		return nil, err
	}
	p := make([]byte, perBlock*sha256.Size)
	err = d.entries(head.Cells, m.Blocks(), p, func(block int64) error {
		c := new(Cells)
		for i := range c {
			copy(c[i][:], p[i*sha256.Size:])
		}
		if c.Sum() != m.Leaf(block) || m.Leaf(block) == ZeroBlock {
			return fmt.Errorf("the cells of block %d are not the block", block)
		}
		m.cells[block] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m, d.end(m, head)
}

// entries reads n blocks in ascending order, each into p.
func (d *decoder) entries(n, blocks int64, p []byte, each func(block int64) error) error {
	if n < 0 || n > blocks {
		return fmt.Errorf("%d entries for %d blocks", n, blocks)
	}
	last := int64(-1)
	for range n {
		var at [8]byte
		if err := d.fill(at[:]); err != nil {
			return err
		}
		block := int64(binary.BigEndian.Uint64(at[:])) // a negative one is refused below
		if block <= last || block >= blocks {
			return fmt.Errorf("block %d after block %d of %d", block, last, blocks)
		}
		last = block
		if err := d.fill(p); err != nil {
			return err
		}
		if err := each(block); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) end(m *Manifest, head header) error {
	want := d.h.Sum(nil)
	var got [sha256.Size]byte
	if err := d.fill(got[:]); err != nil {
		return err
	}
	if got != [sha256.Size]byte(want) {
		return errors.New("the checksum is another one: the file was damaged or changed")
	}
	if root := m.Root().String(); root != head.Root {
		return fmt.Errorf("the root is %s, the header says %s", root, head.Root)
	}
	if _, err := d.r.ReadByte(); !errors.Is(err, io.EOF) {
		return errors.New("something follows it")
	}
	return nil
}
