package wizard

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
)

// certificateStep asks for the certificate of the retired VMM data encryption.
// The password lives in the field until the step is left, and nowhere else.
type certificateStep struct {
	path, password *field.Field
	onPassword     bool
	browser        *browser // open while a file is looked for
	gen            int
	reading        bool
	err            error
}

type certificateMsg struct {
	gen  int
	cert *engine.Certificate
	err  error
}

func (s *certificateStep) name() string         { return "Certificate" }
func (s *certificateStep) applies(d Draft) bool { return d.encrypted() && !d.straight() }
func (s *certificateStep) typing() bool         { return s.browser == nil || s.browser.list.Typing() }

func (s *certificateStep) hints(*Wizard) []keymap.Binding {
	if s.browser != nil {
		return []keymap.Binding{keymap.Choose, keymap.Up, keymap.Down, keymap.Filter}
	}
	return []keymap.Binding{keymap.Choose.But("check it"), keymap.Next, keymap.Browse}
}

func (s *certificateStep) enter(w *Wizard) tea.Cmd {
	s.path = field.New("PFX file", "the file that provider setup issued").Set(w.draft.CertPath)
	s.password = field.Secret("Password", "not shown, not kept")
	s.onPassword, s.reading, s.err, s.browser = w.draft.CertPath != "", false, nil, nil
	return nil
}

func (s *certificateStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case certificateMsg:
		return s.came(w, m)
	case browsedMsg:
		if s.browser != nil {
			s.browser.came(m)
		}
	case tea.KeyMsg:
		if s.browser != nil {
			return s.keyBrowsing(w, m)
		}
		return s.key(w, m)
	}
	return nil
}

func (s *certificateStep) keyBrowsing(w *Wizard, k tea.KeyMsg) tea.Cmd {
	if keymap.Back.Is(k) && !s.browser.list.Filtered() {
		s.browser = nil
		return nil
	}
	path, cmd := s.browser.key(w, k)
	if path != "" {
		s.path.Set(path)
		s.browser, s.onPassword = nil, true
	}
	return cmd
}

func (s *certificateStep) key(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Back.Is(k):
		w.draft.CertPath = s.path.Value()
		s.forget(w)
		return w.back()
	case s.reading:
	case keymap.Browse.Is(k):
		var cmd tea.Cmd
		s.browser, cmd = browse(w, s.path.Value())
		return cmd
	case keymap.Choose.Is(k) && (s.onPassword || s.path.Value() == ""):
		return s.check(w)
	case keymap.Choose.Is(k), keymap.Next.Is(k), keymap.Previous.Is(k):
		s.onPassword = !s.onPassword
	case s.onPassword:
		s.password.Key(k)
	default:
		s.path.Key(k)
	}
	return nil
}

// forget drops the password and whatever check is still on its way.
func (s *certificateStep) forget(w *Wizard) {
	w.gen++
	s.gen, s.reading = w.gen, false
	s.password.Set("")
}

func (s *certificateStep) check(w *Wizard) tea.Cmd {
	if s.path.Value() == "" {
		w.notice = "Name the PFX file: the chosen item has encrypted data."
		return nil
	}
	w.gen++
	s.gen, s.reading, s.err = w.gen, true, nil
	gen, path, password, read := s.gen, s.path.Value(), s.password.Value(), w.services.Certificate
	return func() tea.Msg {
		cert, err := read(path, password)
		return certificateMsg{gen: gen, cert: cert, err: err}
	}
}

func (s *certificateStep) came(w *Wizard, m certificateMsg) tea.Cmd {
	if m.gen != s.gen {
		return nil
	}
	s.reading = false
	if s.err = m.err; m.err != nil {
		w.draft.Thumbprint, w.draft.certificate = "", nil
		return nil
	}
	w.draft.CertPath, w.draft.Thumbprint, w.draft.certificate = s.path.Value(), m.cert.Thumbprint(), m.cert
	s.forget(w)
	return w.forward()
}

func (s *certificateStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render(l.Say("Which certificate decrypts the data?")), ""}
	out = append(out, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ",
		"Data encryption of VMM clouds was retired on 2022-04-30. Disable it once the machine is home, and protect it again.", min(width, 76))...)
	sent := "It is checked here and not sent: the failback request has no field for it."
	if !w.draft.failback() {
		sent = "It is sent with the request and is neither copied, logged nor written to the journal."
	}
	out = append(out, l.Paragraph(l.T.Muted, "", sent, min(width, 76))...)
	out = append(out, "", s.path.View(l, width, !s.onPassword), s.password.View(l, width, s.onPassword), "")
	switch {
	case s.browser != nil:
		out = append(out, s.browser.view(w, width, height-len(out))...)
	case s.reading:
		out = append(out, l.T.Muted.Render(l.Say("Reading the certificate …")))
	case s.err != nil:
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", w.look.Failure(s.err), width)...)
	case w.draft.Thumbprint != "":
		out = append(out, l.Cut(l.T.OK.Render(l.G.OK)+" "+l.Say("checked before: "+w.draft.Thumbprint), width))
	}
	return l.Clamp(out, width, height)
}
