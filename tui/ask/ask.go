// Package ask holds a conversation in lines: numbered questions and typed answers,
// for whoever has no screen, no sight or no terminal. One sentence stands on a line,
// nothing moves, and nothing is told by place or colour.
//
// Every question takes the same words beside its own answers: b goes back, q leaves,
// ? says what can be typed. The end of the input is an answer of its own, [ErrEnded]:
// it is never taken for a yes.
package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"failback/tui/lang"
	"failback/tui/text"
)

// The answers that end a question without an answer to it.
var (
	ErrBack  = errors.New("back to the question before")
	ErrLeave = errors.New("left at a question")
	ErrEnded = errors.New("the input ended at a question")
)

// Talk is a conversation. It is used by one goroutine.
type Talk struct {
	lines <-chan string
	out   io.Writer
	lang  lang.Language
}

// New makes a conversation over lines that are typed, and closed when they end.
func New(lines <-chan string, out io.Writer) *Talk { return &Talk{lines: lines, out: out} }

// In has the conversation held in a language. What is typed stays what it is in
// English: the letters of the answers, and words to be typed whole.
func (t *Talk) In(l lang.Language) *Talk {
	t.lang = l
	return t
}

// Lines is where the answers come from, for whoever goes on reading after the
// conversation.
func (t *Talk) Lines() <-chan string { return t.lines }

// Say writes one line. What stands in it may come from outside.
func (t *Talk) Say(format string, args ...any) {
	// A broken pipe towards a person can't be told to that person.
	_, _ = fmt.Fprintln(t.out, text.Clean(t.lang.Say(fmt.Sprintf(format, args...))))
}

// Choice is one answer of a question.
type Choice struct {
	Label string
	About string // more, on a line of its own; may be empty
	Off   string // why it can't be chosen; empty where it can
}

// Question is what One and Many ask.
type Question struct {
	Ask     string
	Choices []Choice
	// Help is what ? says beside what can be typed.
	Help string
}

func (t *Talk) put(q Question) {
	t.Say("")
	t.Say("%s", q.Ask)
	for i, c := range q.Choices {
		line := fmt.Sprintf("%d. %s", i+1, t.lang.Say(c.Label))
		if c.Off != "" {
			line += " " + t.lang.Say("(not possible: "+c.Off+")")
		}
		t.Say("%s", line)
		if c.About != "" {
			t.Say("   %s", c.About)
		}
	}
}

// One asks for one of the choices, by its number. An empty line is no answer:
// nothing is taken by default.
func (t *Talk) One(ctx context.Context, q Question) (int, error) {
	t.put(q)
	for {
		line, err := t.read(ctx, fmt.Sprintf("Type a number from 1 to %d; b goes back, q leaves.", len(q.Choices)), q.Help)
		if err != nil {
			return 0, err
		}
		n, err := q.number(line)
		if err != nil {
			t.Say("%s", err)
			continue
		}
		return n, nil
	}
}

// Many asks for one or more of the choices: numbers and ranges, or all that can be
// chosen. The answer is sorted and names nothing twice.
func (t *Talk) Many(ctx context.Context, q Question) ([]int, error) {
	t.put(q)
	for {
		line, err := t.read(ctx, "Type numbers such as  1 3  or  2-4 , or  all ; b goes back, q leaves.", q.Help)
		if err != nil {
			return nil, err
		}
		chosen, err := q.numbers(line)
		if err != nil {
			t.Say("%s", err)
			continue
		}
		return chosen, nil
	}
}

// Text asks for a text, which may be empty where optional is set.
func (t *Talk) Text(ctx context.Context, question string, optional bool) (string, error) {
	t.Say("")
	t.Say("%s", question)
	how := "Type it, and Enter; b goes back, q leaves."
	if optional {
		how = "Type it, or only Enter for none; b goes back, q leaves."
	}
	for {
		line, err := t.read(ctx, how, "")
		if err != nil || line != "" || optional {
			return line, err
		}
		t.Say("Nothing was typed.")
	}
}

// Word asks for a word to be typed whole, letter by letter as it is shown.
func (t *Talk) Word(ctx context.Context, what, word string) error {
	for {
		line, err := t.read(ctx, fmt.Sprintf("Type  %s  to %s; b goes back, q leaves.", word, what), "")
		if err != nil {
			return err
		}
		if line == word {
			return nil
		}
		t.Say("That is not %s: nothing was started.", word)
	}
}

// read asks until there is an answer that is not a word of every question.
func (t *Talk) read(ctx context.Context, how, help string) (string, error) {
	for {
		t.Say("%s", how)
		var line string
		select {
		case l, ok := <-t.lines:
			if !ok {
				return "", ErrEnded
			}
			line = strings.TrimSpace(l)
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		switch line {
		case "b":
			return "", ErrBack
		case "q":
			return "", ErrLeave
		case "?":
			if help != "" {
				t.Say("%s", help)
			}
			t.Say("b goes back to the question before and loses nothing; q leaves, and nothing is started.")
		default:
			return line, nil
		}
	}
}

func (q Question) number(s string) (int, error) {
	n, err := strconv.Atoi(s)
	switch {
	case s == "":
		return 0, errors.New("nothing was typed, and nothing is taken by default")
	case err != nil || n < 1 || n > len(q.Choices):
		return 0, fmt.Errorf("%q is none of the numbers", s)
	case q.Choices[n-1].Off != "":
		return 0, fmt.Errorf("%d can't be chosen: %s", n, q.Choices[n-1].Off)
	}
	return n - 1, nil
}

func (q Question) numbers(s string) ([]int, error) {
	var out []int
	if s == "all" {
		for i, c := range q.Choices {
			if c.Off == "" {
				out = append(out, i)
			}
		}
		if len(out) == 0 {
			return nil, errors.New("none of them can be chosen")
		}
		return out, nil
	}
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	if len(fields) == 0 {
		_, err := q.number("")
		return nil, err
	}
	for _, f := range fields {
		from, to, ranged := strings.Cut(f, "-")
		if !ranged {
			to = from
		}
		first, err := q.number(from)
		if err != nil {
			return nil, err
		}
		last, err := q.number(to)
		if err != nil {
			return nil, err
		}
		if last < first {
			return nil, fmt.Errorf("%q goes backwards", f)
		}
		for i := first; i <= last; i++ {
			if q.Choices[i].Off != "" {
				return nil, fmt.Errorf("%d can't be chosen: %s", i+1, q.Choices[i].Off)
			}
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}
