package ask

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

func talk(typed ...string) (*Talk, *bytes.Buffer) {
	lines := make(chan string, len(typed))
	for _, l := range typed {
		lines <- l
	}
	close(lines)
	var out bytes.Buffer
	return New(lines, &out), &out
}

var three = Question{Ask: "Which?", Choices: []Choice{{Label: "one"}, {Label: "two", Off: "it is away"}, {Label: "three", About: "the last"}}, Help: "Any will do."}

func TestOneTakesNothingByDefault(t *testing.T) {
	d, out := talk("", "2", "4", "x", "-1", "?", "3")
	n, err := d.One(t.Context(), three)
	if n != 2 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	for _, want := range []string{
		"2. two (not possible: it is away)", "   the last", "nothing was typed", "2 can't be chosen: it is away",
		`"4" is none`, `"x" is none`, `"-1" is none`, "Any will do.", "b goes back to the question before",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestManyTakesNumbersRangesAndAll(t *testing.T) {
	for typed, want := range map[string][]int{"1": {0}, "3, 1": {0, 2}, "3 1 3": {0, 2}, "all": {0, 2}} {
		d, _ := talk(typed)
		got, err := d.Many(t.Context(), three)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "1-3", "3-1", "1-", "-", "all 1", "0", "99999999999999999999", "1--3"} {
		d, _ := talk(typed)
		if got, err := d.Many(t.Context(), three); !errors.Is(err, ErrEnded) {
			t.Errorf("%q is taken as %v, %v", typed, got, err)
		}
	}
}

// The end of the input, going back and leaving are never a yes.
func TestNoEndOfAQuestionIsAYes(t *testing.T) {
	gone, end := context.WithCancel(t.Context())
	end()
	for typed, want := range map[string]error{"": ErrEnded, "b": ErrBack, "q": ErrLeave} {
		for name, put := range map[string]func(*Talk) error{
			"one":  func(d *Talk) error { _, err := d.One(t.Context(), three); return err },
			"many": func(d *Talk) error { _, err := d.Many(t.Context(), three); return err },
			"text": func(d *Talk) error { _, err := d.Text(t.Context(), "Why?", false); return err },
			"word": func(d *Talk) error { return d.Word(t.Context(), "start", "app01") },
		} {
			d, _ := talk(typed)
			if err := put(d); !errors.Is(err, want) {
				t.Errorf("%s, %q: %v", name, typed, err)
			}
		}
	}
	if err := New(nil, &bytes.Buffer{}).Word(gone, "start", "x"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAWordIsTypedWhole(t *testing.T) {
	d, out := talk("app", "APP01", "app011", " app01 ")
	if err := d.Word(t.Context(), "start", "app01"); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "nothing was started"); n != 3 {
		t.Errorf("%d refusals in:\n%s", n, out)
	}
}

func TestWhatComesFromOutsideIsCleaned(t *testing.T) {
	d, out := talk("1")
	if _, err := d.One(t.Context(), Question{Ask: "a\x1b[2J", Choices: []Choice{{Label: "x\u202e", About: "y\nz"}}}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") || strings.Contains(out.String(), "y\nz") {
		t.Errorf("%q", out)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{"1", "1-3", "all", "1,2 3", "--", "٣", "b", "?"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, _ := talk(s)
		got, err := d.Many(t.Context(), three)
		if err != nil {
			return
		}
		for _, i := range got {
			if i < 0 || i >= len(three.Choices) || three.Choices[i].Off != "" {
				t.Errorf("%q chose %d", s, i)
			}
		}
	})
}
