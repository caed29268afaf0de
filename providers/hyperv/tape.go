package hyperv

import (
	"errors"
	"os"
	"sync"

	"failback/engine"
)

// Cleaner takes secrets and names out of what is recorded, the same name by the same
// words each time. JSON learns names that Words and Prose then replace as well.
type Cleaner interface {
	Hide(names ...string)
	JSON(raw []byte) []byte
	Words(s string) string // a value, such as a user's name
	Prose(s string) string // a sentence of a host
}

// Tape records what is said with hosts, as a YAML file of requests and replies that the
// parsers' own test reads. Nothing of a sign-in is on it: what is recorded are the
// messages inside, after it and before they are sealed. A conversation is written once
// its shell is gone. It is safe for concurrent use.
type Tape struct {
	path  string
	clean Cleaner

	mu     sync.Mutex
	file   *os.File
	talks  []talk // redacted, to be looked through once more at the end
	bytes  int
	broken error
}

// maxTape bounds a recording: a run of hours asks the same again and again.
const maxTape = 64 << 20

// tapeHead begins the file.
const tapeHead = "messages:\n"

var errTapeFull = errors.New("it is full at 64 MiB")

// NewTape begins a recording in a new file, which its owner alone may read. A file that
// is there already is left alone.
func NewTape(path string, clean Cleaner) (*Tape, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(tapeHead)
	}
	if err != nil {
		return nil, &engine.Failure{Kind: engine.FailureUsage, What: "record the hosts", Where: path, Why: err.Error(), Err: err,
			Remedy: "name a new file with --record, in a folder that can be written"}
	}
	return &Tape{path: path, file: f, clean: clean}, nil
}

// Close ends the recording, and replaces names in it that became known only later. It
// takes the file away where no host was asked anything.
func (t *Tape) Close() (recorded bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.talks) == 0 {
		return false, errors.Join(t.broken, t.file.Close(), os.Remove(t.path))
	}
	if t.broken == nil || errors.Is(t.broken, errTapeFull) {
		t.broken = errors.Join(t.broken, t.again())
	}
	return true, errors.Join(t.broken, t.file.Close())
}

// again writes the whole file anew.
func (t *Tape) again() error {
	if err := t.file.Truncate(0); err != nil {
		return err
	}
	if _, err := t.file.WriteAt([]byte(tapeHead), 0); err != nil {
		return err
	}
	at := int64(len(tapeHead))
	for _, k := range t.talks {
		text, err := k.cleaned(t.clean).yaml()
		if err != nil {
			return err
		}
		if _, err := t.file.WriteAt(text, at); err != nil {
			return err
		}
		at += int64(len(text))
	}
	return nil
}

// keep redacts a conversation and writes it down.
func (t *Tape) keep(k talk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.broken != nil {
		return
	}
	k = k.cleaned(t.clean)
	text, err := k.yaml()
	if err != nil {
		t.broken = err
		return
	}
	if t.bytes += len(text); t.bytes > maxTape {
		t.broken = errTapeFull
		return
	}
	if _, err := t.file.Write(text); err != nil {
		t.broken = err
		return
	}
	t.talks = append(t.talks, k)
}

// taker takes down one conversation; nil takes down nothing.
type taker struct {
	tape *Tape
	talk talk
}

func (t *Tape) begin(host string) *taker {
	if t == nil {
		return nil
	}
	t.clean.Hide(host)
	return &taker{tape: t}
}

func (r *taker) take(request, reply string) {
	if r != nil {
		r.talk = append(r.talk, message{request, reply})
	}
}

// end hands the conversation over, once.
func (r *taker) end() {
	if r != nil && len(r.talk) > 0 {
		r.tape.keep(r.talk)
		r.talk = nil
	}
}
