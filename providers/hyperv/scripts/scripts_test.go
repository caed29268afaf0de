package scripts

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"
)

func TestEveryScriptHasATextOfItsOwn(t *testing.T) {
	hashes := map[string]string{}
	for _, name := range Names() {
		text := Text(name)
		if !strings.HasPrefix(text, "param($p)\n") || !strings.HasSuffix(text, "\n") {
			t.Errorf("%s does not begin with its parameter", name)
		}
		if size := len(text); size > 5<<10 {
			t.Errorf("%s has %d bytes", name, size)
		}
		if other, twice := hashes[Hash(name)]; twice {
			t.Errorf("%s and %s are the same", name, other)
		}
		hashes[Hash(name)] = name
		if got, ok := ByText(text); !ok || got != name {
			t.Errorf("the text of %s is known as %q", name, got)
		}
	}
	if Text("other") != "" || Hash("other") != "" || Mutating("other") {
		t.Error("a script nobody wrote")
	}
	if _, ok := ByText("Get-Date"); ok {
		t.Error("a text nobody wrote has a name")
	}
}

// commands are the cmdlets that a script may call; mutating ones stand apart.
var (
	readers = []string{
		"Get-CimInstance", "Get-ItemProperty", "Get-VM", "Get-VMSwitch", "Get-VMNetworkAdapter", "Get-VMHardDiskDrive",
		"Get-VMSnapshot", "Get-VHD", "Where-Object", "ForEach-Object", "New-Object", "ConvertFrom-Json", "ConvertTo-Json",
		"Test-Path", "Get-ChildItem", "Get-OBMachineSetting", "Get-OBPolicy", "Get-VMFirmware", "Get-VMSecurity",
		"Get-Item", "Get-ClusterGroup", "Get-NetAdapter", "Get-NetIPAddress", "Select-Object",
		"Get-Cluster", "Get-ClusterNode", "Import-Module", "Get-SCVMMServer", "Get-SCCloud", "Get-SCVMHost",
		// functions of the scripts themselves
		"Find-Machine", "ConvertTo-Row", "ConvertTo-Disk", "Stop-Script", "Write-Answer", "Read-Key", "Read-Threads", "Read-Switches", "Read-Role", "Read-Setting", "Get-WinEvent", "Read-Log",
		"Test-Files", "ConvertTo-Machine",
	}
	writers = map[string][]string{
		StartVM: {"Start-VM"}, Guard: {"Set-VM"},
		SetThreads: {"New-Item", "New-ItemProperty", "Remove-ItemProperty"}, NewSwitch: {"New-VMSwitch"},
		CreateVM:  {"New-VM", "Set-VM", "Connect-VMNetworkAdapter", "Add-VMHardDiskDrive", "Set-VMFirmware", "Remove-VM"},
		SwapDisks: {"Set-VMHardDiskDrive"},
	}
	// Where-Object's and others' verbs; anything of this form is taken for a command.
	commandWord = regexp.MustCompile(`\b[A-Z][A-Za-z]+-[A-Z][A-Za-z]+\b`)
	quotedText  = regexp.MustCompile(`'[^']*'`)
)

// TestScriptsOnlyCallWhatTheyMay reads the constant texts: reading scripts can
// change nothing, and no script takes data for code or lets a name glob.
func TestScriptsOnlyCallWhatTheyMay(t *testing.T) {
	for _, name := range Names() {
		text := quotedText.ReplaceAllString(Text(name), "''")
		for _, word := range commandWord.FindAllString(text, -1) {
			if !slices.Contains(readers, word) && !slices.Contains(writers[name], word) {
				t.Errorf("%s calls %s", name, word)
			}
		}
		if Mutating(name) != (writers[name] != nil) {
			t.Errorf("%s: mutating is %v", name, Mutating(name))
		}
		for _, bad := range []string{"iex", "Invoke-", "& ", "-Name $", "-VMName", "Win32_Product", "$p.script", "ScriptBlock"} {
			if name == NewSwitch {
				text = strings.Replace(text, "New-VMSwitch -Name $name", "", 2) // it gives the name, nothing is looked for
			}
			if name == CreateVM {
				text = strings.Replace(text, "New-VM -Name $name", "", 1)
			}
			if strings.Contains(text, bad) {
				t.Errorf("%s contains %q", name, bad)
			}
		}
	}
}

