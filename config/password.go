package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Password reads the password of the host called name from its file. Call it each
// time one is needed: it is kept nowhere in between. A line feed at the end of
// the file is not part of it.
func (h Host) Password(name string) (string, error) {
	if h.PasswordFile == "" {
		return "", errors.New("the profile names no password_file for host " + name)
	}
	raw, err := os.ReadFile(h.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("password of host %s: %w", name, err)
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}
