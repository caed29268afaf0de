package cli

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"failback/engine"
	"failback/engine/move"
)

// sasVariable is where a signature may stand.
const sasVariable = "FAILBACK_SAS"

// sasFlags say where the signature of an address comes from; it is never a flag
// itself, since everybody on the machine can read those.
type sasFlags struct{ file string }

func (s *sasFlags) register(f *pflag.FlagSet) {
	f.StringVar(&s.file, "sas-file", "", "`FILE` whose first line is the signature of the source's address, - for standard input")
}

// signature finds the signature of an address: in the file, in the environment, else
// by asking. One that ended is read from the file again, or asked for again.
func (a *app) signature(s sasFlags) move.Secret {
	var last string
	return func(ctx context.Context, address string, again bool) (string, error) {
		sas, err := a.findSAS(ctx, s, address, again)
		switch {
		case err != nil:
			return "", err
		case again && sas == last:
			return "", &engine.Failure{Kind: engine.FailurePermission, What: "read the source", Where: address, Why: "its signature has ended",
				Remedy: "put a fresh one where the old one came from, and give the same command again: it goes on"}
		}
		last = sas
		return sas, nil
	}
}

func (a *app) findSAS(ctx context.Context, s sasFlags, address string, again bool) (string, error) {
	switch {
	case s.file == "-" && !again:
		return firstLineOf(a.deps.Streams.In, "standard input")
	case s.file != "" && s.file != "-":
		f, err := os.Open(s.file)
		if err != nil {
			return "", engine.Usagef("name a file that can be read", "--sas-file %s: %s", s.file, pathCause(err))
		}
		defer func() { _ = f.Close() }()
		return firstLineOf(f, "--sas-file "+s.file)
	}
	if sas := os.Getenv(sasVariable); sas != "" && !again {
		return sas, nil
	}
	if ask := a.person().Secret; ask != nil {
		return ask(ctx, "signature (SAS) for "+address+", empty for none")
	}
	return "", nil
}

// pathCause is an error of a file without the file's name.
func pathCause(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func firstLineOf(r io.Reader, name string) (string, error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, longestLine)
	in.Scan()
	line := strings.TrimSpace(in.Text())
	if err := in.Err(); err != nil || line == "" {
		return "", engine.Usagef("write the signature as its first line", "%s holds no signature", name)
	}
	return line, nil
}
