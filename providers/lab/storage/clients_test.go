package storage_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
)

// foreign is a served disk that other people's programs read.
type foreign struct {
	*lab
	url    string // of the disk
	older  string // a snapshot of it
	signed string // the disk's address with a signature
	folder string // the container's, likewise
	want   []byte
}

func newForeign(t *testing.T) *foreign {
	t.Helper()
	l, key := keyed(t)
	f := &foreign{lab: l, want: make([]byte, 12<<20)}
	b := l.disk(t, int64(len(f.want)))
	write := func(off int, seed byte, n int) {
		copy(f.want[off:], incompressible(n, seed))
		_, err := b.WriteAt(f.want[off:off+n], int64(off))
		must(t, err)
	}
	write(0, 1, 1<<20)
	write(5<<20, 2, 3<<20)
	write(12<<20-512, 3, 512)
	var err error
	f.older, err = b.Snapshot(time.Now())
	must(t, err)
	write(4096, 4, 512)
	must(t, b.ClearAt(6<<20, 1<<20))
	clear(f.want[6<<20 : 7<<20])
	server := httptest.NewServer(l.handler)
	t.Cleanup(server.Close)
	f.url = server.URL + "/vhds/os%20disk.vhd"
	sign := func(name, permissions string) string {
		q, err := sas.BlobSignatureValues{ContainerName: "vhds", BlobName: name, Permissions: permissions, ExpiryTime: time.Now().Add(time.Hour)}.SignWithSharedKey(key)
		must(t, err)
		return q.Encode()
	}
	f.signed = f.url + "?" + sign("os disk.vhd", (&sas.BlobPermissions{Read: true}).String())
	f.folder = server.URL + "/" + owner.Name + "/vhds?" + sign("", (&sas.ContainerPermissions{Read: true, List: true}).String())
	return f
}

func TestMicrosoftsJavaScriptClientReadsADisk(t *testing.T) {
	t.Parallel()
	const dir = "../../../testdata/js"
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed")
	}
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@azure", "storage-blob")); err != nil {
		t.Skip("Microsoft's client is not installed: npm ci --prefix testdata/js")
	}
	f := newForeign(t)
	var said bytes.Buffer
	run := exec.CommandContext(t.Context(), node, "disk.mjs", f.signed, f.url, owner.Name, base64.StdEncoding.EncodeToString(owner.Key), f.older)
	run.Dir, run.Stderr = dir, &said
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &said)
	}
	var saw struct {
		Length          int64
		Type, SHA256    string
		Ranges, Changes [][]any
		Names           []string
		Refused         string
	}
	must(t, json.Unmarshal(out, &saw))
	sum := sha256.Sum256(f.want)
	if saw.Length != int64(len(f.want)) || saw.Type != "PageBlob" || saw.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("it saw %d bytes of a %s with the sum %s", saw.Length, saw.Type, saw.SHA256)
	}
	if len(saw.Ranges) != 4 || len(saw.Changes) != 2 || saw.Changes[0][2] != false || saw.Changes[1][2] != true {
		t.Errorf("ranges %v, changes %v", saw.Ranges, saw.Changes)
	}
	if strings.Join(saw.Names, " ") != "os disk.vhd" || saw.Refused != "403 AuthenticationFailed" {
		t.Errorf("names %v, refused %q", saw.Names, saw.Refused)
	}
}

// TestOtherProgramsReadADisk has rclone and AzCopy fetch it, where they are there.
func TestOtherProgramsReadADisk(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]func(f *foreign, to string) []string{
		"rclone": func(f *foreign, to string) []string {
			return []string{"copyto", ":azureblob:vhds/os disk.vhd", to, "--config", os.DevNull, "--retries", "1", "--azureblob-sas-url", f.folder}
		},
		"azcopy": func(f *foreign, to string) []string {
			return []string{"copy", f.signed, to, "--from-to", "BlobLocal", "--skip-version-check", "--output-level", "quiet"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skip(name + " is not installed")
			}
			f, to := newForeign(t), filepath.Join(t.TempDir(), "disk")
			run := exec.CommandContext(t.Context(), program, command(f, to)...)
			run.Env = append(os.Environ(), "HOME="+t.TempDir())
			if stdin, err := run.StdinPipe(); err == nil { // AzCopy spins where its input has ended
				defer func() { _ = stdin.Close() }()
			}
			if out, err := run.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			got, err := os.ReadFile(to)
			must(t, err)
			if !bytes.Equal(got, f.want) {
				t.Error("it fetched another disk")
			}
		})
	}
}
