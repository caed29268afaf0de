package estate

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

//go:embed builtin/*.yaml
var builtin embed.FS

// Default is the estate that is taken where none is named.
const Default = "small"

// Names lists the built-in estates, sorted.
func Names() []string {
	entries, err := fs.ReadDir(builtin, "builtin")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	return names
}

// Load reads a built-in estate by its name, or an estate file by its path. The
// empty name is [Default]. An error names the file, the line and the key.
func Load(name string) (Estate, error) {
	if name == "" {
		name = Default
	}
	if data, err := builtin.ReadFile(path.Join("builtin", name+".yaml")); err == nil {
		return Decode("estate "+name, data)
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return Estate{}, fmt.Errorf("no estate %q: neither a file nor built in (%s)", name, strings.Join(Names(), ", "))
	}
	if err != nil {
		return Estate{}, fmt.Errorf("read estate: %w", err)
	}
	return Decode(name, data)
}

// Decode reads an estate. Unknown keys, wrong types and references that lead
// nowhere are errors; file is what they call the text.
func Decode(file string, data []byte) (Estate, error) {
	var e Estate
	if err := yaml.UnmarshalWithOptions(data, &e, yaml.Strict()); err != nil {
		return Estate{}, locate(file, data, err)
	}
	e.fill()
	if err := e.check(); err != nil {
		return Estate{}, fmt.Errorf("%s: %w", file, err)
	}
	return e, nil
}

// locate says file and line of a decoding error on one line, without the
// excerpt of the source that the decoder would print.
func locate(file string, data []byte, err error) error {
	var y yaml.Error
	if !errors.As(err, &y) {
		return fmt.Errorf("%s: %w", file, err)
	}
	token := y.GetToken()
	if token == nil || token.Position == nil {
		return fmt.Errorf("%s: %s", file, y.GetMessage())
	}
	key := ""
	lines := strings.Split(string(data), "\n")
	if n := token.Position.Line; n >= 1 && n <= len(lines) {
		if name, _, ok := strings.Cut(strings.TrimLeft(lines[n-1], " -{"), ":"); ok {
			key = strings.TrimSpace(name) + ": "
		}
	}
	return fmt.Errorf("%s:%d: %s%s", file, token.Position.Line, key, y.GetMessage())
}

func (e *Estate) fill() {
	or(&e.Speed, 20)
	or(&e.Seed, 1)
	or(&e.Subscription, "11111111-2222-4333-8444-555555555555")
	or(&e.ResourceGroup, "rg-lab")
	or(&e.Vault, "vault-lab")
	or(&e.Location, "westeurope")
	or(&e.GuestEvery, time.Second)
	e.Times.fill()
	for i := range e.Hosts {
		e.Hosts[i].fill()
	}
	for i := range e.Items {
		e.Items[i].fill()
	}
}

func (t *Times) fill() {
	or(&t.Check, 15*time.Second)
	or(&t.Prepare, 30*time.Second)
	or(&t.Initiate, 10*time.Second)
	or(&t.Stop, 60*time.Second)
	or(&t.Finalize, 20*time.Second)
	or(&t.Boot, 45*time.Second)
	or(&t.Commit, 30*time.Second)
	or(&t.Protect, 20*time.Second)
}

func (h *Host) fill() {
	or(&h.Build, "20348")
	or(&h.Edition, "Windows Server 2022 Datacenter")
	or(&h.Provider, "5.25.1120.0")
	or(&h.Memory, 64<<30)
	or(&h.Free, 32<<30)
	if len(h.Volumes) == 0 {
		h.Volumes = []Volume{{Path: `D:\`, Size: 2 << 40, Free: 1 << 40}}
	}
}

func (it *Item) fill() {
	or(&it.OS, "Windows")
	or(&it.Generation, 2)
	or(&it.CPUs, 2)
	or(&it.Memory, 4<<30)
	or(&it.State, StateFailedOver)
	or(&it.Switch, "LAN")
	or(&it.Change, 0.1)
}

func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
