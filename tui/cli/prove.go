package cli

import (
	"errors"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
)

// proveOptions are what an operator wants to see of a boot beyond the usual.
type proveOptions struct {
	addresses, ports []string
	script           string
	timeout          time.Duration

	boot engine.BootProof // the same, once it was read
}

func (o *proveOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.addresses, "prove-address", nil, "the boot is proven only with `[ITEM=]ADDRESS`; may be repeated")
	f.StringArrayVar(&o.ports, "prove-port", nil, "the boot is proven only when this machine reaches TCP `[ITEM=][ADDRESS:]PORT`; may be repeated")
	f.StringVar(&o.script, "prove-script", "", "the boot is proven only when this `FILE`, run here for each item, ends with status 0")
	f.DurationVar(&o.timeout, "prove-script-timeout", engine.DefaultScriptTimeout, "how long that script may take")
}

// read turns the words into what a plan keeps. sum reads the checksum of a script.
func (o *proveOptions) read(sum func(path string) (string, error)) error {
	o.boot = engine.BootProof{}
	for _, word := range o.addresses {
		item, address := cutItem(word)
		o.boot.Addresses = append(o.boot.Addresses, engine.ProofAddress{Item: item, Address: strings.Trim(address, "[]")})
	}
	for _, word := range o.ports {
		p, ok := provePort(word)
		if !ok {
			return engine.Usagef("write PORT, ADDRESS:PORT or ITEM=ADDRESS:PORT, such as 443, web01.example.com:443 or web01=10.0.0.5:443", "--prove-port %q names no port", word)
		}
		o.boot.Ports = append(o.boot.Ports, p)
	}
	if o.script == "" {
		return nil
	}
	path, err := filepath.Abs(o.script)
	if err == nil && sum == nil {
		err = errors.New("scripts can't be run from here")
	}
	var digest string
	if err == nil {
		digest, err = sum(path)
	}
	if err != nil {
		var file *fs.PathError
		if errors.As(err, &file) {
			err = file.Err
		}
		return engine.Usagef("name an existing program; it is run without arguments and without a shell", "--prove-script %s: %s", o.script, err)
	}
	o.boot.Script = &engine.ProofScript{Path: path, SHA256: digest, Timeout: o.timeout}
	return nil
}

// cutItem takes the item off a word. Neither an address nor a port holds a "=".
func cutItem(word string) (item, rest string) {
	if i := strings.LastIndex(word, "="); i >= 0 {
		return word[:i], word[i+1:]
	}
	return "", word
}

func provePort(word string) (engine.ProofPort, bool) {
	item, rest := cutItem(word)
	p := engine.ProofPort{Item: item}
	text := rest
	if strings.Contains(rest, ":") {
		address, port, err := net.SplitHostPort(rest)
		if err != nil || address == "" {
			return p, false
		}
		p.Address, text = address, port
	}
	n, err := strconv.Atoi(text)
	p.Port = n
	return p, err == nil && n > 0 && n <= 65535
}
