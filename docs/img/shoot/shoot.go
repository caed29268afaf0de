// Command shoot makes the pictures of the documentation: it runs a program in a
// pseudo terminal, types a script of keys at it, and draws the screen as PNG.
//
//	go run ./docs/img/shoot -script docs/img/rehearse.keys -out docs/img -- ./failback rehearse
//
// docs/img/make.sh makes all of them. A script has one step a line; # begins a
// comment:
//
//	wait TEXT       until the screen shows TEXT
//	gone TEXT       until the screen does not show TEXT any more
//	key NAME...     enter, esc, up, down, left, right, tab, space, ctrl+c, ctrl+o, f1, or a letter
//	type TEXT       letter by letter
//	sleep DURATION  for what has no text to wait for
//	size COLSxROWS  resizes the terminal
//	shot NAME       writes NAME.png, and NAME.txt with -text
//	sizes NAME      shots of the same screen at three sizes: NAME-80x24.png and so on
//	film NAME       begins to film; the step cut ends it and writes NAME.gif
//	cut
package main

import (
	"flag"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

func main() {
	script := flag.String("script", "", "file with the steps")
	size := flag.String("size", "100x30", "columns and rows")
	out := flag.String("out", ".", "folder for the pictures")
	light := flag.Bool("light", false, "a light terminal")
	asText := flag.Bool("text", false, "write the screens as text, too")
	fonts := flag.String("fonts", "/usr/share/fonts/truetype/dejavu", "folder with DejaVuSansMono.ttf and DejaVuSansMono-Bold.ttf")
	patience := flag.Duration("patience", time.Minute, "how long a wait may take")
	flag.Parse()
	if flag.NArg() == 0 || *script == "" {
		fmt.Fprintln(os.Stderr, "usage: shoot -script FILE [flags] -- COMMAND [ARG...]")
		os.Exit(2)
	}
	if err := run(*script, *size, *out, *fonts, *light, *asText, *patience, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "shoot:", err)
		os.Exit(1)
	}
}

func run(script, size, out, fonts string, light, asText bool, patience time.Duration, command []string) error {
	steps, err := os.ReadFile(script) //nolint:gosec // the file the caller named
	if err != nil {
		return err
	}
	pen, err := newPen(fonts, light)
	if err != nil {
		return err
	}
	s, err := open(command, size, light)
	if err != nil {
		return err
	}
	defer s.close()
	s.patience = patience
	for i, line := range strings.Split(string(steps), "\n") {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if verb == "" || strings.HasPrefix(verb, "#") {
			continue
		}
		switch {
		case verb == "shot":
			err = s.shoot(pen, filepath.Join(out, rest), asText, 256)
		case verb == "sizes":
			err = s.sizes(pen, filepath.Join(out, rest), asText)
		case verb == "film":
			s.film = begin(pen, s.term, filepath.Join(out, rest)+".gif")
		case verb == "cut" && s.film != nil:
			err = s.film.end()
		default:
			err = s.step(verb, rest)
		}
		if err != nil {
			return fmt.Errorf("%s:%d: %s: %w", script, i+1, line, err)
		}
	}
	return nil
}

// session is a program in an emulated terminal.
type session struct {
	cmd      *exec.Cmd
	tty      *os.File
	term     vt10x.Terminal
	patience time.Duration
	film     *film // that is being made; nil otherwise
	closed   sync.WaitGroup
}

func open(command []string, size string, light bool) (*session, error) {
	ws, err := parseSize(size)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the command the caller named, ended by close
	background := "15;0"
	if light {
		background = "0;15"
	}
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "COLORTERM=truecolor", "COLORFGBG="+background)
	tty, err := pty.StartWithSize(cmd, ws)
	if err != nil {
		return nil, err
	}
	s := &session{cmd: cmd, tty: tty}
	// The emulator writes answers to queries back to the program.
	s.term = vt10x.New(vt10x.WithWriter(tty), vt10x.WithSize(int(ws.Cols), int(ws.Rows)))
	s.closed.Add(1)
	go s.read(light)
	return s, nil
}

// read feeds the emulator. It answers the question for the background colour,
// which the emulator does not know.
func (s *session) read(light bool) {
	defer s.closed.Done()
	buf := make([]byte, 1<<16)
	held := 0 // bytes of a letter whose rest is still to come
	for {
		n, err := s.tty.Read(buf[held:])
		if n > 0 {
			n += held
			held = unfinished(buf[:n])
			n -= held
			if strings.Contains(string(buf[:n]), "\x1b]11;?") {
				reply := "\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\"
				if light {
					reply = "\x1b]11;rgb:ffff/ffff/ffff\x1b\\"
				}
				_, _ = s.tty.WriteString(reply) // a program that is gone asks nothing
			}
			_, _ = s.term.Write(buf[:n])
			copy(buf, buf[n:n+held])
		}
		if err != nil {
			return
		}
	}
}

