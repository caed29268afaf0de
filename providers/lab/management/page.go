package management

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"failback/providers/lab/world"
)

// Rows of one answer: inferred, since how many the service gives is not known.
const (
	itemRows        = 250
	protectableRows = 100
)

// page is an answer to a list request that has one page.
func page(rows []obj) obj {
	if rows == nil {
		rows = []obj{}
	}
	return obj{"value": rows, "nextLink": nil}
}

// paged answers with the page that the request's skip token asks for, of a list
// whose rows are made one by one. With trailing set the list ends in a page of
// no rows, as lists of protectable items were recorded to.
func paged[T any](c *call, list []T, rows int, trailing bool, row func(T) obj) (obj, error) {
	from, err := c.skipped()
	if err != nil {
		return nil, err
	}
	from = min(from, len(list))
	to := min(from+rows, len(list))
	values := make([]obj, 0, to-from)
	for _, e := range list[from:to] {
		values = append(values, row(e))
	}
	body := page(values)
	if to < len(list) || trailing && to > from {
		body["nextLink"] = c.next(to)
	}
	return body, nil
}

// skipped is how many rows the request's token skips. Microsoft's clients spell
// the parameter in two ways.
func (c *call) skipped() (int, error) {
	for name, values := range c.query {
		if !strings.EqualFold(strings.TrimPrefix(name, "$"), "skipToken") || values[0] == "" {
			continue
		}
		text, err := base64.RawURLEncoding.DecodeString(values[0])
		if err == nil {
			if n, err := strconv.Atoi(string(text)); err == nil && n >= 0 {
				return n, nil
			}
		}
		return 0, invalid("InvalidSkipToken", "The skip token '"+values[0]+"' is not one that this service gave.",
			"Follow the nextLink of the page before as it is.")
	}
	return 0, nil
}

// next is the address of the page behind n rows: the one that was asked for,
// with another token.
func (c *call) next(n int) string {
	query := url.Values{}
	for name, values := range c.query {
		if !strings.EqualFold(strings.TrimPrefix(name, "$"), "skipToken") {
			query[name] = values
		}
	}
	query.Set("$skipToken", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(n))))
	return c.origin() + respell(c.r.URL.EscapedPath()) + "?" + query.Encode()
}

// respell writes a path as the service does in its own addresses.
func respell(path string) string {
	const key = "/subscriptions/"
	if len(path) > len(key) && strings.EqualFold(path[:len(key)], key) {
		return "/Subscriptions/" + path[len(key):]
	}
	return path
}

// invalid is the service's shape of a request that makes no sense.
func invalid(detail, message, remedy string) *world.Refusal {
	return &world.Refusal{
		Status: http.StatusBadRequest, Code: "BadRequest", Detail: detail,
		Message: message, Causes: "The request is not one that this service understands.", Remedy: remedy,
	}
}
