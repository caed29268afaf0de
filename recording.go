package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"failback/providers/azure/record"
	"failback/providers/connect"
	"failback/providers/hyperv"
	"failback/tui/cli"
)

// record begins a recording of all that is asked of Azure and of hosts from then on.
func (r *root) record(path string, hide ...string) (cli.Recording, error) {
	azure, err := record.Create(path)
	if err != nil {
		return nil, err
	}
	azure.Hide(hide...)
	hosts, err := hyperv.NewTape(tapeOf(path), record.NewCleaner(true, hide...))
	if err != nil {
		return nil, errors.Join(err, azure.Close(), os.Remove(path)) // nothing half-made
	}
	r.recording = connect.Recording{Azure: azure, Hosts: hosts}
	return recording{r.recording, path}, nil
}

// tapeOf is the file of what was said with hosts, beside the one that was named.
func tapeOf(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".winrm.yml" }

type recording struct {
	connect.Recording
	path string
}

// Close implements [cli.Recording].
func (r recording) Close() ([]string, error) {
	files := []string{r.path}
	asked, err := r.Hosts.Close()
	if asked {
		files = append(files, tapeOf(r.path))
	}
	return files, errors.Join(r.Azure.Close(), err)
}
