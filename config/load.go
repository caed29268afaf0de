package config

import (
	"cmp"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
)

// Path is the configuration file: the one named by flag, else by FAILBACK_CONFIG,
// else the user's own. It need not be there.
func Path(flag string) string { return cmp.Or(flag, os.Getenv("FAILBACK_CONFIG"), DefaultFile()) }

// Load reads the configuration: the file named by flag, else by
// FAILBACK_CONFIG, else the user's own (see [DefaultFile]). A named file must be
// there; without the user's own there are no profiles.
func Load(flag string) (File, error) {
	path := Path(flag)
	named := flag != "" || os.Getenv("FAILBACK_CONFIG") != ""
	raw, err := readFile(path, "name the configuration file with --config or FAILBACK_CONFIG")
	if !named && errors.Is(err, fs.ErrNotExist) {
		return File{}, nil
	}
	if err != nil {
		return File{}, err
	}
	return Parse(path, raw)
}

// Parse decodes and checks a configuration file. path names it in errors, and
// password files are looked for beside it.
func Parse(path string, raw []byte) (File, error) {
	var f File
	doc, err := decode(path, raw, &f)
	if err != nil {
		return File{}, err
	}
	f.Path = path
	for _, name := range f.Names() {
		p := f.Profiles[name]
		if err := p.check(doc, name); err != nil {
			return File{}, err
		}
		p.Name = name
		p.fill(f.Defaults, filepath.Dir(path))
		f.Profiles[name] = p
	}
	if err := f.checkScreen(doc); err != nil {
		return File{}, err
	}
	if why := badRequests(f.Defaults.RequestsPerMinute); why != "" {
		return File{}, doc.bad(why, "defaults", "requests_per_minute")
	}
	if d := f.Defaults.Profile; d != "" {
		if _, ok := f.Profiles[d]; !ok {
			return File{}, doc.bad("there is no profile "+d+"; there is "+orNone(f.Names()), "defaults", "profile")
		}
	}
	return f, nil
}

// fill completes a checked profile from the defaults and the file's folder.
func (p *Profile) fill(d Defaults, dir string) {
	if p.Auth == "" {
		p.Auth = AuthDefault
	}
	if p.Poll == 0 {
		p.Poll = d.Poll
	}
	if p.RequestsPerMinute == 0 {
		p.RequestsPerMinute = d.RequestsPerMinute
	}
	if p.Rules == "" {
		p.Rules = d.Rules
	}
	p.Rules = beside(dir, p.Rules)
	if u, err := url.Parse(p.Cloud.Storage); err == nil && u.Host != "" {
		p.Cloud.Storage = u.Hostname()
	}
	for _, file := range []*string{&p.TokenFile, &p.Certificate, &p.CertificatePasswordFile, &p.CA} {
		*file = beside(dir, *file)
	}
	for name, h := range p.Hosts {
		for _, file := range h.files() {
			*file = beside(dir, *file)
		}
		p.Hosts[name] = h
	}
}

// beside is a file that is looked for in the folder of the configuration.
func beside(dir, file string) string {
	if file == "" || filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(dir, file)
}
