package pageblob_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	azpage "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

// The account that every Azurite has; Microsoft publishes its key.
const (
	azuriteAccount = "devstoreaccount1"
	azuriteKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// azurite starts Microsoft's emulator and returns the address of its account.
func azurite(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "..", "testdata", "azurite", "node_modules", ".bin", "azurite-blob"))
	must(t, err)
	if _, err := os.Stat(program); err != nil {
		if program, err = exec.LookPath("azurite-blob"); err != nil {
			t.Skip("Azurite is not installed: npm ci --prefix testdata/azurite --ignore-scripts")
		}
	}
	free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	port := strconv.Itoa(free.Addr().(*net.TCPAddr).Port)
	must(t, free.Close())
	run := exec.CommandContext(t.Context(), program, "--blobHost", "127.0.0.1", "--blobPort", port, "--silent", "--disableTelemetry",
		"--skipApiVersionCheck", "--inMemoryPersistence")
	must(t, run.Start())
	t.Cleanup(func() { _ = run.Wait() }) // it is killed with the test's context
	for begun := time.Now(); time.Since(begun) < 30*time.Second; {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			must(t, c.Close())
			return "http://127.0.0.1:" + port + "/" + azuriteAccount
		}
		time.Sleep(50 * time.Millisecond) // there is nothing else to wait for
	}
	t.Fatal("Azurite does not listen")
	return ""
}

// TestAzuriteIsReadAndItsDifferencesAreNotBelieved holds the source against
// another implementation of the service: key, signatures, snapshots, leases and
// errors. What it answers for a difference is not one.
func TestAzuriteIsReadAndItsDifferencesAreNotBelieved(t *testing.T) {
	account := azurite(t)
	key, err := blob.NewSharedKeyCredential(azuriteAccount, azuriteKey)
	must(t, err)
	service, err := azblob.NewClientWithSharedKeyCredential(account, key, nil)
	must(t, err)
	_, err = service.CreateContainer(t.Context(), "vhds", nil)
	must(t, err)
	address := account + "/vhds/os.vhd"
	client, err := azpage.NewClientWithSharedKeyCredential(address, key, nil)
	must(t, err)
	const size = 8 << 20
	_, err = client.Create(t.Context(), size, nil)
	must(t, err)
	disk := make([]byte, size)
	write := func(off int64, n int, b byte) {
		p := bytes.Repeat([]byte{b}, n)
		copy(disk[off:], p)
		_, err := client.UploadPages(t.Context(), streaming.NopCloser(bytes.NewReader(p)), blob.HTTPRange{Offset: off, Count: int64(n)}, nil)
		must(t, err)
	}
	write(0, 1<<20, 1)
	write(5<<20, 1<<20, 2)
	first, err := client.CreateSnapshot(t.Context(), nil)
	must(t, err)
	before := bytes.Clone(disk)
	write(4096, 4096, 3)
	second, err := client.CreateSnapshot(t.Context(), nil)
	must(t, err)

	leasing, err := lease.NewBlobClient(client, nil)
	must(t, err)
	_, err = leasing.AcquireLease(t.Context(), 15, nil)
	must(t, err) // reading goes on under a lease, as under that of a running VM

	once := policy.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}
	older, err := pageblob.Open(t.Context(), pageblob.Options{URL: address, Snapshot: *first.Snapshot, Account: azuriteAccount, Key: azuriteKey, Client: once})
	must(t, err)
	to := &target{p: make([]byte, size)}
	_, err = transfer.Copy(t.Context(), older, to, transfer.Options{})
	must(t, err)
	if !bytes.Equal(to.p, before) {
		t.Error("the snapshot was read as another disk")
	}
	if tally := older.Checked(); tally.MD5 < 2<<20 || tally.Unchecked > 0 {
		t.Errorf("checked %+v", tally)
	}

	at, err := time.Parse(time.RFC3339, *second.Snapshot)
	must(t, err)
	sign := func(until time.Time) string {
		q, err := sas.BlobSignatureValues{
			ContainerName: "vhds", BlobName: "os.vhd", SnapshotTime: at, ExpiryTime: until, Permissions: (&sas.BlobPermissions{Read: true}).String(),
			Protocol: sas.ProtocolHTTPSandHTTP, Version: "2021-12-02",
		}.SignWithSharedKey(key)
		must(t, err)
		return address + "?snapshot=" + *second.Snapshot + "&" + q.Encode()
	}
	newer, err := pageblob.Open(t.Context(), pageblob.Options{URL: sign(time.Now().Add(time.Hour)), Client: once})
	must(t, err)
	changes, err := newer.Changes(t.Context(), pageblob.Older{Snapshot: *first.Snapshot})
	must(t, err)
	full, err := newer.Extents(t.Context())
	must(t, err)
	if err := transfer.CheckDiff(changes, full); !errors.Is(err, transfer.ErrList) {
		t.Errorf("its difference was believed: %+v, %v", changes, err)
	}
	got := make([]byte, size)
	must(t, newer.ReadAt(t.Context(), got, 0))
	if !bytes.Equal(got, disk) {
		t.Error("the newer snapshot was read as another disk")
	}

	var expired *transfer.Expired
	if _, err := pageblob.Open(t.Context(), pageblob.Options{URL: sign(time.Now().Add(-time.Minute)), Client: once}); !errors.As(err, &expired) {
		t.Errorf("a signature that has ended: %v", err)
	}
	if _, err := pageblob.Open(t.Context(), pageblob.Options{URL: address + "x", Account: azuriteAccount, Key: azuriteKey, Client: once}); err == nil || errors.As(err, &expired) {
		t.Errorf("a blob that is not there: %v", err)
	}
	now, err := pageblob.Open(t.Context(), pageblob.Options{URL: address, Account: azuriteAccount, Key: azuriteKey, Client: once})
	must(t, err)
	_, err = leasing.ReleaseLease(t.Context(), nil)
	must(t, err)
	write(0, 512, 9)
	if err := now.ReadAt(t.Context(), got[:512], 0); !errors.Is(err, pageblob.ErrChanged) {
		t.Errorf("a blob that was written to: %v", err)
	}
}
