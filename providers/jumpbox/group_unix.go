//go:build !windows

package jumpbox

import (
	"os/exec"
	"syscall"
)

// command is how a script is run: by itself, as the system runs it.
func command(path string) (name string, args []string) { return path, nil }

// group is a script with everything that it has begun.
type group struct{ id int }

// begin starts the script in a session of its own: it has no terminal, and a screen
// that is shown there is left alone.
func begin(cmd *exec.Cmd) (group, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return group{}, err
	}
	return group{cmd.Process.Pid}, nil
}

// end kills the group. A process that has left it on purpose lives on.
func (g group) end() { _ = syscall.Kill(-g.id, syscall.SIGKILL) }

func (group) close() {}
