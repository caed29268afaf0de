package scripts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// gateFolder holds the parser; .ci/run installs what it needs.
const gateFolder = "../../../testdata/ps"

// parsed is what the parser found in one text.
type parsed struct {
	Name         string          `json:"name"`
	Errors       []spot          `json:"errors"`
	Commands     []parsedCommand `json:"commands"`
	Calls        []spot          `json:"calls"`
	Functions    []spot          `json:"functions"`
	Types        []spot          `json:"types"`
	Drives       []spot          `json:"drives"`
	Redirections []spot          `json:"redirections"`
}

type spot struct {
	Line int    `json:"line"`
	Name string `json:"name"`
}

type parsedCommand struct {
	Line       int    `json:"line"`
	Name       string `json:"name"`
	Operator   string `json:"operator"`
	Expression string `json:"expression"`
	Parameters []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"parameters"`
	Elements []string `json:"elements"`
}

type psText struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// parse parses texts with a grammar of PowerShell.
func parse(t *testing.T, texts []psText) []parsed {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("Node.js is not installed")
	}
	if _, err := os.Stat(filepath.Join(gateFolder, "node_modules", "web-tree-sitter")); err != nil {
		t.Skip("the parser is not installed: npm ci --prefix testdata/ps --ignore-scripts")
	}
	in, err := json.Marshal(texts)
	if err != nil {
		t.Fatal(err)
	}
	// Node.js 20 does not end while its second compiler of WebAssembly is at work.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "--liftoff-only", "parse.mjs")
	cmd.Dir, cmd.Stdin = gateFolder, bytes.NewReader(in)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("parser: %v: %s", err, &said)
	}
	var found []parsed
	if err := json.Unmarshal(out, &found); err != nil || len(found) != len(texts) {
		t.Fatalf("parser: %v, %d answers to %d texts", err, len(found), len(texts))
	}
	return found
}

// permit is what a script may hold beyond what every script may.
type permit struct {
	commands []string
	objects  []string // .NET objects that it may make
	codes    bool     // may run a text as code: the bootstrap, which checks it first
	calls    []string
	names    bool // may give a name to what it makes: no wildcard is looked for then
}

func permitOf(script string) permit {
	may := permit{commands: writers[script], names: script == NewSwitch || script == CreateVM}
	if script == Reach { // it connects, and sends nothing
		may.objects = []string{"System.Net.Sockets.TcpClient"}
		may.calls = []string{".ConnectAsync", ".Wait", ".Close", ".AddSeconds", "Math::Max", ".GetBaseException"}
	}
	return may
}

var bootstrapPermit = permit{
	codes: true,
	calls: []string{"ScriptBlock::Create", ".WriteLine", ".Flush", ".ReadToEnd", ".ComputeHash", "Convert::ToBase64String", "Convert::FromBase64String", "BitConverter::ToString"},
}

// Methods, types and classes that change nothing. A new one is added here after a
// look at what it does.
var (
	readingCalls = []string{
		".ToString", ".ToUniversalTime", ".GetUtcOffset", ".GetType", ".GetBytes", ".GetString", ".Substring", ".Split", ".Replace", ".Trim",
		".ToLowerInvariant", ".StartsWith", ".EndsWith", ".Contains", "IO.File::ReadAllText", "IO.File::Exists",
		".GetValue", ".GetValueKind", ".GetValueNames", // of a registry key
	}
	readingObjects = []string{
		"System.IO.FileInfo", "System.Text.UTF8Encoding", "System.InvalidOperationException",
		"System.Management.Automation.ErrorRecord", "System.Security.Cryptography.SHA256CryptoServiceProvider",
	}
	readingTypes = []string{
		"string", "int", "int64", "uint64", "bool", "guid", "ordered", "DateTime", "Convert", "Console", "BitConverter", "Text.Encoding", "IO.File", "Math", "TimeZoneInfo", "TimeSpan",
	}
	// Asking this class for anything repairs what is installed.
	bannedWords = []string{"Win32_Product"}
)

// judge says what is wrong with a text.
func judge(p parsed, may permit) (wrong []string) {
	say := func(line int, format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s:%d: ", p.Name, line)+fmt.Sprintf(format, args...))
	}
	for _, e := range p.Errors {
		say(e.Line, "does not parse: %s", e.Name)
	}
	for _, c := range p.Commands {
		judgeCommand(c, may, say)
	}
	for _, c := range p.Calls {
		if !slices.Contains(readingCalls, c.Name) && !slices.Contains(may.calls, c.Name) {
			say(c.Line, "calls %s", c.Name)
		}
	}
	for _, ty := range p.Types {
		if !slices.Contains(readingTypes, ty.Name) && (!may.codes || ty.Name != "ScriptBlock") {
			say(ty.Line, "names the type %s", ty.Name)
		}
	}
	for _, f := range p.Functions {
		if !slices.Contains(readers, f.Name) {
			say(f.Line, "declares %s, which is not on the list", f.Name)
		}
	}
	for _, d := range slices.Concat(p.Drives, p.Redirections) {
		say(d.Line, "reaches outside: %s", d.Name)
	}
	return wrong
}

func judgeCommand(c parsedCommand, may permit, say func(int, string, ...any)) {
	switch {
	case c.Operator != "" || c.Expression != "":
		if !may.codes || c.Operator != "&" || c.Expression != "([ScriptBlock]::Create($payload.s))" {
			say(c.Line, "runs data as code: %s %s", c.Operator, c.Expression)
		}
	case !slices.Contains(readers, c.Name) && !slices.Contains(may.commands, c.Name):
		say(c.Line, "calls %s", c.Name)
	}
	if c.Name == "New-Object" && (len(c.Elements) == 0 || !slices.Contains(readingObjects, c.Elements[0]) && !slices.Contains(may.objects, c.Elements[0])) {
		say(c.Line, "makes an object %v", c.Elements)
	}
	for _, p := range c.Parameters {
		globs := strings.EqualFold(p.Name, "-Name") || strings.EqualFold(p.Name, "-VMName") || strings.EqualFold(p.Name, "-SwitchName") || strings.EqualFold(p.Name, "-ComputerName")
		if globs && strings.Contains(p.Value, "$") && !(may.names && (c.Name == "New-VMSwitch" || c.Name == "New-VM")) {
			say(c.Line, "%s %s: a name out of data may hold wildcards", c.Name, p.Name)
		}
		for _, word := range bannedWords {
			if strings.Contains(strings.ToLower(p.Value), strings.ToLower(word)) {
				say(c.Line, "%s names %s", c.Name, word)
			}
		}
	}
	reaches := strings.HasPrefix(c.Name, "Get-VM") || c.Name == "Get-VHD" || c.Name == "Get-CimInstance" || strings.HasPrefix(c.Name, "Get-Net") || strings.HasPrefix(c.Name, "Get-Cluster") || c.Name == "Get-Item" || slices.Contains(may.commands, c.Name)
	if reaches && !slices.ContainsFunc(c.Parameters, func(p struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	},
	) bool {
		return p.Name == "-ErrorAction" && p.Value == "Stop"
	}) {
		say(c.Line, "%s goes on after an error", c.Name)
	}
}

// TestScriptGate parses every PowerShell file and judges what it may do by its
// class.
func TestScriptGate(t *testing.T) {
	var texts []psText
	for _, name := range Names() {
		texts = append(texts, psText{name, Text(name)})
	}
	texts = append(texts, psText{"bootstrap", bootstrapText})
	files, err := filepath.Glob("ps/*")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v %v", files, err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(texts, func(x psText) bool { return strings.Contains(x.Text, string(raw)) }) {
			t.Errorf("%s is part of no script, so nobody would judge it", file)
		}
	}
	for _, p := range parse(t, texts) {
		may := permitOf(p.Name)
		if p.Name == "bootstrap" {
			may = bootstrapPermit
		}
		for _, w := range judge(p, may) {
			t.Error(w)
		}
		if len(p.Commands) == 0 {
			t.Errorf("%s: no command was found in it", p.Name)
		}
	}
}

// TestScriptGateBites gives the gate what it is there for.
func TestScriptGateBites(t *testing.T) {
	samples := []struct{ text, want string }{
		{"$a = 'open\n", "does not parse"},
		{"if ($a -eq 1 { 2 }\n", "does not parse"},
		{"Get-VM -ErrorAction Stop | | Get-VHD\n", "does not parse"},
		{"foreach $x in $y { }\n", "does not parse"},
		{"Invoke-Expression $p.x\n", "calls Invoke-Expression"},
		{"$p.x | iex\n", "calls iex"},
		{"& $p.x\n", "runs data as code"},
		{". $p.x\n", "runs data as code"},
		{"& ([ScriptBlock]::Create($p.x))\n", "runs data as code"},
		{"[ScriptBlock]::Create($p.x).Invoke()\n", "calls .Invoke"},
		{"$ExecutionContext.InvokeCommand.InvokeScript($p.x)\n", "calls .InvokeScript"},
		{"$a.$m()\n", "calls .$m"},
		{"Start-Process cmd.exe\n", "calls Start-Process"},
		{"cmd.exe /c dir\n", "calls cmd.exe"},
		{"Remove-Item -LiteralPath 'C:\\x' -ErrorAction Stop\n", "calls Remove-Item"},
		{"Remove-VM -VM $vm -ErrorAction Stop\n", "calls Remove-VM"},
		{"Set-VMReplication -Reverse\n", "calls Set-VMReplication"},
		{"Start-VM -VM $vm -ErrorAction Stop\n", "calls Start-VM"},
		{"gci | % { del $_ }\n", "calls del"},
		{"Get-VM -Name $p.name -ErrorAction Stop\n", "wildcards"},
		{"Get-VMNetworkAdapter -VMName $p.name -ErrorAction Stop\n", "wildcards"},
		{"Get-CimInstance -ClassName Win32_Product -ErrorAction Stop\n", "names Win32_Product"},
		{"Get-CimInstance -Query \"select * from win32_product\" -ErrorAction Stop\n", "names Win32_Product"},
		{"Get-VM\n", "goes on after an error"},
		{"[IO.File]::Delete('C:\\x')\n", "calls IO.File::Delete"},
		{"[Diagnostics.Process]::Start('cmd')\n", "names the type Diagnostics.Process"},
		{"New-Object System.Net.WebClient\n", "makes an object"},
		{"$env:PATH = 'C:\\x'\n", "reaches outside"},
		{"Get-VHD -Path 'x' -ErrorAction Stop > C:\\x.txt\n", "reaches outside"},
		{"function Get-VMX($a) { return $a }\n", "declares Get-VMX"},
		{"New-VMSwitch -Name $p.name -ErrorAction Stop\n", "calls New-VMSwitch"},
		{"New-ItemProperty -LiteralPath 'HKLM:\\x' -Name 'y' -Value 1 -ErrorAction Stop\n", "calls New-ItemProperty"},
		{"New-VM -Name $p.name -ErrorAction Stop\n", "calls New-VM"},
		{"Set-VMHardDiskDrive -VMHardDiskDrive $d -Path $p.x -ErrorAction Stop\n", "calls Set-VMHardDiskDrive"},
		{"Get-NetAdapter -Physical\n", "goes on after an error"},
		{"Get-NetAdapter -Name $p.adapter -ErrorAction Stop\n", "wildcards"},
	}
	texts := []psText{{"acting", "Start-VM -VM $vm -ErrorAction Stop\nSet-VM -VM $vm -ErrorAction Stop\n"}}
	for _, c := range samples {
		texts = append(texts, psText{"bad", c.text})
	}
	found := parse(t, texts)
	for i, c := range samples {
		if got := strings.Join(judge(found[i+1], permitOf(ReadVM)), "\n"); !strings.Contains(got, c.want) {
			t.Errorf("%q: the gate says %q, not %q", c.text, got, c.want)
		}
	}
	// An acting script may do its own deed and no other.
	if got := judge(found[0], permitOf(StartVM)); len(got) != 1 || !strings.Contains(got[0], "calls Set-VM") {
		t.Errorf("start-vm: %q", got)
	}
}
