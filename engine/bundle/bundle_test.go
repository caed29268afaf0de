package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"failback/engine"
)

// loud is a cleaner that takes one word out.
type loud struct{}

func (loud) Text(s string) string     { return strings.ReplaceAll(s, "c4nary", "redacted") }
func (l loud) JSON(raw []byte) []byte { return []byte(l.Text(string(raw))) }
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "part")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unzipped are the files of a bundle, and its manifest.
func unzipped(t *testing.T, path string) (map[string][]byte, Manifest) {
	t.Helper()
	r, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }() // opened for reading only
	files := map[string][]byte{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
	var m Manifest
	if err := json.Unmarshal(files[ManifestName], &m); err != nil {
		t.Fatal(err)
	}
	delete(files, ManifestName)
	return files, m
}

func TestABundleIsListedCleanedAndItsOwners(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	w, err := Create(path, Manifest{Program: "failback test", Hosts: []string{"hv01"}, Runs: []string{"r"}}, loud{})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"value": w.Value("hosts/hv01/facts.json", map[string]string{"text": "c4nary"}),
		"lines": w.Lines("runs/r/journal.ndjson", write(t, "{}\n")),
		"text":  w.Text("runs/r/plan.yaml", write(t, "password: c4nary\n")),
		"again": w.Text("runs/r/plan.yaml", write(t, "a: b\n")),
		"climb": w.Text("../../etc/../pass wd\x1b", write(t, "x")),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := w.Text("runs/r/gone", filepath.Join(t.TempDir(), "gone")); !os.IsNotExist(err) {
		t.Errorf("a file that is not there: %v", err)
	}
	w.Problem("hosts/hv02/", &engine.Failure{What: "read", Why: "no answer, said c4nary"})
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	files, m := unzipped(t, path)
	if len(m.Files) != len(files) || len(files) != 5 {
		t.Fatalf("%d files, listed %+v", len(files), m.Files)
	}
	for _, f := range m.Files {
		sum := sha256.Sum256(files[f.Name])
		if f.SHA256 != hex.EncodeToString(sum[:]) || f.Bytes != len(files[f.Name]) {
			t.Errorf("%s is not as it is listed: %+v", f.Name, f)
		}
		if strings.Contains(f.Name, "..") || strings.HasPrefix(f.Name, "/") || strings.ContainsAny(f.Name, " \x1b") {
			t.Errorf("%q is no place inside the bundle", f.Name)
		}
		if bytes.Contains(files[f.Name], []byte("c4nary")) {
			t.Errorf("%s was not cleaned", f.Name)
		}
	}
	if len(m.Problems) != 1 || m.Problems[0] != (Problem{"hosts/hv02/", "no answer, said redacted"}) {
		t.Errorf("problems %+v", m.Problems)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestABundleReplacesNoFile(t *testing.T) {
	path := write(t, "mine")
	_, err := Create(path, Manifest{}, loud{})
	if engine.KindOf(err) != engine.FailureUsage {
		t.Errorf("%v", err)
	}
	if raw, err := os.ReadFile(path); string(raw) != "mine" {
		t.Errorf("%q, %v", raw, err)
	}
}

// The newest lines of a long journal are kept, whole; what is too large as one piece
// is not.
func TestABundleIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	w, err := Create(path, Manifest{}, loud{})
	if err != nil {
		t.Fatal(err)
	}
	const part = 64 << 10
	w.most = limits{part: part, whole: 8 * part}
	line := strings.Repeat("x", 99) + "\n"
	long := write(t, strings.Repeat(line, part/100+1000))
	for i := range 8 {
		if err := w.Text("long", long); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	if err := w.Value("more", strings.Repeat("x", part)); err == nil {
		t.Error("a value above the bound was taken")
	}
	if err := w.Text("more", long); err == nil || !strings.Contains(err.Error(), "512.0 KiB") {
		t.Errorf("a bundle above the bound: %v", err)
	}
	m, err := w.Close()
	if err != nil {
		t.Fatal(err)
	}
	f := m.Files[0]
	if f.Cut == 0 || f.Bytes%100 != 0 || f.Bytes > part || int64(f.Bytes)+f.Cut != int64(part/100+1000)*100 {
		t.Errorf("%+v", f)
	}
}

func TestAnAbandonedBundleIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.zip")
	w, err := Create(path, Manifest{}, loud{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abandon(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("it is still there")
	}
}