// TestEveryCmdletStops makes sure that a failing Hyper-V cmdlet ends its script.
func TestEveryCmdletStops(t *testing.T) {
	for _, name := range Names() {
		for line := range strings.Lines(Text(name)) {
			if (strings.Contains(line, "Get-VM") || strings.Contains(line, "Get-Cim") || strings.Contains(line, "Get-VHD") ||
				strings.Contains(line, "Get-OB") || strings.Contains(line, "Get-ChildItem") || strings.Contains(line, "Get-ItemProperty") || strings.Contains(line, "Get-Item ") ||
				strings.Contains(line, "Get-Net") || strings.Contains(line, "New-Item") || strings.Contains(line, "Remove-Item") || strings.Contains(line, "New-VMSwitch") ||
				strings.Contains(line, "Start-VM ") || strings.Contains(line, "Set-VM") || strings.Contains(line, "New-VM ") ||
				strings.Contains(line, "Add-VM") || strings.Contains(line, "Remove-VM ") || strings.Contains(line, "Connect-VM")) && !strings.Contains(line, "-ErrorAction Stop") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestCommandLineIsConstantAndShortEnough(t *testing.T) {
	line := Executable + " " + strings.Join(Arguments(), " ")
	const createProcess = 32767
	if len(line) > createProcess {
		t.Errorf("%d characters", len(line))
	}
	raw, err := base64.StdEncoding.DecodeString(Arguments()[len(Arguments())-1])
	if err != nil {
		t.Fatal(err)
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(raw[2*i:])
	}
	if got := string(utf16.Decode(units)); got != bootstrapText {
		t.Error("the bootstrap does not survive its encoding")
	}
}

// TestDataNeverTouchesAScript sends whatever text there is as a parameter.
func TestDataNeverTouchesAScript(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom(Names()).Draw(t, "script")
		mark := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("'\"`$(){};\\\x00\r\n\u202e🦊ю\ufffd")))).Draw(t, "mark")
		line, err := EncodePayload(name, GuardParams{VMID: mark, Mark: mark})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range line[:len(line)-1] {
			if b < ' ' || b > '~' {
				t.Fatalf("byte %#x in the line", b)
			}
		}
		p, err := DecodePayload(line)
		if err != nil {
			t.Fatal(err)
		}
		var got GuardParams
		if err := json.Unmarshal(p.Params, &got); err != nil {
			t.Fatal(err)
		}
		if p.Script != Text(name) || got.Mark != mark || got.VMID != mark {
			t.Fatalf("%q became %q", mark, got.Mark)
		}
	})
}

func TestPayloadThatCannotBeMade(t *testing.T) {
	for name, try := range map[string]func() ([]byte, error){
		"unknown script": func() ([]byte, error) { return EncodePayload("other", NoParams{}) },
		"too long":       func() ([]byte, error) { return EncodePayload(Guard, GuardParams{Mark: strings.Repeat("x", MaxParams)}) },
		"not UTF-8":      func() ([]byte, error) { return EncodePayload(Guard, GuardParams{Mark: "\xc3\x28"}) },
		"not JSON":       func() ([]byte, error) { return EncodePayload(Guard, func() {}) },
	} {
		if line, err := try(); err == nil {
			t.Errorf("%s: %d bytes", name, len(line))
		}
	}
}

