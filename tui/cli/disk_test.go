package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/pace"
	"failback/tui/glyph"
)

func TestAProgressFitsItsLine(t *testing.T) {
	p := move.Progress{
		Stage: move.StageReread, Bytes: transfer.Progress{Scanned: 3 << 40, Total: 4 << 40}, Rate: 1 << 30,
		Soonest: time.Hour, Latest: 9 * time.Hour, Known: true, Brake: pace.BrakeThrottle,
	}
	for width := 40; width <= 120; width++ {
		line := progressWords(p, glyph.Unicode(), width)
		if n := len([]rune(line)); n >= width || !strings.HasPrefix(line, "reading the target again") {
			t.Errorf("%d cells of %d: %q", n, width, line)
		}
	}
	line := progressWords(p, glyph.ASCII(), 0)
	for _, part := range []string{"75 %", "3.0 TiB of 4.0 TiB", "1.0 GiB/s", "left", "held back by the source's throttling"} {
		if !strings.Contains(line, part) {
			t.Errorf("%q is missing in %q", part, line)
		}
	}
	if got := progressWords(move.Progress{Stage: move.StageList}, glyph.ASCII(), 60); got != "listing" {
		t.Errorf("%q", got)
	}
}

// TestASignatureIsNeverAFlag finds a signature in every place where it may be.
func TestASignatureIsNeverAFlag(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sas")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(s sasFlags, in, typed string) (move.Secret, *int) {
		asked := new(int)
		streams := Streams{In: strings.NewReader(in), Err: &strings.Builder{}}
		if typed != "" {
			streams.Secret = func(context.Context, string) (string, error) { *asked++; return typed, nil }
		}
		return (&app{deps: Deps{Streams: streams}}).signature(s), asked
	}
	write("from the file\nnothing\n")
	secret, _ := ask(sasFlags{file}, "", "")
	if got, err := secret(t.Context(), "a", false); got != "from the file" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := secret(t.Context(), "a", true); engine.KindOf(err) != engine.FailurePermission {
		t.Errorf("the same one again: %v", err)
	}
	write("a fresh one")
	if got, err := secret(t.Context(), "a", true); got != "a fresh one" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	write("")
	var f *engine.Failure
	if _, err := secret(t.Context(), "a", false); !errors.As(err, &f) || f.Kind != engine.FailureUsage {
		t.Errorf("an empty file: %v", err)
	}
	secret, _ = ask(sasFlags{"-"}, "from the stream\n", "")
	if got, err := secret(t.Context(), "a", false); got != "from the stream" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv(sasVariable, "from the environment")
	secret, asked := ask(sasFlags{}, "", "typed")
	if got, err := secret(t.Context(), "a", false); got != "from the environment" || err != nil || *asked != 0 {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := secret(t.Context(), "a", true); got != "typed" || err != nil || *asked != 1 {
		t.Errorf("%q, %v", got, err)
	}
	t.Setenv(sasVariable, "")
	secret, _ = ask(sasFlags{}, "", "")
	if got, err := secret(t.Context(), "a", false); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}
