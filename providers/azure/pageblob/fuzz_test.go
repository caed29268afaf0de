package pageblob_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"testing"

	"github.com/minio/crc64nvme"
)

// FuzzAnswer has a server say anything about 512 bytes. What is taken for them
// without an error has the sum that came with it, or none was given.
func FuzzAnswer(f *testing.F) {
	sum := func(p []byte) string {
		return base64.StdEncoding.EncodeToString(binary.LittleEndian.AppendUint64(nil, crc64nvme.Checksum(p)))
	}
	good := bytes.Repeat([]byte{5}, 512)
	f.Add("bytes 0-511/4096", sum(good), good)
	f.Add("bytes 0-511/4096", "", good)
	f.Add("bytes 0-511/4096", "AAAAAAAAAAA=", good)
	f.Add("bytes 0-99999999999999999999/4096", "x", good[:9])
	f.Add("bytes -1-511/", sum(good), good[:100])
	r := newRig(f, 4096)
	f.Fuzz(func(t *testing.T, span, crc string, body []byte) {
		r.before = nil
		b := r.open(t)
		r.before = func(w http.ResponseWriter, q *http.Request) bool {
			if !read(q) {
				return false
			}
			w.Header()["Content-Range"] = []string{span}
			if crc != "" {
				w.Header()["X-Ms-Content-Crc64"] = []string{crc}
			}
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(body)
			return true
		}
		stream, err := b.ReadRange(t.Context(), 0, 512)
		if err != nil {
			return
		}
		got, err := io.ReadAll(stream)
		if err != nil {
			return
		}
		if len(got) != 512 || b.Checked().Unchecked == 0 && crc != sum(got) {
			t.Errorf("%d bytes with %q of %q", len(got), crc, span)
		}
	})
}
