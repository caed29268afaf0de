// Package journal is the durable log of a run: one line an event, each line
// hash-chained to the one before it and on disk before the event is acted upon.
//
// A line is {"sum":"<hex>","event":{…}}, where sum is SHA-256 over the sum of the
// line before (64 zeros for the first), a line feed and the bytes of event. A
// last line that was not written whole (a crash) is cut; damage anywhere else is
// refused, and so is a journal written with a newer schema.
package journal

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"failback/engine"
)

// FileName is the journal's name in a run's folder.
const FileName = "journal.ndjson"

// maxLine bounds one line; a longer one is damage.
const maxLine = 4 << 20

var firstSum = strings.Repeat("0", sha256.Size*2)

// A line's frame is fixed to the byte, so that no change to it goes unseen.
const (
	lineHead = `{"sum":"`
	lineMid  = `","event":`
	lineTail = `}`
)

func frame(sum string, event []byte) []byte {
	out := make([]byte, 0, len(lineHead)+len(sum)+len(lineMid)+len(event)+len(lineTail)+1)
	out = append(out, lineHead...)
	out = append(out, sum...)
	out = append(out, lineMid...)
	out = append(out, event...)
	out = append(out, lineTail...)
	return append(out, '\n')
}

func unframe(raw []byte) (sum string, event []byte, err error) {
	rest, ok := bytes.CutPrefix(raw, []byte(lineHead))
	if !ok || len(rest) < sha256.Size*2 {
		return "", nil, errors.New("not a journal line")
	}
	sum, rest = string(rest[:sha256.Size*2]), rest[sha256.Size*2:]
	rest, ok = bytes.CutPrefix(rest, []byte(lineMid))
	if !ok {
		return "", nil, errors.New("not a journal line")
	}
	event, ok = bytes.CutSuffix(rest, []byte(lineTail))
	if !ok {
		return "", nil, errors.New("not a journal line")
	}
	return sum, event, nil
}

func chain(prev string, event []byte) string {
	h := sha256.New()
	io.WriteString(h, prev) //nolint:errcheck // a hash never fails to write
	h.Write([]byte{'\n'})
	h.Write(event)
	return hex.EncodeToString(h.Sum(nil))
}

// Damaged says where a journal is not what was written.
type Damaged struct {
	Path string
	Line int
	Why  string
}

// Error names the file, the line and what is wrong with it.
func (d *Damaged) Error() string {
	return fmt.Sprintf("%s: line %d: %s", d.Path, d.Line, d.Why)
}

// Newer says that a newer program wrote the journal.
type Newer struct {
	Path   string
	Schema int
}

// Error names the file and both schema versions.
func (n *Newer) Error() string {
	return fmt.Sprintf("%s: written with schema %d, this program reads up to %d: use the failback that wrote it, or a newer one", n.Path, n.Schema, engine.SchemaVersion)
}

// content is what reading a journal found.
type content struct {
	events []engine.Event
	sum    string // of the last whole line
	size   int64  // bytes of whole lines
	torn   int64  // bytes after them
}

// Decode reads a whole journal from r. path only names it in errors. With an error
// come the events before the place it names.
func Decode(path string, r io.Reader) ([]engine.Event, error) {
	c, err := read(path, r)
	return c.events, err
}

func read(path string, r io.Reader) (content, error) {
	c := content{sum: firstSum}
	in := bufio.NewReaderSize(r, 1<<16)
	for n := 1; ; n++ {
		raw, err := readLine(in)
		if errors.Is(err, io.EOF) {
			c.torn = int64(len(raw))
			return c, nil
		}
		if err != nil {
			return c, &Damaged{path, n, err.Error()}
		}
		e, sum, err := decodeLine(raw[:len(raw)-1], c.sum)
		if err != nil {
			// A power cut can leave a last line whose blocks were never written.
			if bytes.IndexByte(raw, 0) >= 0 && atEnd(in) {
				c.torn = int64(len(raw))
				return c, nil
			}
			return c, &Damaged{path, n, err.Error()}
		}
		if o, ok := e.Body.(engine.StreamOpened); ok && o.Schema > engine.SchemaVersion {
			return c, &Newer{path, o.Schema}
		}
		if e.V > engine.SchemaVersion {
			return c, &Newer{path, e.V}
		}
		c.events = append(c.events, e)
		c.sum = sum
		c.size += int64(len(raw))
	}
}

// readLine returns one line with its line feed, or what was left at io.EOF.
func readLine(in *bufio.Reader) ([]byte, error) {
	var raw []byte
	for {
		part, err := in.ReadSlice('\n')
		raw = append(raw, part...)
		if len(raw) > maxLine {
			return raw, fmt.Errorf("longer than %d bytes", maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return raw, err
		}
	}
}

func atEnd(in *bufio.Reader) bool {
	_, err := in.Peek(1)
	return errors.Is(err, io.EOF)
}

func decodeLine(raw []byte, prev string) (engine.Event, string, error) {
	said, event, err := unframe(raw)
	if err != nil {
		return engine.Event{}, "", err
	}
	sum := chain(prev, event)
	if said != sum {
		return engine.Event{}, "", errors.New("the checksum does not follow from the lines before: the journal was damaged or changed")
	}
	var e engine.Event
	if err := json.Unmarshal(event, &e); err != nil {
		return engine.Event{}, "", err
	}
	return e, sum, nil
}

// Read returns the events of a journal file without changing it: another process
// may be writing, so an unfinished last line is left alone.
func Read(path string) ([]engine.Event, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	return Decode(path, f)
}
