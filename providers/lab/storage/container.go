package storage

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"failback/providers/lab/blob"
)

var containerNotFound = problem{404, "ContainerNotFound", "The specified container does not exist."}

// maxListed is how many entries one answer of a list has.
const maxListed = 5000

// container answers for a container: that it is there, and what is in it. There
// is one where a blob's name begins with it.
func (c *call) container(container string) error {
	var names []string
	for _, name := range c.store.List() {
		if in, rest, _ := strings.Cut(name, "/"); in == container && rest != "" {
			names = append(names, rest)
		}
	}
	if len(names) == 0 {
		return containerNotFound
	}
	switch op := c.r.Method + " " + c.query.Get("comp"); op {
	case "GET ", "HEAD ":
		h := c.w.Header()
		h.Set("ETag", snapshotTag(container, ""))
		h.Set("Last-Modified", c.options.Now().UTC().Format(http.TimeFormat))
		h.Set("x-ms-lease-status", "unlocked")
		h.Set("x-ms-lease-state", "available")
		c.w.WriteHeader(http.StatusOK)
		return nil
	case "GET list":
		return c.list(container, names)
	}
	return invalidQuery("comp")
}

// listing is the answer to a list of blobs.
type listing struct {
	XMLName    xml.Name `xml:"EnumerationResults"`
	Container  string   `xml:"ContainerName,attr"`
	Prefix     string   `xml:"Prefix,omitempty"`
	Delimiter  string   `xml:"Delimiter,omitempty"`
	Entries    entries  `xml:"Blobs"`
	NextMarker string   `xml:"NextMarker"`
}

type entries struct {
	Blobs    []entry  `xml:"Blob"`
	Prefixes []folder `xml:"BlobPrefix"`
}

type folder struct {
	Name string
}

type entry struct {
	Name       string
	Snapshot   string `xml:",omitempty"`
	Properties struct {
		Modified string `xml:"Last-Modified"`
		ETag     string `xml:"Etag"`
		Length   int64  `xml:"Content-Length"`
		Type     string `xml:"Content-Type"`
		Sequence int64  `xml:"x-ms-blob-sequence-number"`
		BlobType string
		Lease    string `xml:"LeaseStatus"`
	}
}

// list answers List Blobs. The marker is the name of the next blob.
func (c *call) list(container string, names []string) error {
	prefix, delimiter := c.query.Get("prefix"), c.query.Get("delimiter")
	most := maxListed
	if text := c.query.Get("maxresults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n <= 0 {
			return invalidQuery("maxresults")
		}
		most = min(n, maxListed)
	}
	out := listing{Container: container, Prefix: prefix, Delimiter: delimiter}
	snapshots := slices.Contains(strings.Split(c.query.Get("include"), ","), "snapshots")
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok || name < c.query.Get("marker") {
			continue
		}
		if len(out.Entries.Blobs)+len(out.Entries.Prefixes) >= most {
			out.NextMarker = name
			break
		}
		if head, _, inside := strings.Cut(rest, delimiter); delimiter != "" && inside {
			f := folder{Name: prefix + head + delimiter}
			if !slices.Contains(out.Entries.Prefixes, f) {
				out.Entries.Prefixes = append(out.Entries.Prefixes, f)
			}
			continue
		}
		b, err := c.store.Get(container + "/" + name)
		if err != nil {
			continue // deleted meanwhile
		}
		if snapshots {
			for _, id := range b.Snapshots() {
				out.Entries.Blobs = append(out.Entries.Blobs, entryOf(b, name, id))
			}
		}
		out.Entries.Blobs = append(out.Entries.Blobs, entryOf(b, name, ""))
	}
	doc, err := xml.Marshal(out)
	if err != nil {
		return err
	}
	c.w.Header().Set("Content-Type", "application/xml")
	c.w.WriteHeader(http.StatusOK)
	// A client that is gone learns nothing.
	_, _ = c.w.Write(append([]byte(xml.Header), doc...))
	return nil
}

func entryOf(b *blob.Blob, name, snapshot string) entry {
	e := entry{Name: name, Snapshot: snapshot}
	p := &e.Properties
	p.Length, p.Type, p.BlobType, p.Lease = b.Size(), "application/octet-stream", "PageBlob", "unlocked"
	if snapshot != "" {
		p.ETag = snapshotTag(b.Name(), snapshot)
		if at, err := time.Parse(snapshotTime, snapshot); err == nil {
			p.Modified = at.UTC().Format(http.TimeFormat)
		}
		return e
	}
	p.ETag = fmt.Sprintf(`"0x%016X"`, b.Revision())
	if at, err := b.Modified(); err == nil {
		p.Modified = at.UTC().Format(http.TimeFormat)
	}
	return e
}
