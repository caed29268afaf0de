package jumpbox

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// command is how a script is run: PowerShell for its own scripts, anything else by
// itself. PowerShell is named by its whole path: nothing is searched for.
func command(path string) (name string, args []string) {
	if !strings.EqualFold(filepath.Ext(path), ".ps1") {
		return path, nil
	}
	system, err := windows.GetSystemDirectory()
	if err != nil {
		system = `C:\Windows\System32`
	}
	return filepath.Join(system, `WindowsPowerShell\v1.0\powershell.exe`),
		[]string{"-NoLogo", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", path}
}

// group is a job object: a script with everything that it has begun.
type group struct{ job windows.Handle }

var resume = windows.NewLazySystemDLL("ntdll.dll").NewProc("NtResumeProcess")

// begin starts the script suspended, puts it into a job object and lets it run then:
// whatever it begins is in there, too, and ends with it.
func begin(cmd *exec.Cmd) (group, error) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		return group{}, fmt.Errorf("make a job object: %w", err)
	}
	g := group{job}
	limits := windows.JOBOBJECT_EXTENDED_LIMIT_INFORMATION{}
	limits.BasicLimitInformation.LimitFlags = windows.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
	if _, err := windows.SetInformationJobObject(job, windows.JobObjectExtendedLimitInformation,
		uintptr(unsafe.Pointer(&limits)), uint32(unsafe.Sizeof(limits))); err != nil {
		g.close()
		return group{}, fmt.Errorf("set up the job object: %w", err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		HideWindow:    true,
		CreationFlags: windows.CREATE_SUSPENDED | windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP,
	}
	if err := cmd.Start(); err != nil {
		g.close()
		return group{}, err
	}
	if err := g.take(uint32(cmd.Process.Pid)); err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		g.close()
		return group{}, err
	}
	return g, nil
}

func (g group) take(pid uint32) error {
	p, err := windows.OpenProcess(windows.PROCESS_SET_QUOTA|windows.PROCESS_TERMINATE|windows.PROCESS_SUSPEND_RESUME, false, pid)
	if err != nil {
		return fmt.Errorf("open the script's process: %w", err)
	}
	defer windows.CloseHandle(p) //nolint:errcheck // nothing hangs on it
	if err := windows.AssignProcessToJobObject(g.job, p); err != nil {
		return fmt.Errorf("put the script into its job object: %w", err)
	}
	if status, _, _ := resume.Call(uintptr(p)); status != 0 {
		return fmt.Errorf("let the script run: status 0x%x", status)
	}
	return nil
}

// end ends everything in the job.
func (g group) end() { _ = windows.TerminateJobObject(g.job, 1) }

func (g group) close() { _ = windows.CloseHandle(g.job) }
