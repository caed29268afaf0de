package storage_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"failback/engine/transfer"
	source "failback/providers/azure/pageblob"
	"failback/providers/lab/storage"
)

var owner = storage.Account{Name: "lab", Key: []byte("a key of thirty-two bytes, or so"), Now: time.Now}

// keyed is a lab whose requests need the account's key, or what it signed.
func keyed(t *testing.T) (*lab, *azblob.SharedKeyCredential) {
	t.Helper()
	l := newLab(t, storage.Options{Authorize: owner.Signed, SAS: owner.Shared, Account: owner.Name})
	key, err := azblob.NewSharedKeyCredential(owner.Name, base64.StdEncoding.EncodeToString(owner.Key))
	must(t, err)
	return l, key
}

func TestTheAccountsKeyOpensEverything(t *testing.T) {
	l, key := keyed(t)
	data := incompressible(8192, 3)
	_, err := l.disk(t, 1<<20).WriteAt(data, 512)
	must(t, err)
	c, err := pageblob.NewClientWithSharedKeyCredential(diskURL, key, l.options())
	must(t, err)
	_, err = c.CreateSnapshot(t.Context(), nil)
	must(t, err)
	o := source.Options{
		URL: diskURL, Account: owner.Name, Key: base64.StdEncoding.EncodeToString(owner.Key), Client: l.options().ClientOptions, Whole: true,
	}
	b, err := source.Open(t.Context(), o)
	must(t, err)
	p := make([]byte, 8192)
	must(t, b.ReadAt(t.Context(), p, 512))
	extents, err := b.Extents(t.Context())
	if err != nil || !bytes.Equal(p, data) || len(extents) != 1 {
		t.Errorf("read with the key: %v %v", extents, err)
	}
	o.Key = base64.StdEncoding.EncodeToString([]byte("another key"))
	if _, err := source.Open(t.Context(), o); codeOf(err) != "AuthenticationFailed" {
		t.Errorf("another key: %v", err)
	}
	if _, err := l.client(t).GetProperties(t.Context(), nil); codeOf(err) != "AuthenticationFailed" {
		t.Errorf("no key: %v", err)
	}
}

// TestSignaturesOfTheOwnerAreChecked has them made by Microsoft's own package.
func TestSignaturesOfTheOwnerAreChecked(t *testing.T) {
	l, key := keyed(t)
	b := l.disk(t, 4096)
	id, err := b.Snapshot(time.Now())
	must(t, err)
	at, err := time.Parse(time.RFC3339, id)
	must(t, err)
	sign := func(v sas.BlobSignatureValues) string {
		v.ContainerName = "vhds"
		if v.ExpiryTime.IsZero() {
			v.ExpiryTime = time.Now().Add(time.Hour)
		}
		q, err := v.SignWithSharedKey(key)
		must(t, err)
		return "?" + q.Encode()
	}
	read := (&sas.BlobPermissions{Read: true}).String()
	for _, c := range []struct {
		name, method, query string
		want                int
	}{
		{"blob", "HEAD", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read}), 200},
		{"snapshot", "HEAD", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read, SnapshotTime: at}) + "&snapshot=" + id, 200},
		{"container", "HEAD", sign(sas.BlobSignatureValues{Permissions: (&sas.ContainerPermissions{Read: true, List: true}).String()}), 200},
		{"another blob's", "HEAD", sign(sas.BlobSignatureValues{BlobName: "other.vhd", Permissions: read}), 403},
		{"ended", "HEAD", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read, ExpiryTime: time.Now().Add(-time.Minute)}), 403},
		{"not begun", "HEAD", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read, StartTime: time.Now().Add(time.Minute)}), 403},
		{"writing with a right to read", "PUT", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read}) + "&comp=snapshot", 403},
		{"a blob's for its snapshot", "HEAD", sign(sas.BlobSignatureValues{BlobName: "os disk.vhd", Permissions: read}) + "&snapshot=" + id, 403},
	} {
		if res := l.do(t, c.method, c.query, nil, nil); res.StatusCode != c.want {
			t.Errorf("%s: %s, want %d", c.name, res.Status, c.want)
		}
	}
}

