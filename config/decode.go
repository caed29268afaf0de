package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile bounds what is read into memory from a file an operator names.
const maxFile = 1 << 20

// document is a decoded file that still knows where its keys stood.
type document struct {
	file string
	root ast.Node
}

// correct is what to do about a file with a mistake in it.
const correct = "correct the file and try again; docs/config.md describes it"

// readFile reads a file that may not be larger than maxFile. The remedy tells how
// another one is named.
func readFile(path, remedy string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{File: path, Why: reason(err), Remedy: remedy, Err: err}
	}
	defer func() { _ = f.Close() }() // opened for reading only
	raw, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, &Error{File: path, Why: reason(err), Remedy: remedy, Err: err}
	}
	if len(raw) > maxFile {
		return nil, &Error{File: path, Why: "larger than 1 MiB; this is not a file of ours", Remedy: remedy}
	}
	return raw, nil
}

// reason is an operating system's error without the path, which Error names.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// decode reads one YAML document into v. Unknown and repeated keys, a second
// document and wrong types are errors. An empty file leaves v as it is.
func decode(file string, raw []byte, v any) (doc document, err error) {
	// The YAML package is not ours: a defect of it on odd bytes must reach the
	// operator as "this file is broken", not as a stack trace.
	defer func() {
		if r := recover(); r != nil {
			err = &Error{File: file, Why: fmt.Sprintf("not readable as YAML: %v", r), Remedy: correct}
		}
	}()
	doc = document{file: file}
	tree, err := parser.ParseBytes(raw, 0)
	if err != nil {
		return doc, doc.yamlError(err)
	}
	for _, d := range tree.Docs {
		if d.Body == nil {
			continue
		}
		if doc.root != nil {
			return doc, &Error{File: file, Line: line(d.Body), Why: "a second YAML document; one file holds one", Remedy: correct}
		}
		doc.root = d.Body
	}
	if doc.root == nil {
		return doc, nil
	}
	if _, ok := doc.root.(ast.MapNode); !ok && doc.root.Type() != ast.NullType {
		return doc, &Error{File: file, Line: line(doc.root), Why: "the file is not a list of \"key: value\" lines", Remedy: correct}
	}
	err = yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(v)
	if err != nil && !errors.Is(err, io.EOF) {
		return doc, doc.yamlError(err)
	}
	return doc, nil
}

// yamlError turns the YAML package's error into ours.
func (d document) yamlError(err error) *Error {
	out := &Error{File: d.file, Why: err.Error(), Remedy: correct, Err: err}
	var y yaml.Error
	if !errors.As(err, &y) {
		return out
	}
	out.Why = plainly(y)
	if tk := y.GetToken(); tk != nil && tk.Position != nil {
		out.Line = tk.Position.Line
		out.Key = strings.Join(keyAt(d.root, tk.Position.Offset), ".")
	}
	return out
}

// plainly says in an operator's words what the YAML package says in Go's.
func plainly(y yaml.Error) string {
	var t *yaml.TypeError
	if errors.As(y, &t) && t.DstType != nil && t.SrcType != nil {
		return shape(t.SrcType.Kind()) + " stands where " + shape(t.DstType.Kind()) + " is expected"
	}
	var n *yaml.UnexpectedNodeTypeError
	if errors.As(y, &n) {
		return node(n.Actual) + " stands where " + node(n.Expected) + " is expected"
	}
	if strings.Contains(y.GetMessage(), "found character '\t'") {
		return "a tab; YAML is indented with spaces"
	}
	if secretKey.MatchString(y.GetMessage()) {
		return y.GetMessage() + ": a secret never stands in this file; failback secret set keeps it in this machine's keyring"
	}
	return y.GetMessage()
}

// secretKey is the complaint about a key that somebody would write a secret behind.
var secretKey = regexp.MustCompile(`^unknown field "(\w*(secret|password))"`)

func node(t ast.NodeType) string {
	switch t {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "a group of keys"
	case ast.StringType, ast.LiteralType:
		return "a text"
	case ast.IntegerType, ast.FloatType:
		return "a number"
	default:
		return strings.ToLower(t.String())
	}
}

func shape(k reflect.Kind) string {
	switch k {
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "a group of keys"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	default:
		return "a number"
	}
}

// bad is an error at a key; the key's line is looked up in the document.
func (d document) bad(why string, path ...string) *Error {
	return &Error{File: d.file, Line: d.lineOf(path...), Key: strings.Join(path, "."), Why: why, Remedy: correct}
}

// lineOf is the line of the deepest key of path that the document has.
func (d document) lineOf(path ...string) int {
	node, at := d.root, 0
	for _, key := range path {
		v := child(node, key)
		if v == nil {
			return at
		}
		at, node = line(v.Key), v.Value
	}
	return at
}

func child(node ast.Node, key string) *ast.MappingValueNode {
	for _, v := range values(node) {
		if v.Key.GetToken().Value == key {
			return v
		}
	}
	return nil
}

func values(node ast.Node) []*ast.MappingValueNode {
	switch n := node.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// keyAt is the path of the last key at or before a byte offset.
func keyAt(node ast.Node, offset int) []string {
	var path []string
	for node != nil {
		var hit *ast.MappingValueNode
		for _, v := range values(node) {
			if p := v.Key.GetToken(); p != nil && p.Position != nil && p.Position.Offset <= offset {
				hit = v
			}
		}
		if hit == nil {
			return path
		}
		path = append(path, hit.Key.GetToken().Value)
		node = hit.Value
	}
	return path
}
