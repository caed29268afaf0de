package cli

import (
	"errors"
	"log/slog"
	"os"

	"failback/engine"
)

// logFile is the program's own log, for support: JSON lines, appended. A nil
// log takes everything and keeps nothing.
type logFile struct {
	file *os.File
	log  *slog.Logger
}

// openLog opens the log that --log-file asks for. From then on slog's default
// writes there; without the flag it writes nowhere, since a line on a terminal
// would tear the screen.
func (a *app) openLog() error {
	if a.flags.logFile == "" {
		slog.SetDefault(slog.New(slog.DiscardHandler))
		return nil
	}
	f, err := os.OpenFile(a.flags.logFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return engine.Usagef("name a file that can be written", "--log-file: %s", err)
	}
	a.log = &logFile{file: f, log: slog.New(slog.NewJSONHandler(f, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	slog.SetDefault(a.log.log)
	a.log.log.Info("started", "version", a.deps.Build.Version, "pid", os.Getpid())
	return nil
}

func (l *logFile) failed(err error) {
	if l == nil {
		return
	}
	attrs := []any{"error", err.Error(), "exit", exitStatus(err)}
	var f *engine.Failure
	if errors.As(err, &f) {
		attrs = append(attrs, "kind", f.Kind, "code", f.Code, "request", f.Request)
	}
	l.log.Error("ended", attrs...)
}

func (l *logFile) close() {
	if l != nil {
		_ = l.file.Close() // every record went out by itself
	}
}