func TestPayloadDamagedOnItsWay(t *testing.T) {
	line, err := EncodePayload(ReadVM, VMParams{VMID: "x"})
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(line))
	for name, bad := range map[string]string{
		"empty":          "",
		"cut":            string(line[:len(line)-40]),
		"another length": fields[0] + " 7 " + fields[2],
		"another sum":    strings.Repeat("0", 64) + " " + fields[1] + " " + fields[2],
		"not base64":     fields[0] + " " + fields[1] + " *",
		"four fields":    string(line) + " x",
	} {
		if _, err := DecodePayload([]byte(bad)); !errors.Is(err, ErrPayload) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnswerLine(t *testing.T) {
	good, err := EncodeAnswer(StartVMAnswer{Before: "Off", After: "Running"})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := DecodeAnswer([]byte("noise\r\nFBK1 is not it\r\n" + good + "more END\r\n"))
	if err != nil || string(raw) != `{"before":"Off","after":"Running"}` {
		t.Errorf("%s, %v", raw, err)
	}
	failed, err := EncodeError(Error{Msg: "gibt es nicht", ID: IDNotFound, Category: "ObjectNotFound", HResult: -1, Line: 3})
	if err != nil {
		t.Fatal(err)
	}
	_, err = DecodeAnswer([]byte(failed))
	var e *Error
	if !errors.As(err, &e) || e.ID != IDNotFound || e.Line != 3 || e.HResult != -1 {
		t.Errorf("error %+v, %v", e, err)
	}
	document := func(text string) string { return "FBK1 " + base64.StdEncoding.EncodeToString([]byte(text)) + " END\n" }
	for name, stdout := range map[string]string{
		"nothing":      "",
		"two":          good + good,
		"cut":          good[:len(good)-6],
		"not base64":   "FBK1 *** END\n",
		"not JSON":     document("{"),
		"version":      document(`{"v":2,"ok":true,"data":{}}`),
		"both":         document(`{"v":1,"ok":true,"data":{},"err":{}}`),
		"neither":      document(`{"v":1,"ok":false}`),
		"without data": document(`{"v":1,"ok":true}`),
		"too long":     document(`{"v":1,"ok":true,"data":"` + strings.Repeat("x", MaxAnswer) + `"}`),
	} {
		if _, err := DecodeAnswer([]byte(stdout)); !errors.Is(err, ErrNoAnswer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	good, err := EncodeAnswer(VMsAnswer{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(good))
	for _, answer := range []any{
		ThreadsAnswer{Agent: true, Download: ThreadValue{Set: true, Value: 16, Kind: KindDWord}, Cores: 8}, SetThreadsAnswer{}, MachineAnswer{VMRow: VMRow{ID: "x"}, Paths: []string{`D:\x [1].vhdx`}},
		NetworkAnswer{Switches: []NetworkSwitch{{Name: "LAN ", Type: SwitchExternal, Cards: []string{"NIC"}}}, Adapters: []Adapter{{Name: "NIC 1"}}}, NewSwitchAnswer{Made: true},
		EventsAnswer{Logs: []EventLog{{Log: "Admin", Events: []Event{{ID: 1, Text: "ü"}}}}},
	} {
		line, err := EncodeAnswer(answer)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(line))
	}
	f.Add([]byte("FBK1  END\nFBK1 e30= END"))
	f.Fuzz(func(t *testing.T, stdout []byte) {
		raw, err := DecodeAnswer(stdout)
		var failed *Error
		switch {
		case err == nil && !json.Valid(raw):
			t.Errorf("%q is no JSON", raw)
		case err != nil && !errors.Is(err, ErrNoAnswer) && !errors.As(err, &failed):
			t.Errorf("error %v", err)
		}
	})
}

func FuzzDecodePayload(f *testing.F) {
	line, err := EncodePayload(HostFacts, NoParams{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	for script, params := range map[string]any{
		SetThreads: SetThreadsParams{Want: ThreadSetting{Set: true, Value: 16}}, NewSwitch: NewSwitchParams{Name: "LAN '$(x)'\u202e", Type: SwitchExternal, Adapter: "NIC [a]*"},
		CreateVM: CreateVMParams{Name: "web '$(x)'\u202e", Generation: 2, Disks: []string{`D:\new [1]*.vhdx`}}, SwapDisks: SwapDisksParams{From: []string{"a"}, To: []string{"b"}},
	} {
		if line, err = EncodePayload(script, params); err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte("a 1 eA=="))
	f.Fuzz(func(t *testing.T, line []byte) {
		if _, err := DecodePayload(line); err != nil && !errors.Is(err, ErrPayload) {
			t.Errorf("error %v", err)
		}
	})
}