// unfinished is how many bytes at the end begin a letter and do not end it: the
// emulator would drop them.
func unfinished(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if last := b[len(b)-i:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return i
		}
	}
	return 0
}

func (s *session) close() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	_ = s.cmd.Wait()
	_ = s.tty.Close()
	s.closed.Wait()
}

func parseSize(size string) (*pty.Winsize, error) {
	var cols, rows uint16
	if _, err := fmt.Sscanf(size, "%dx%d", &cols, &rows); err != nil {
		return nil, fmt.Errorf("size %q is not COLSxROWS", size)
	}
	return &pty.Winsize{Cols: cols, Rows: rows}, nil
}

var keys = map[string]string{
	"enter": "\r", "esc": "\x1b", "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D",
	"tab": "\t", "space": " ", "ctrl+c": "\x03", "ctrl+o": "\x0f", "f1": "\x1bOP", "pgup": "\x1b[5~", "pgdn": "\x1b[6~", "backspace": "\x7f",
}

// between two keys, so that an escape key is not taken for the begin of a
// sequence.
const between = 80 * time.Millisecond

func (s *session) step(verb, rest string) error {
	switch verb {
	case "wait":
		return s.until(func(screen string) bool { return strings.Contains(screen, rest) })
	case "gone":
		return s.until(func(screen string) bool { return !strings.Contains(screen, rest) })
	case "key":
		for _, k := range strings.Fields(rest) {
			if raw, ok := keys[k]; ok {
				k = raw
			}
			if err := s.send(k); err != nil {
				return err
			}
		}
	case "type":
		for _, r := range rest {
			if err := s.send(string(r)); err != nil {
				return err
			}
		}
	case "sleep":
		d, err := time.ParseDuration(rest)
		time.Sleep(d)
		return err
	case "size":
		ws, err := parseSize(rest)
		if err != nil {
			return err
		}
		s.term.Resize(int(ws.Cols), int(ws.Rows))
		return pty.Setsize(s.tty, ws)
	default:
		return fmt.Errorf("unknown step %q", verb)
	}
	return nil
}

func (s *session) send(raw string) error {
	_, err := s.tty.WriteString(raw)
	time.Sleep(between)
	return err
}

func (s *session) until(done func(string) bool) error {
	for end := time.Now().Add(s.patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done(s.term.String()) {
			return nil
		}
	}
	return fmt.Errorf("waited %v in vain; the screen is:\n%s", s.patience, s.term.String())
}

// sizes shoots a screen at three sizes, in few colours since they are many, and
// goes back to its own.
func (s *session) sizes(p *pen, path string, asText bool) error {
	cols, rows := s.term.Size()
	for _, size := range []string{"80x24", "120x40", "200x60"} {
		if err := s.step("size", size); err != nil {
			return err
		}
		time.Sleep(6 * between) // the program draws anew
		if err := s.shoot(p, path+"-"+size, asText, 24); err != nil {
			return err
		}
	}
	return s.step("size", fmt.Sprintf("%dx%d", cols, rows))
}

func (s *session) shoot(p *pen, path string, asText bool, most int) error {
	time.Sleep(2 * between) // let the last frame arrive
	if asText {
		if err := os.WriteFile(path+".txt", []byte(s.term.String()), 0o600); err != nil {
			return err
		}
	}
	return p.draw(s.term, path+".png", most)
}

// palette are the sixteen colours, dark background first.
var palette = [16]color.RGBA{
	{0x1e, 0x1e, 0x1e, 255}, {0xcd, 0x31, 0x31, 255}, {0x0d, 0xbc, 0x79, 255}, {0xe5, 0xe5, 0x10, 255},
	{0x24, 0x72, 0xc8, 255}, {0xbc, 0x3f, 0xbc, 255}, {0x11, 0xa8, 0xcd, 255}, {0xcc, 0xcc, 0xcc, 255},
	{0x66, 0x66, 0x66, 255}, {0xf1, 0x4c, 0x4c, 255}, {0x23, 0xd1, 0x8b, 255}, {0xf5, 0xf5, 0x43, 255},
	{0x3b, 0x8e, 0xea, 255}, {0xd6, 0x70, 0xd6, 255}, {0x29, 0xb8, 0xdb, 255}, {0xff, 0xff, 0xff, 255},
}
