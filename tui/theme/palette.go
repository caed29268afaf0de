package theme

import "github.com/charmbracelet/lipgloss"

// palette is the colours of one theme for one kind of background. A test holds
// every one of them against the backgrounds it is meant for.
type palette struct {
	text, muted, frame, accent, ok, warn, bad, downtime, alarmFG, alarmBG lipgloss.TerminalColor
}

var dark = palette{
	text: lipgloss.Color("#d4d8de"), muted: lipgloss.Color("#a0a8b3"), frame: lipgloss.Color("#737c88"),
	accent: lipgloss.Color("#7cb7ff"), ok: lipgloss.Color("#86c98a"), warn: lipgloss.Color("#e3b866"),
	bad: lipgloss.Color("#f28b82"), downtime: lipgloss.Color("#e3b866"),
	alarmFG: lipgloss.Color("#1c1c1c"), alarmBG: lipgloss.Color("#f28b82"),
}

var light = palette{
	text: lipgloss.Color("#22262b"), muted: lipgloss.Color("#5c6470"), frame: lipgloss.Color("#868e99"),
	accent: lipgloss.Color("#0b57b0"), ok: lipgloss.Color("#1d6b2a"), warn: lipgloss.Color("#855200"),
	bad: lipgloss.Color("#b3261e"), downtime: lipgloss.Color("#855200"),
	alarmFG: lipgloss.Color("#ffffff"), alarmBG: lipgloss.Color("#b3261e"),
}

// The palettes for colour-blind eyes go from blue over yellow to vermilion, after
// Okabe and Ito, and differ in lightness, too.
var blindOnDark = palette{
	text: lipgloss.Color("#d4d8de"), muted: lipgloss.Color("#a0a8b3"), frame: lipgloss.Color("#737c88"),
	accent: lipgloss.Color("#ffffff"), ok: lipgloss.Color("#56b4e9"), warn: lipgloss.Color("#f0e442"),
	bad: lipgloss.Color("#f2814a"), downtime: lipgloss.Color("#f0e442"),
	alarmFG: lipgloss.Color("#1c1c1c"), alarmBG: lipgloss.Color("#f2814a"),
}

var blindOnLight = palette{
	text: lipgloss.Color("#22262b"), muted: lipgloss.Color("#5c6470"), frame: lipgloss.Color("#868e99"),
	accent: lipgloss.Color("#000000"), ok: lipgloss.Color("#005a9c"), warn: lipgloss.Color("#7d6400"),
	bad: lipgloss.Color("#6a0800"), downtime: lipgloss.Color("#7d6400"),
	alarmFG: lipgloss.Color("#ffffff"), alarmBG: lipgloss.Color("#6a0800"),
}

// The palettes of sixteen leave text to the terminal's own foreground. On a dark
// background they take the bright colours: the dark red and blue of a classic
// console can hardly be read on black.
var sixteenOnDark = palette{
	text: lipgloss.NoColor{}, muted: lipgloss.NoColor{}, frame: lipgloss.Color("8"),
	accent: lipgloss.Color("14"), ok: lipgloss.Color("10"), warn: lipgloss.Color("11"),
	bad: lipgloss.Color("9"), downtime: lipgloss.Color("11"),
	alarmFG: lipgloss.Color("15"), alarmBG: lipgloss.Color("1"),
}

// On a light background green, yellow and cyan can hardly be read.
var sixteenOnLight = palette{
	text: lipgloss.NoColor{}, muted: lipgloss.NoColor{}, frame: lipgloss.Color("8"),
	accent: lipgloss.Color("4"), ok: lipgloss.Color("4"), warn: lipgloss.Color("5"),
	bad: lipgloss.Color("1"), downtime: lipgloss.Color("5"),
	alarmFG: lipgloss.Color("15"), alarmBG: lipgloss.Color("1"),
}
