package glyph

import (
	"reflect"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func TestEverySymbolIsOneCell(t *testing.T) {
	for name, set := range map[string]Set{"unicode": Unicode(), "ascii": ASCII()} {
		v := reflect.ValueOf(set)
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type.Kind() != reflect.String || f.Name == "Arrow" {
				continue
			}
			if w := ansi.StringWidth(v.Field(i).String()); w != 1 {
				t.Errorf("%s: %s is %d cells wide", name, f.Name, w)
			}
		}
	}
}

func TestASCIISetIsASCII(t *testing.T) {
	s := ASCII()
	all := s.Text("Azure → on-premises · “x” – …") + s.Sparkline([]float64{0, 1, 2, 3, 4, 5, 6, 7, 8}, 20)
	v := reflect.ValueOf(s)
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			all += v.Field(i).String()
		}
	}
	for _, r := range all {
		if r > '~' {
			t.Errorf("%q is not ASCII", r)
		}
	}
}

func TestSparklineScalesAndKeepsTheNewest(t *testing.T) {
	s := Unicode()
	for _, c := range []struct {
		in    []float64
		width int
		want  string
	}{
		{nil, 5, ""},
		{[]float64{0, 0}, 5, "▁▁"},
		{[]float64{0, 4, 8}, 5, "▁▅█"},
		{[]float64{9, 0, 8}, 2, "▁█"},
		{[]float64{-3, 1}, 5, "▁█"},
	} {
		if got := s.Sparkline(c.in, c.width); got != c.want {
			t.Errorf("Sparkline(%v, %d) = %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func TestDigitsAreThreeEqualRows(t *testing.T) {
	rows := Digits("01:23:45.x")
	for i, r := range rows {
		if len(r) != len(rows[0]) || len(r) == 0 {
			t.Errorf("row %d is %q, row 0 %q", i, r, rows[0])
		}
	}
}

func TestWantsASCII(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "C.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE.utf8"}, false},
		{map[string]string{"LANG": "C"}, true},
		{map[string]string{"LANG": "de_DE.UTF-8", "LC_ALL": "de_DE.ISO-8859-1"}, true},
		{map[string]string{"LANG": "C.UTF-8", "TERM": "dumb"}, true},
	} {
		if got := WantsASCII(func(k string) string { return c.env[k] }); got != c.want {
			t.Errorf("WantsASCII(%v) = %v", c.env, got)
		}
	}
}

func TestProgressBarKeepsItsWidth(t *testing.T) {
	for share, want := range map[float64]string{-1: "....", 0: "....", 0.5: "##..", 1: "####", 7: "####"} {
		if got := ASCII().Progress(share, 4); got != want {
			t.Errorf("Progress(%v) = %q, want %q", share, got, want)
		}
	}
}
