package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"failback/engine"
)

// Exchange is one request with its answer, as the file has them.
type Exchange struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Request  any               `json:"request"`
	Status   int               `json:"status"` // 0 where no answer came
	Headers  map[string]string `json:"headers"`
	Response any               `json:"response"`
}

// Recorder writes a recording. The file is a whole JSON document after every
// exchange, so that what was recorded survives the program. It is a policy for
// the SDK's pipelines and is safe for concurrent use.
type Recorder struct {
	mu     sync.Mutex
	file   *os.File
	words  *words
	broken error
}

const (
	noJSON  = "(no JSON)"
	opening = "[\n"
	closing = "\n]\n"
)

// Create begins a recording in a new file, which its owner alone may read. A file
// that is there already is left alone.
func Create(path string) (*Recorder, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		_, err = f.WriteString("[]\n")
	}
	if err != nil {
		return nil, &engine.Failure{Kind: engine.FailureUsage, What: "record", Where: path, Why: err.Error(), Err: err,
			Remedy: "name a new file with --record, in a folder that can be written"}
	}
	return &Recorder{file: f, words: newWords()}, nil
}

// Hide makes sure that these names are replaced wherever they stand, also in text
// that comes before they are seen in an answer.
func (r *Recorder) Hide(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, n := range names {
		if n != "" {
			r.words.hide(n)
		}
	}
}

// Close ends the recording. What could not be written is told here: a session
// does not fail for its recording.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.broken, r.file.Close())
}

// Do implements [policy.Policy].
func (r *Recorder) Do(req *policy.Request) (*http.Response, error) {
	raw := req.Raw()
	asked, err := body(req)
	if err != nil {
		return nil, err
	}
	answer, err := req.Next()
	e := Exchange{Method: raw.Method, Path: raw.URL.RequestURI(), Request: asked}
	var said any
	var headers http.Header
	if answer != nil {
		e.Status, headers, said = answer.StatusCode, answer.Header, answered(answer)
	}
	r.keep(e, headers, said)
	return answer, err
}

// body reads what is sent and leaves it to be sent.
func body(req *policy.Request) (any, error) {
	if req.Body() == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(req.Body())
	if err == nil {
		err = req.RewindBody()
	}
	return decoded(raw), err
}

func answered(r *http.Response) any {
	raw, err := runtime.Payload(r)
	if err != nil {
		return nil
	}
	return decoded(raw)
}

// decoded is a body as JSON. Any other tells whose vault it was in ways that are
// not known here: it is left out.
func decoded(raw []byte) any {
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return noJSON
	}
	return v
}

// keep redacts an exchange and adds it to the file. Where the exchange told new
// names, what was written before is looked through for them.
func (r *Recorder) keep(e Exchange, headers http.Header, said any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return
	}
	known := r.words.others
	e.Path = r.words.path(e.Path)
	e.Request, e.Response = r.words.document(e.Request), r.words.document(said)
	e.Headers = r.words.headers(headers)
	if r.words.others > known {
		// Prose of this very exchange may name what came after it.
		e.Request, e.Response = r.words.again(e.Request), r.words.again(e.Response)
		r.broken = r.rewrite()
	}
	if r.broken == nil {
		r.broken = r.add(e)
	}
}

func (r *Recorder) add(e Exchange) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(e); err != nil {
		return err
	}
	end, err := r.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	head, at := opening, int64(0)
	if end > int64(len("[]\n")) {
		head, at = ",\n", end-int64(len(closing))
	}
	_, err = r.file.WriteAt([]byte(head+strings.TrimSuffix(text.String(), "\n")+closing), at)
	return err
}

// rewrite replaces the names that are known by now in what was written before.
func (r *Recorder) rewrite() error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var all []Exchange
	d := json.NewDecoder(r.file)
	d.UseNumber()
	if err := d.Decode(&all); err != nil || len(all) == 0 {
		return err
	}
	if err := r.file.Truncate(0); err != nil {
		return err
	}
	for _, e := range all {
		e.Request, e.Response = r.words.again(e.Request), r.words.again(e.Response)
		if err := r.add(e); err != nil {
			return err
		}
	}
	return nil
}
