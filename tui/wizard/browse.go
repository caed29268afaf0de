package wizard

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/keymap"
	"failback/tui/pick"
)

// browser lists folders and certificate files, so that a path need not be typed.
// Folders are read in commands, never while drawing.
type browser struct {
	list    pick.List
	dir     string
	entries []entry // of the rows
	gen     int
	err     error
}

// entry is a folder, or a file that may hold a certificate.
type entry struct {
	name   string
	folder bool
}

type browsedMsg struct {
	gen     int
	dir     string
	entries []entry
	err     error
}

// browse begins in the folder of what was typed, or where the program runs.
func browse(w *Wizard, typed string) (*browser, tea.Cmd) {
	b := &browser{}
	cmd := b.read(w, typed)
	return b, cmd
}

func (b *browser) read(w *Wizard, dir string) tea.Cmd {
	w.gen++
	b.gen = w.gen
	gen := b.gen
	return func() tea.Msg {
		abs, entries, err := readFolder(dir)
		return browsedMsg{gen: gen, dir: abs, entries: entries, err: err}
	}
}

// readFolder lists the folder above, the certificate files and the folders
// inside, in this order. Hidden folders are left out. Of a path that is no folder
// it reads the folder it is in.
func readFolder(path string) (string, []entry, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		path = filepath.Dir(path)
	}
	dir, err := filepath.Abs(path)
	if err != nil {
		return dir, nil, err
	}
	found, err := os.ReadDir(dir)
	var folders, files []entry
	for _, f := range found {
		switch ext := strings.ToLower(filepath.Ext(f.Name())); {
		case f.IsDir() && !strings.HasPrefix(f.Name(), "."):
			folders = append(folders, entry{f.Name(), true})
		case !f.IsDir() && (ext == ".pfx" || ext == ".p12"):
			files = append(files, entry{f.Name(), false})
		}
	}
	return dir, slices.Concat([]entry{{"..", true}}, files, folders), err
}

func (b *browser) came(m browsedMsg) {
	if m.gen != b.gen {
		return
	}
	b.dir, b.entries, b.err = m.dir, m.entries, m.err
	rows := make([]pick.Row, len(b.entries))
	for i, e := range b.entries {
		kind := "certificate file"
		if e.folder {
			kind = "folder"
		}
		rows[i] = pick.Row{Cells: []string{e.name, kind}}
	}
	b.list.Columns = []pick.Column{{Name: true}, {Drop: 1}}
	b.list.Set(rows)
	if len(b.entries) > 1 && !b.entries[1].folder {
		b.list.Point(1) // a certificate is what is looked for
	}
}

// key answers with the file that was chosen, if one was.
func (b *browser) key(w *Wizard, k tea.KeyMsg) (chosen string, cmd tea.Cmd) {
	if b.list.Key(k) || !keymap.Choose.Is(k) {
		return "", nil
	}
	i, ok := b.list.Current()
	if !ok {
		return "", nil
	}
	path := filepath.Join(b.dir, b.entries[i].name)
	if b.entries[i].folder {
		return "", b.read(w, path)
	}
	return path, nil
}

func (b *browser) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.Section(l.Say("Certificate files (.pfx, .p12) in "+b.dir), width)}
	if b.err != nil {
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", b.err.Error(), width)...)
	}
	return append(out, b.list.View(l, width, max(1, height-len(out)))...)
}
