package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"time"

	"failback/engine"
)

// The bounds of a bundle, in bytes before they are compressed.
const (
	MaxPart  = 8 << 20
	MaxWhole = 64 << 20
)

// ManifestName is the file that lists the others.
const ManifestName = "manifest.json"

// Cleaner takes out of a text what must not leave the machine.
type Cleaner interface {
	// JSON cleans one document, or several with one on each line.
	JSON(raw []byte) []byte
	// Text cleans anything else.
	Text(s string) string
}

// limits are bounds in bytes.
type limits struct{ part, whole int }

// File is one file of the bundle.
type File struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Cut is how many bytes before the first of these were left out, for the size.
	Cut int64 `json:"cut,omitempty"`
	// Cleaned says that something was taken out: hashes inside do not fit any more.
	Cleaned bool `json:"cleaned,omitempty"`
}

// Problem is something that could not be collected.
type Problem struct {
	Where string `json:"where"`
	Why   string `json:"why"`
}

// Manifest is what stands in [ManifestName].
type Manifest struct {
	Schema   int       `json:"schema"` // 1
	Program  string    `json:"program"`
	Made     time.Time `json:"made"`
	Since    time.Time `json:"since"` // of the events
	Hosts    []string  `json:"hosts"`
	Runs     []string  `json:"runs"`
	NoNames  bool      `json:"names_redacted"`
	Files    []File    `json:"files"`
	Problems []Problem `json:"problems"`
}

// Writer fills a bundle. It is used by one goroutine.
type Writer struct {
	path  string
	file  *os.File
	zip   *zip.Writer
	clean Cleaner
	m     Manifest
	whole int // bytes so far
	most  limits
	names map[string]bool
}

// Create begins a bundle in a new file that its owner alone may read. A file that is
// there already is left alone.
func Create(path string, m Manifest, clean Cleaner) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, &engine.Failure{
			Kind: engine.FailureUsage, What: "write the bundle", Where: path, Why: reason(err), Err: err,
			Remedy: "name a new file with -o, in a folder that can be written",
		}
	}
	m.Schema = 1
	m.Files, m.Problems = []File{}, []Problem{}
	return &Writer{path: path, file: f, zip: zip.NewWriter(f), clean: clean, m: m, most: limits{MaxPart, MaxWhole}, names: map[string]bool{ManifestName: true}}, nil
}

// reason is an operating system's error without the path.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// Problem notes something that is not in the bundle, and why.
func (w *Writer) Problem(where string, err error) {
	why := err.Error()
	var f *engine.Failure
	if errors.As(err, &f) && f.Why != "" {
		why = f.Why
	}
	w.m.Problems = append(w.m.Problems, Problem{Where: w.clean.Text(where), Why: w.clean.Text(why)})
}

// Value adds a value as JSON.
func (w *Writer) Value(name string, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return w.add(name, append(raw, '\n'), 0, true)
}

// Lines adds JSON lines out of a file. Of one that is too long the newest are kept.
func (w *Writer) Lines(name, path string) error {
	raw, cut, err := tail(path, int64(w.most.part))
	if err != nil {
		return err
	}
	return w.add(name, raw, cut, true)
}

// Text adds a text out of a file.
func (w *Writer) Text(name, path string) error {
	raw, cut, err := tail(path, int64(w.most.part))
	if err != nil {
		return err
	}
	return w.add(name, raw, cut, false)
}

// tail is the end of a file, from the beginning of a line on where something was cut.
func tail(path string, most int64) (raw []byte, cut int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }() // opened for reading only
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	if cut = max(0, info.Size()-most); cut > 0 {
		if _, err := f.Seek(cut, io.SeekStart); err != nil {
			return nil, 0, err
		}
	}
	if raw, err = io.ReadAll(io.LimitReader(f, most)); err != nil || cut == 0 {
		return raw, 0, err
	}
	if i := bytes.IndexByte(raw, '\n'); i >= 0 {
		raw, cut = raw[i+1:], cut+int64(i)+1
	}
	return raw, cut, nil
}

func (w *Writer) add(name string, raw []byte, cut int64, isJSON bool) error {
	var cleaned []byte
	if isJSON {
		cleaned = w.clean.JSON(raw)
	} else {
		cleaned = []byte(w.clean.Text(string(raw)))
	}
	switch {
	case len(cleaned) > w.most.part:
		return fmt.Errorf("larger than %s", engine.SizeWords(int64(w.most.part)))
	case w.whole+len(cleaned) > w.most.whole:
		return fmt.Errorf("the bundle would be larger than %s", engine.SizeWords(int64(w.most.whole)))
	}
	w.whole += len(cleaned)
	name = w.place(name)
	sum := sha256.Sum256(cleaned)
	w.m.Files = append(w.m.Files, File{
		Name: name, Bytes: len(cleaned), SHA256: hex.EncodeToString(sum[:]), Cut: cut, Cleaned: !bytes.Equal(raw, cleaned),
	})
	return w.write(name, cleaned)
}

var (
	unsafe  = regexp.MustCompile(`[^A-Za-z0-9._/-]+`)
	climbs  = regexp.MustCompile(`(^|/)\.+(/|$)`)
	twoDots = regexp.MustCompile(`\.{2,}`)
)

// place is a path inside the zip: plain, below its root, and not taken.
func (w *Writer) place(name string) string {
	name = unsafe.ReplaceAllString(w.clean.Text(name), "_")
	name = climbs.ReplaceAllString(twoDots.ReplaceAllString(name, "."), "${1}_${2}")
	for i, plain := 2, name; w.names[name]; i++ {
		name = plain + "." + strconv.Itoa(i)
	}
	w.names[name] = true
	return name
}

func (w *Writer) write(name string, content []byte) error {
	out, err := w.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: w.m.Made})
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	return err
}

// Close writes the manifest and ends the file. Where that fails nothing is left of it.
func (w *Writer) Close() (Manifest, error) {
	for i, h := range w.m.Hosts {
		w.m.Hosts[i] = w.clean.Text(h)
	}
	raw, err := json.MarshalIndent(w.m, "", "  ")
	if err == nil {
		err = w.write(ManifestName, append(raw, '\n'))
	}
	if err = errors.Join(err, w.zip.Close(), w.file.Sync(), w.file.Close()); err != nil {
		return w.m, errors.Join(err, os.Remove(w.path))
	}
	return w.m, nil
}

// Abandon takes an unfinished bundle away.
func (w *Writer) Abandon() error { return errors.Join(w.file.Close(), os.Remove(w.path)) }
