package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"github.com/rogpeppe/go-internal/testscript"
)

// absent looks for a secret in files and folders, in the forms in which it could
// have got there: absent FILE PATH... Each path has to be there.
func absent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: absent FILE PATH...")
	}
	secret := strings.TrimRight(ts.ReadFile(args[0]), "\r\n")
	var wide []byte
	for _, unit := range utf16.Encode([]rune(secret)) {
		wide = binary.LittleEndian.AppendUint16(wide, unit)
	}
	forms := [][]byte{[]byte(secret), wide, []byte(base64.StdEncoding.EncodeToString([]byte(secret)))}
	looked := 0
	for _, path := range args[1:] {
		ts.Check(filepath.WalkDir(ts.MkAbs(path), func(file string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			looked++
			for _, form := range forms {
				if bytes.Contains(raw, form) {
					ts.Fatalf("%s holds the secret of %s", file, args[0])
				}
			}
			return nil
		}))
	}
	if looked == 0 {
		ts.Fatalf("there is no file to look at")
	}
}
