package storage_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	source "failback/providers/azure/pageblob"
	"failback/providers/lab/storage"
)

const benchSize = 128 << 20

func benchDisk(b *testing.B) *lab {
	b.Helper()
	l := newLab(b, storage.Options{})
	disk, p := l.disk(b, benchSize), incompressible(4<<20, 1)
	for off := int64(0); off < benchSize; off += 2 * int64(len(p)) {
		_, err := disk.WriteAt(p, off)
		must(b, err)
	}
	return l
}

func benchPull(b *testing.B, url string, o policy.ClientOptions) {
	b.Helper()
	remote, err := source.Open(b.Context(), source.Options{URL: url, Client: o, Whole: true})
	must(b, err)
	f, err := os.Create(filepath.Join(b.TempDir(), "disk"))
	must(b, err)
	defer func() { _ = f.Close() }()
	must(b, f.Truncate(benchSize))
	b.SetBytes(benchSize / 2)
	for b.Loop() {
		_, err := transfer.Copy(b.Context(), remote, unsynced{f}, transfer.Options{})
		must(b, err)
	}
}

// unsynced measures the way to the file, not the disk under it.
type unsynced struct{ *os.File }

func (unsynced) Sync() error { return nil }

// BenchmarkPullWire brings a half-full disk into a file, in memory.
func BenchmarkPullWire(b *testing.B) {
	l := benchDisk(b)
	benchPull(b, diskURL, l.options().ClientOptions)
}

// BenchmarkPullLoopback does so through a socket.
func BenchmarkPullLoopback(b *testing.B) {
	l := benchDisk(b)
	server := httptest.NewServer(l.handler)
	defer server.Close()
	benchPull(b, server.URL+"/vhds/os%20disk.vhd", policy.ClientOptions{})
}
