package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"failback/providers/lab/blob"
	"failback/providers/lab/storage"
)

const (
	diskSize  = 2 << 30
	container = "vhds"
)

// bench is a storage account on loopback, and this program.
type bench struct {
	dir     string
	log     io.Writer // for whoever waits
	rounds  int
	program string
	store   *blob.Store
	server  *http.Server
	base    string // of the account
	wire    atomic.Int64
	asked   atomic.Int64
	limits  atomic.Pointer[storage.Limits]
	key     *azblob.SharedKeyCredential
}

func newBench(ctx context.Context, dir string, rounds int, log io.Writer) (*bench, error) {
	b := &bench{dir: dir, log: log, rounds: rounds, program: filepath.Join(dir, "failback")}
	b.limits.Store(&storage.Limits{})
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", b.program, "failback")
	build.Stderr = log
	if err := build.Run(); err != nil {
		return nil, err
	}
	var err error
	if b.store, err = blob.OpenStore(filepath.Join(dir, "store")); err != nil {
		return nil, err
	}
	account := storage.Account{Name: "bench", Key: []byte("a key of a bench, known to all of it"), Now: time.Now}
	if b.key, err = sharedKey(account); err != nil {
		return nil, err
	}
	handler := storage.New(b.store, storage.Options{
		Account: account.Name, Authorize: account.Signed, SAS: account.Shared, Limits: func() storage.Limits { return *b.limits.Load() },
	})
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b.base = "http://" + l.Addr().String()
	b.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.asked.Add(1)
		handler.ServeHTTP(&counted{w, &b.wire}, r)
	})}
	go func() { _ = b.server.Serve(l) }()
	return b, nil
}

func (b *bench) close() { _ = errors.Join(b.server.Close(), b.store.Close()) }

// counted counts the bytes of answers.
type counted struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n.Add(int64(n))
	return n, err
}

// Unwrap lets the server find what else the writer can do.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// say tells whoever waits; that nobody listens is no matter.
func (b *bench) say(format string, args ...any) { _, _ = fmt.Fprintf(b.log, format+"\n", args...) }

func (b *bench) address(name string) string { return b.base + "/" + container + "/" + name }

// signature is one that may read the container, as a query.
func (b *bench) signature() (string, error) {
	q, err := sas.BlobSignatureValues{
		ContainerName: container, Permissions: (&sas.ContainerPermissions{Read: true, List: true}).String(), ExpiryTime: time.Now().Add(24 * time.Hour),
	}.SignWithSharedKey(b.key)
	return q.Encode(), err
}

// fill makes a blob of size bytes with data in 258 runs of 64 KiB to 8 MiB within
// its first 2 GiB, 1,080 MB of it, between holes of the same kind, and the footer of
// a fixed VHD.
func (b *bench) fill(name string, size int64) (*blob.Blob, int64, error) {
	d, err := b.store.Create(container+"/"+name, size+512)
	if err != nil {
		return nil, 0, err
	}
	bytes := rand.NewChaCha8([32]byte{5})
	p, data := make([]byte, 8<<20), int64(0)
	for _, e := range runs() {
		_, _ = bytes.Read(p[:e.n]) // never fails
		if _, err := d.WriteAt(p[:e.n], e.off); err != nil {
			return nil, 0, err
		}
		data += e.n
	}
	_, err = d.WriteAt(footer(size), size)
	return d, data, err
}

type span struct{ off, n int64 }

// runs are the same every time.
func runs() []span {
	const extents, total = 257, 1_080_000_000 / 4096 * 4096
	rnd := rand.New(rand.NewPCG(2, 258))
	length := func() int64 { return 64 << 10 << rnd.IntN(8) }
	data, hole := make([]int64, extents), make([]int64, extents)
	scale := func(v []int64, to int64) {
		for range 40 {
			var sum int64
			for _, n := range v {
				sum += n
			}
			for i := range v {
				v[i] = min(8<<20, max(64<<10, int64(float64(v[i])*float64(to)/float64(sum))/4096*4096))
			}
		}
	}
	for i := range data {
		data[i], hole[i] = length(), length()
	}
	scale(data, total)
	scale(hole, diskSize-total)
	var out []span
	at := int64(0)
	for i := range data {
		at += hole[i]
		if at+data[i] > diskSize {
			break
		}
		out = append(out, span{at, data[i]})
		at += data[i]
	}
	return out
}

// run is one execution of a program and what it took.
type run1 struct {
	wall  time.Duration
	cpu   time.Duration
	peak  int64 // bytes
	wire  int64
	asked int64
}

// time1 runs a command until what it made is safe on the disk.
func (b *bench) time1(ctx context.Context, target string, stdin string, args ...string) (run1, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "HOME="+b.dir, "FAILBACK_STATE_DIR="+filepath.Join(b.dir, "state"))
	var said strings.Builder
	cmd.Stderr, cmd.Stdout = &said, io.Discard
	in, err := cmd.StdinPipe() // stays open: AzCopy spins where it has ended
	if err != nil {
		return run1{}, err
	}
	wire, asked, begun := b.wire.Load(), b.asked.Load(), time.Now()
	if err := cmd.Start(); err != nil {
		return run1{}, err
	}
	if stdin != "" {
		_, _ = io.WriteString(in, stdin+"\n")
	}
	peak := peakOf(cmd.Process.Pid)
	err = cmd.Wait()
	most := peak()
	if err != nil {
		return run1{}, fmt.Errorf("%s: %w: %s", args[0], err, said.String())
	}
	if target != "" {
		if err := flush(target); err != nil {
			return run1{}, err
		}
	}
	return run1{
		wall: time.Since(begun), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: most,
		wire: b.wire.Load() - wire, asked: b.asked.Load() - asked,
	}, nil
}

func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
