package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"failback/providers/lab/storage"
)

func sharedKey(a storage.Account) (*azblob.SharedKeyCredential, error) {
	return azblob.NewSharedKeyCredential(a.Name, base64.StdEncoding.EncodeToString(a.Key))
}

// footer is that of a fixed VHD.
func footer(size int64) []byte {
	p := make([]byte, 512)
	copy(p, "conectix")
	be := binary.BigEndian
	be.PutUint32(p[8:], 2)
	be.PutUint32(p[12:], 0x00010000)
	be.PutUint64(p[16:], ^uint64(0))
	be.PutUint64(p[40:], uint64(size))
	be.PutUint64(p[48:], uint64(size))
	be.PutUint16(p[56:], 65535)
	p[58], p[59] = 16, 255
	be.PutUint32(p[60:], 2)
	copy(p[68:], "measured by hand")
	var sum uint32
	for _, c := range p {
		sum += uint32(c)
	}
	be.PutUint32(p[64:], ^sum)
	return p
}

// discardWord has this program be the reader that throws everything away.
const discardWord = "discard"

// discard reads the runs of the disk at an address, four at a time in requests of 4
// MiB, and throws them away.
func discard(ctx context.Context, address string) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: true, ReadBufferSize: 64 << 10}}
	work, failed := make(chan span), make(chan error, 4)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			p := make([]byte, 256<<10)
			for s := range work {
				if err := get(ctx, client, address, s, p); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	for _, r := range runs() {
		for off := r.off; off < r.off+r.n; off += 4 << 20 {
			select {
			case work <- span{off, min(4<<20, r.off+r.n-off)}:
			case err := <-failed:
				return err
			}
		}
	}
	close(work)
	group.Wait()
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

func get(ctx context.Context, client *http.Client, address string, s span, p []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	r.Header.Set("x-ms-range", fmt.Sprintf("bytes=%d-%d", s.off, s.off+s.n-1))
	r.Header.Set("x-ms-version", "2025-11-05")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusPartialContent {
		return fmt.Errorf("status %d", answer.StatusCode)
	}
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, answer.Body, p)
	return err
}

// data writes the bytes of the runs alone, for dd.
func data(path string, from io.ReaderAt) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
	}()
	p := make([]byte, 8<<20)
	for _, r := range runs() {
		if _, err := from.ReadAt(p[:r.n], r.off); err != nil {
			return err
		}
		if _, err := f.Write(p[:r.n]); err != nil {
			return err
		}
	}
	return f.Sync()
}

// table is a measurement in Markdown.
type table struct {
	title string
	heads []string
	rows  [][]string
}

// String writes it.
func (t table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n\n| %s |\n|%s\n", t.title, strings.Join(t.heads, " | "), strings.Repeat("---|", len(t.heads)))
	for _, r := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(r, " | "))
	}
	return b.String()
}
