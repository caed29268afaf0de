// Package cli is the command line: one file a command, and in each three steps.
// Parse turns flags and arguments into options, run does the work and returns a
// value, show writes that value. Data goes to standard output, messages for
// people to standard error, and how a command ends is decided in one place, exit.go.
package cli

import (
	"context"
	"io"
	"time"

	"failback/config"
	"failback/engine"
	"failback/engine/bundle"
)

// Deps is what the command line needs from the composition root.
type Deps struct {
	Build   Build
	Streams Streams
	// Open connects to a profile or to the lab. ctx bounds the connecting, not
	// the connection.
	Open func(ctx context.Context, t Target) (*engine.Connection, error)
	// Vaults finds the vaults that the target's sign-in can see; emit is called from
	// one goroutine at a time. An error may come after some were found.
	Vaults func(ctx context.Context, t Target, emit func(engine.Vault)) error
	// Reach looks at the services of a profile's cloud without signing in, and reports
	// each. The error is for a profile that names none.
	Reach func(ctx context.Context, t Target, report func(Reached)) error
	// Record begins a recording of the management traffic in a new file, and of the
	// hosts' beside it, for all
	// connections opened after it; hide are names that must not stand in it.
	Record func(path string, hide ...string) (Recording, error)
	// Clean makes what takes secrets, and names where that is asked for, out of what is
	// handed on; hide are names to be taken out wherever they stand.
	Clean func(names bool, hide ...string) bundle.Cleaner
	// ServeLab serves the lab on loopback. It calls ready once, when every port
	// listens, and returns after ctx ended.
	ServeLab func(ctx context.Context, l Lab, ready func(Served) error) error
	// ResetLab forgets the world that a lab has played so far.
	ResetLab func(ctx context.Context, l Lab) error
	// Certificate reads a PFX file into memory. The password is not kept.
	Certificate func(path, password string) (*engine.Certificate, error)
	// Disks carries out what is asked for single disks. target says where to sign in
	// for a managed disk or a snapshot; it is called for those alone.
	Disks func(target func() (Target, error)) Disks
	// ScriptSum is the checksum of an operator's script, as a plan keeps it.
	ScriptSum func(path string) (string, error)
	// Permissions is what the program needs in Azure, one row an action.
	Permissions []Permission
	// DirectPermissions is what a failback without Site Recovery needs beside them.
	DirectPermissions []Permission
}

// Recording is one that goes on until it is closed; then it says which files hold it.
type Recording interface {
	Close() (files []string, err error)
}

// Reached says how one service answered to somebody who shows no credential.
type Reached struct {
	Service, Address string
	Took             time.Duration
	Behind           time.Duration // how far this machine's clock is behind the service's
	Dated            bool          // whether that is known
	Err              error
}

// Permission is one right that the program needs in Azure.
type Permission struct {
	Action string `json:"action"`
	Data   bool   `json:"data"` // a right to data: it belongs under DataActions
	For    string `json:"for"`
	// Roles are the built-in roles that have it, the least first.
	Roles []string `json:"roles"`
	// Inferred says what of the row no document states; empty where every word is
	// Microsoft's.
	Inferred string `json:"inferred,omitempty"`
}

// Build says which program this is.
type Build struct {
	Version string
	Commit  string
	Date    string
}

// Streams are the three streams of the process and what is known of them.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// InTerminal and OutTerminal report whether a person sits there.
	InTerminal, OutTerminal bool
	// LinesOnly is why the terminal can show lines only, as the beginning of a
	// sentence; "" where it shows screens.
	LinesOnly string
	// Width and Height are the terminal's, in cells, 0 where there is none.
	Width, Height int
	// Secret asks for a text without showing it; nil without a terminal.
	Secret func(ctx context.Context, prompt string) (string, error)
	// Zone is the zone times are shown in.
	Zone *time.Location
}

// Lab says which lab, and where its world is kept.
type Lab struct {
	StateDir string
	Estate   string // a built-in name or a file; empty for the default
	Seed     int64  // 0 for the estate's own
	TLS      bool   // serve over HTTPS
	// Notice takes what a person should know of the lab that is no error; it may
	// be nil.
	Notice func(text string)
}

// Target is what to connect to: a profile, or the lab.
type Target struct {
	Profile *config.Profile // nil for the lab
	Lab     Lab
	// StateDir is where a profile's connection keeps what outlives the process.
	StateDir string
	// Person is who can be asked while the connection is opened.
	Person engine.Person
	// AskNow has everything asked for then that a run may need later: the person
	// can't be reached afterwards.
	AskNow bool
}

// Served is the first line that `lab serve` prints: what a client needs to
// reach it. Fields are added, never renamed.
type Served struct {
	Management    string       `json:"management"`
	Storage       string       `json:"storage"`
	Hosts         []ServedHost `json:"hosts"`
	Guests        string       `json:"guests"` // answers for the guests' network
	Token         string       `json:"token"`
	Subscription  string       `json:"subscription"`
	ResourceGroup string       `json:"resource_group"`
	Vault         string       `json:"vault"`
	CA            *string      `json:"ca"`
	Account       string       `json:"account"`
	AccountKey    string       `json:"account_key"`
}

// ServedHost is one Hyper-V host of a served lab.
type ServedHost struct {
	Name  string `json:"name"`
	WinRM string `json:"winrm"`
}
