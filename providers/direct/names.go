package direct

import (
	"fmt"
	"path/filepath"
	"strings"

	"failback/engine"
)

// plainName makes a name of a file of whatever Azure or a vault calls something:
// what no file system takes, or what leads out of a folder, becomes a line.
func plainName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '-'
	}, s)
	s = strings.Trim(s, ".-")
	if len(s) > 80 {
		s = s[:80]
	}
	if s == "" || reserved(s) {
		return "vm-" + s
	}
	return s
}

// reserved reports whether Windows takes the name for a device.
func reserved(s string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(s), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}

func numbered(base string, n int) string {
	if n == 1 {
		return base
	}
	return fmt.Sprintf("%s-%d", base, n)
}

// files are the names of a disk's file for this machine and for its host.
func files(direct engine.Direct, home, disk string, n int) (here, there string) {
	format := direct.Format
	if format == "" {
		format = "vhdx"
	}
	name := fmt.Sprintf("disk%d-%s.%s", n, plainName(disk), format)
	here = filepath.Join(home, name)
	if direct.HostFolder == "" {
		return here, here
	}
	sep := "/"
	if strings.Contains(direct.HostFolder, `\`) || len(direct.HostFolder) > 1 && direct.HostFolder[1] == ':' {
		sep = `\`
	}
	return here, strings.TrimRight(direct.HostFolder, `\/`) + sep + filepath.Base(home) + sep + name
}
