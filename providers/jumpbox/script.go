package jumpbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
	"unicode"

	"failback/engine"
)

const (
	// keptOutput is how much of a script's output is kept: its end, which says how it
	// ended.
	keptOutput = 4 << 10
	// letGo is how long a script's output may stay open after its end.
	letGo = 2 * time.Second
	// largestScript bounds what is read to know the file.
	largestScript = 64 << 20
)

// Sum is the SHA-256 of a script's file, as a plan keeps it.
func Sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // read only
	if info, err := f.Stat(); err != nil {
		return "", err
	} else if !info.Mode().IsRegular() {
		return "", errors.New("it is no file")
	} else if runtime.GOOS != "windows" && info.Mode().Perm()&0o002 != 0 {
		return "", errors.New("everybody on this machine may change it")
	}
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, largestScript+1))
	switch {
	case err != nil:
		return "", err
	case n > largestScript:
		return "", fmt.Errorf("it is larger than %d MiB", largestScript>>20)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Script implements [engine.JumpBox].
func (Box) Script(ctx context.Context, call engine.ScriptCall) (engine.ScriptResult, error) {
	sum, err := Sum(call.Path)
	switch {
	case err != nil:
		return engine.ScriptResult{}, err
	case !strings.EqualFold(sum, call.SHA256):
		return engine.ScriptResult{}, errors.New("the file is another one than when the plan was made")
	}
	limited, done := context.WithTimeout(ctx, call.Timeout)
	defer done()
	out := &tail{most: keptOutput}
	begun := time.Now()
	exit, err := run(limited, call, out)
	result := engine.ScriptResult{Exit: exit, Output: out.line(), Took: time.Since(begun)}
	switch {
	case ctx.Err() != nil:
		return result, context.Cause(ctx)
	case limited.Err() != nil:
		result.TimedOut = true
		return result, nil
	}
	return result, err
}

// run runs the script in a group of its own, which is ended as a whole: when ctx ends,
// and also after the script itself has, so that nothing of it is left behind.
func run(ctx context.Context, call engine.ScriptCall, out io.Writer) (exit int, err error) {
	name, args := command(call.Path)
	cmd := exec.Command(name, args...) //nolint:noctx // ending it is the group's part: the context would end the script alone
	cmd.Env = append(environment(os.Environ()), variables(call.Env)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(call.Input), out, out
	cmd.WaitDelay = letGo
	g, err := begin(cmd)
	if err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-ctx.Done():
			g.end()
		case <-ended:
		}
	})
	err = cmd.Wait()
	g.end() // also what it has begun and left
	close(ended)
	watch.Wait()
	g.close()
	var bad *exec.ExitError
	switch {
	case errors.As(err, &bad):
		return bad.ExitCode(), nil
	case errors.Is(err, exec.ErrWaitDelay):
		return cmd.ProcessState.ExitCode(), nil // something it had begun held its output open
	}
	return 0, err
}

// environment is this program's, without what may hold a secret.
func environment(all []string) []string {
	var out []string
	for _, kv := range all {
		name, _, _ := strings.Cut(kv, "=")
		if !secret(name) {
			out = append(out, kv)
		}
	}
	return out
}

// secret reports whether a variable's name says that it holds one.
func secret(name string) bool {
	name = strings.ToUpper(name)
	for _, word := range []string{"SECRET", "PASSWORD", "PASSWD", "TOKEN", "CREDENTIAL", "PRIVATE_KEY", "CONNECTION_STRING", "_PAT"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// variables are data for the script. No variable can hold a zero byte.
func variables(env map[string]string) []string {
	out := make([]string, 0, len(env))
	for name, value := range env {
		out = append(out, name+"="+strings.ReplaceAll(value, "\x00", "\uFFFD"))
	}
	return out
}

// tail keeps the end of what is written to it. A script that writes for ever costs no
// memory and is not held up.
type tail struct {
	mu   sync.Mutex
	most int
	kept []byte
	cut  bool
}

// Write implements io.Writer. It never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if len(p) > t.most {
		p, t.cut = p[len(p)-t.most:], true
	}
	t.kept = append(t.kept, p...)
	if over := len(t.kept) - t.most; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	return n, nil
}

// line is what was kept, on one line and without anything that is not to be seen.
func (t *tail) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := strings.ToValidUTF8(string(t.kept), "\uFFFD")
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if t.cut {
		s = "… " + s
	}
	return s
}
