package cli

import (
	"bytes"
	"errors"
	"strings"
	"syscall"
	"testing"
)

// broken is an output that takes nothing.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// Who looks at the first lines of a text alone has lost nothing and is told
// nothing; a disk that is full is told. Neither ends as if all had been read.
func TestAReaderThatLeftIsNotComplainedTo(t *testing.T) {
	for _, c := range []struct {
		err  error
		said string
	}{
		{syscall.EPIPE, ""},
		{errors.New("no space left on device"), "failback: write to standard output: no space left on device"},
	} {
		var said bytes.Buffer
		status := Run(t.Context(), []string{"man"}, Deps{Streams: Streams{In: strings.NewReader(""), Out: broken{c.err}, Err: &said}})
		if status != exitFailed || c.said == "" && said.Len() > 0 || !strings.Contains(said.String(), c.said) {
			t.Errorf("%v: status %d, said %q", c.err, status, said.String())
		}
	}
}
