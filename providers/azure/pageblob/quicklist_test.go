package pageblob

import (
	"encoding/xml"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine/transfer"
)

// decoded is a list as the client's decoder reads it.
func decoded(text []byte) (c transfer.Changes, next string, err error) {
	var list pageblob.PageList
	if err := xml.Unmarshal(text, &list); err != nil {
		return c, "", err
	}
	for _, r := range list.PageRange {
		if c.Updated, err = add(c.Updated, r.Start, r.End); err != nil {
			return c, "", err
		}
	}
	for _, r := range list.ClearRange {
		if c.Cleared, err = add(c.Cleared, r.Start, r.End); err != nil {
			return c, "", err
		}
	}
	if list.NextMarker != nil {
		next = *list.NextMarker
	}
	return c, next, nil
}

// sameList fails where a list that the decoder reads is another one when its first
// ranges are taken before.
func sameList(t *testing.T, text []byte) (taken int) {
	t.Helper()
	want, marker, err := decoded(text)
	if err != nil {
		return 0
	}
	first, left := takeRanges(text)
	rest, next, err := decoded(left)
	if err != nil {
		t.Fatalf("what is left can't be read: %v\n%s", err, left)
	}
	got := transfer.Changes{Updated: append(first.Updated, rest.Updated...), Cleared: append(first.Cleared, rest.Cleared...)}
	if !slices.Equal(got.Updated, want.Updated) || !slices.Equal(got.Cleared, want.Cleared) || next != marker {
		t.Fatalf("%v and %q, where the decoder says %v and %q", got, next, want, marker)
	}
	return len(first.Updated) + len(first.Cleared)
}

const (
	listHead = `<?xml version="1.0" encoding="utf-8"?><PageList>`
	pageOne  = "<PageRange><Start>0</Start><End>511</End></PageRange>"
	clearOne = "<ClearRange><Start>1024</Start><End>2047</End></ClearRange>"
)

func TestRangesAreTakenOffAListAsTheDecoderReadsThem(t *testing.T) {
	for text, want := range map[string]int{
		listHead + pageOne + clearOne + pageOne + "<NextMarker>2!abc</NextMarker></PageList>":                          3,
		"\ufeff" + listHead + pageOne + "<NextMarker /></PageList>":                                                    1,
		listHead + "<NextMarker/></PageList>":                                                                          0,
		listHead + pageOne + " " + pageOne + "</PageList>":                                                             1, // what is unusual is the decoder's
		listHead + "\n" + pageOne + "</PageList>":                                                                      0,
		listHead + "<!-- " + pageOne + " -->" + pageOne + "</PageList>":                                                0,
		listHead + pageOne + "<PageRange><End>1535</End><Start>1024</Start></PageRange>" + pageOne + "</PageList>":     1,
		listHead + "<PageRange><Start>999999999999999999</Start><End>1999999999999999999</End></PageRange></PageList>": 0,
		`<PageList xmlns="x">` + pageOne + "</PageList>":                                                               0,
		"<!-- <PageList>" + pageOne + " --><PageList>" + clearOne + "</PageList>":                                      0,
	} {
		if got := sameList(t, []byte(text)); got != want {
			t.Errorf("%d ranges were taken, want %d: %s", got, want, text)
		}
	}
}

func FuzzTakeRanges(f *testing.F) {
	f.Add([]byte(listHead + pageOne + clearOne + "<NextMarker>m</NextMarker></PageList>"))
	f.Add([]byte("<PageList>" + strings.Repeat(pageOne, 3) + "</PageList>"))
	f.Add([]byte("<PageList><PageRange><Start>00</Start><End>007</End></PageRange></PageList>"))
	f.Fuzz(func(t *testing.T, text []byte) { sameList(t, text) })
}

// BenchmarkList is a page of ten thousand ranges; the peer is the client's decoder.
func BenchmarkList(b *testing.B) {
	text := []byte(listHead + strings.Repeat(pageOne, 10_000) + "<NextMarker /></PageList>")
	b.Run("taken", func(b *testing.B) {
		for b.Loop() {
			if _, left := takeRanges(text); len(left) > 100 {
				b.Fatal("ranges are left")
			}
		}
	})
	b.Run("decoder", func(b *testing.B) {
		for b.Loop() {
			if _, _, err := decoded(text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
