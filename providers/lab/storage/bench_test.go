package storage_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

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
	b.Run("checked", func(b *testing.B) { benchPulling(b, source.Options{URL: url, Client: o, Whole: true}) })
	b.Run("unchecked", func(b *testing.B) {
		benchPulling(b, source.Options{URL: url, Client: o, Whole: true, Unchecked: true})
	})
}

func benchPulling(b *testing.B, o source.Options) {
	b.Helper()
	remote, err := source.Open(b.Context(), o)
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

// BenchmarkServe is what the server gives over loopback, four ranges of 4 MiB at a
// time, thrown away: beside a server that does nothing but write the bytes of a
// file, in the same run.
func BenchmarkServe(b *testing.B) {
	l := benchDisk(b)
	raw, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	must(b, err)
	defer func() { _ = raw.Close() }()
	disk, err := l.store.Get(diskName)
	must(b, err)
	_, err = io.Copy(raw, io.NewSectionReader(disk, 0, benchSize))
	must(b, err)
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var from, to int64
		if _, err := fmt.Sscanf(r.Header.Get("x-ms-range"), "bytes=%d-%d", &from, &to); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.FormatInt(to-from+1, 10))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = io.Copy(w, io.NewSectionReader(raw, from, to-from+1))
	})
	for _, c := range []struct {
		name    string
		handler http.Handler
	}{{"raw", plain}, {"lab", l.handler}} {
		b.Run(c.name, func(b *testing.B) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4, ReadBufferSize: 64 << 10, DisableCompression: true}}
			b.SetBytes(benchSize)
			for b.Loop() {
				pull(b, client, server.URL+"/vhds/os%20disk.vhd")
			}
		})
	}
}

// pull reads a disk in ranges of 4 MiB, four at a time.
func pull(b *testing.B, client *http.Client, url string) {
	b.Helper()
	const part = 4 << 20
	group, ctx := errgroup.WithContext(b.Context())
	group.SetLimit(4)
	for off := 0; off < benchSize; off += part {
		group.Go(func() error {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			r.Header.Set("x-ms-range", fmt.Sprintf("bytes=%d-%d", off, off+part-1))
			answer, err := client.Do(r)
			if err != nil {
				return err
			}
			n, err := io.CopyBuffer(onlyWriter{io.Discard}, answer.Body, make([]byte, 256<<10))
			if err == nil && n != part {
				err = io.ErrUnexpectedEOF
			}
			return errors.Join(err, answer.Body.Close())
		})
	}
	must(b, group.Wait())
}

// onlyWriter keeps io.Discard from reading in pieces of its own.
type onlyWriter struct{ io.Writer }
