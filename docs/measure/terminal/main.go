// Command terminal measures what a terminal program costs: how long until its first
// frame, and what it does while nobody touches it. It runs the program in a pseudo
// terminal that answers the questions a terminal is asked, and reads the processor
// time from /proc, so it needs Linux.
//
//	go run ./docs/measure/terminal -- ./failback
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

func main() {
	starts := flag.Int("starts", 9, "how often it is started")
	idle := flag.Duration("idle", 20*time.Second, "how long it is left alone at the end")
	settle := flag.Duration("settle", 3*time.Second, "how long it may load before that")
	cols := flag.Int("cols", 120, "columns")
	rows := flag.Int("rows", 40, "rows")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: terminal [flags] -- COMMAND [ARG...]")
		os.Exit(2)
	}
	if err := measure(*starts, *idle, *settle, *cols, *rows, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "terminal:", err)
		os.Exit(1)
	}
}

func measure(starts int, idle, settle time.Duration, cols, rows int, command []string) error {
	var walls, cpus []time.Duration
	for range starts {
		p, err := start(command, cols, rows)
		if err != nil {
			return err
		}
		wall, cpu, err := p.firstFrame()
		p.end()
		if err != nil {
			return err
		}
		walls, cpus = append(walls, wall), append(cpus, cpu)
	}
	p, err := start(command, cols, rows)
	if err != nil {
		return err
	}
	defer p.end()
	if _, _, err := p.firstFrame(); err != nil {
		return err
	}
	time.Sleep(settle)
	before, wrote := p.cpu(), p.written()
	time.Sleep(idle)
	spent := p.cpu() - before
	slices.Sort(walls)
	slices.Sort(cpus)
	fmt.Printf("first frame %s (fastest %s), processor time until then %s; idle %.2f %% of a core, %.0f bytes a second\n",
		walls[len(walls)/2].Round(100*time.Microsecond), walls[0].Round(100*time.Microsecond), cpus[len(cpus)/2],
		100*spent.Seconds()/idle.Seconds(), float64(p.written()-wrote)/idle.Seconds())
	return nil
}

// program is a program in a terminal.
type program struct {
	cmd   *exec.Cmd
	tty   *os.File
	term  vt10x.Terminal
	began time.Time
	drew  chan struct{} // closed when something is to be seen

	mu   sync.Mutex
	took time.Duration // until then
	used time.Duration
	n    int
}

func start(command []string, cols, rows int) (*program, error) {
	cmd := exec.Command(command[0], command[1:]...) //nolint:gosec,noctx // the command the caller named, ended by end
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8")
	p := &program{cmd: cmd, drew: make(chan struct{}), began: time.Now()}
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)}) //nolint:gosec // sizes of a terminal
	if err != nil {
		return nil, err
	}
	p.tty = tty
	p.term = vt10x.New(vt10x.WithWriter(tty), vt10x.WithSize(cols, rows))
	go p.read()
	return p, nil
}

// read feeds the emulator and answers what it does not: the background colour.
func (p *program) read() {
	buf := make([]byte, 1<<16)
	seen := false
	for {
		n, err := p.tty.Read(buf)
		if err != nil {
			return
		}
		if strings.Contains(string(buf[:n]), "\x1b]11;?") {
			_, _ = p.tty.WriteString("\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\") // a program that is gone asks nothing
		}
		_, _ = p.term.Write(buf[:n])
		p.mu.Lock()
		p.n += n
		if !seen && strings.TrimSpace(p.term.String()) != "" {
			seen = true
			p.took, p.used = time.Since(p.began), p.cpu()
			close(p.drew)
		}
		p.mu.Unlock()
	}
}

func (p *program) firstFrame() (wall, cpu time.Duration, err error) {
	select {
	case <-p.drew:
	case <-time.After(20 * time.Second):
		return 0, 0, fmt.Errorf("%s draws nothing", p.cmd.Path)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.took, p.used, nil
}

func (p *program) written() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// cpu is the processor time of the program's threads so far, 0 where it has ended.
func (p *program) cpu() time.Duration {
	dir := fmt.Sprintf("/proc/%d/task", p.cmd.Process.Pid)
	tasks, _ := os.ReadDir(dir) // none: it has ended
	var sum time.Duration
	for _, t := range tasks {
		raw, err := os.ReadFile(filepath.Join(dir, t.Name(), "schedstat"))
		if err != nil {
			continue // a thread that has ended meanwhile
		}
		ns, _ := strconv.ParseInt(strings.Fields(string(raw))[0], 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

func (p *program) end() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	_ = p.cmd.Wait()
	_ = p.tty.Close()
}