func TestAContainerIsListedInPages(t *testing.T) {
	l, key := keyed(t)
	for _, name := range []string{"vhds/a.vhd", "vhds/b/1.vhd", "vhds/b/2.vhd", "vhds/c.vhd", "other/d.vhd"} {
		_, err := l.store.Create(name, 4096)
		must(t, err)
	}
	o := &container.ClientOptions{ClientOptions: l.options().ClientOptions}
	c, err := container.NewClientWithSharedKeyCredential(account+"vhds", key, o)
	must(t, err)
	_, err = c.GetProperties(t.Context(), nil)
	must(t, err)
	var names []string
	most := int32(3)
	for pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: &most}); pages.More(); {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		for _, b := range page.Segment.BlobItems {
			if *b.Properties.ContentLength != 4096 || *b.Properties.BlobType != azblob.BlobTypePageBlob {
				t.Errorf("%+v", b.Properties)
			}
			names = append(names, *b.Name)
		}
	}
	if !slices.Equal(names, []string{"a.vhd", "b/1.vhd", "b/2.vhd", "c.vhd"}) {
		t.Errorf("listed %v", names)
	}
	page, err := c.NewListBlobsHierarchyPager("/", nil).NextPage(t.Context())
	must(t, err)
	if len(page.Segment.BlobItems) != 2 || len(page.Segment.BlobPrefixes) != 1 || *page.Segment.BlobPrefixes[0].Name != "b/" {
		t.Errorf("folders %+v", page.Segment)
	}
	none, err := container.NewClientWithSharedKeyCredential(account+"nothing", key, o)
	must(t, err)
	if _, err := none.GetProperties(t.Context(), nil); codeOf(err) != "ContainerNotFound" {
		t.Errorf("a container of nothing: %v", err)
	}
}

// TestAnExportIsAFixedVHDThatKnowsNoConditions reads one as a managed disk's
// export is read.
func TestAnExportIsAFixedVHDThatKnowsNoConditions(t *testing.T) {
	signer := storage.NewSigner([]byte("key"), time.Now)
	l := newLab(t, storage.Options{SAS: signer.Check})
	b := l.disk(t, 1<<20)
	_, err := b.WriteAt(incompressible(512, 1), 1<<20-512)
	must(t, err)
	first, err := b.Snapshot(time.Now())
	must(t, err)
	must(t, b.ClearAt(1<<20-512, 512))
	second, err := b.Snapshot(time.Now())
	must(t, err)
	export := storage.ExportPrefix + diskName
	server := httptest.NewServer(l.handler)
	defer server.Close()
	url := func(id string) string {
		return server.URL + "/" + strings.ReplaceAll(export, " ", "%20") + "?" + signer.Sign(export, id, time.Now().Add(time.Hour)).Encode()
	}
	disk, err := source.Open(t.Context(), source.Options{URL: url(second), Exported: true})
	must(t, err)
	changes, err := disk.Changes(t.Context(), source.Older{URL: url(first)})
	must(t, err)
	extents, err := disk.Extents(t.Context())
	must(t, err)
	if disk.Size() != 1<<20 || disk.Length() != 1<<20+512 || len(extents) != 0 ||
		!slices.Equal(changes.Cleared, []transfer.Extent{{Off: 1<<20 - 512, Len: 512}}) {
		t.Errorf("%d of %d bytes, %v, %+v", disk.Size(), disk.Length(), extents, changes)
	}
	for what, c := range map[string]struct {
		method, url string
		header      map[string]string
		code        string
	}{
		"a condition":     {"GET", url(second), map[string]string{"If-Match": "*"}, "ConditionHeadersNotSupported"},
		"a write":         {"PUT", url(second) + "&comp=page", nil, "AuthenticationFailed"},
		"by its time":     {"GET", url(second) + "&comp=pagelist&prevsnapshot=" + first, nil, "InvalidQueryParameterValue"},
		"forged":          {"GET", url(second) + "&comp=pagelist", map[string]string{"x-ms-previous-snapshot-url": url(first) + "x"}, "AuthenticationFailed"},
		"of another disk": {"GET", url(second) + "&comp=pagelist", map[string]string{"x-ms-previous-snapshot-url": strings.Replace(url(first), "os%20disk", "data", 1)}, "InvalidHeaderValue"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, c.url, nil)
		must(t, err)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		_ = res.Body.Close()
		if got := res.Header.Get("x-ms-error-code"); got != c.code {
			t.Errorf("%s: %s %s", what, res.Status, got)
		}
	}
	signer.Revoke(export, first)
	if _, err := disk.Changes(t.Context(), source.Older{URL: url(second)}); err != nil {
		t.Errorf("the other snapshot's signature ended too: %v", err)
	}
}
