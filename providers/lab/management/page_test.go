package management

import (
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// readAll follows the pages of a list as a client does, and returns how many rows
// each had.
func readAll(t *testing.T, n, rows int, trailing bool) (sizes []int) {
	t.Helper()
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	address := "http://127.0.0.1:1/subscriptions/s/replicationProtectedItems?api-version=2025-01-01&$filter=a%20eq%20'b'"
	for want := 0; address != ""; {
		r := httptest.NewRequest("GET", address, nil)
		c := &call{r: r, query: r.URL.Query()}
		body, err := paged(c, list, rows, trailing, func(i int) obj { return obj{"i": i} })
		if err != nil {
			t.Fatal(err)
		}
		values := body["value"].([]obj)
		sizes = append(sizes, len(values))
		for _, v := range values {
			if v["i"] != want {
				t.Fatalf("row %d is %v", want, v)
			}
			want++
		}
		address, _ = body["nextLink"].(string)
		if address == "" {
			break
		}
		u, err := url.Parse(address)
		if err != nil || !strings.HasPrefix(u.Path, "/Subscriptions/") || u.Query().Get("$filter") != "a eq 'b'" || u.Query().Get("api-version") != "2025-01-01" {
			t.Fatalf("the next page is at %s: %v", address, err)
		}
	}
	return sizes
}

func TestListsComeInPages(t *testing.T) {
	for name, c := range map[string]struct {
		n, rows  int
		trailing bool
		want     []int
	}{
		"empty":                   {0, 3, false, []int{0}},
		"empty, with a last page": {0, 3, true, []int{0}},
		"one page":                {2, 3, false, []int{2}},
		"full":                    {3, 3, false, []int{3}},
		"full, with a last page":  {3, 3, true, []int{3, 0}},
		"several":                 {7, 3, false, []int{3, 3, 1}},
		"several, with a last":    {7, 3, true, []int{3, 3, 1, 0}},
	} {
		if got := readAll(t, c.n, c.rows, c.trailing); !slices.Equal(got, c.want) {
			t.Errorf("%s: pages of %v, want %v", name, got, c.want)
		}
	}
}

func TestFiltersAreUnderstoodOrRefused(t *testing.T) {
	for text, want := range map[string][]term{
		"":            {},
		"  ":          {},
		"Name eq 'a'": {{"name", "a"}},
		"( name eq 'a' or Name eq 'o''neil' ) and State eq ''": {{"name", "a"}, {"name", "o'neil"}, {"state", ""}},
	} {
		got, refusal := parseFilter(text, "name", "state")
		if refusal != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v, want %v", text, got, refusal, want)
		}
	}
	for _, text := range []string{
		"everything", "Name ne 'a'", "Name eq a", "Name eq 'a", "Size eq '1'", "not (Name eq 'a')", "Name eq 'a'; State eq 'b'", "startswith(Name, 'a')",
	} {
		if got, refusal := parseFilter(text, "name", "state"); refusal == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
}

func TestEventNamesSortTheNewestFirst(t *testing.T) {
	// As recorded: the name of an event and the time it tells of.
	at := time.Date(2017, 5, 13, 17, 46, 12, 651812500, time.UTC)
	const want = "JobStatusMonitoringEvent;9091980325128257682_5c92731f-dcaf-423c-81f8-1d49d46f3ee3"
	if got := eventName("JobStatusMonitoringEvent", at, "5c92731f-dcaf-423c-81f8-1d49d46f3ee3"); got != want {
		t.Errorf("%s, recorded %s", got, want)
	}
}
