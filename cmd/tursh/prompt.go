package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/turso-coop/turso-coop/cmd/tursh/internal/show"
	"github.com/turso-coop/turso-coop/cmd/tursh/internal/sqltext"
	"github.com/turso-coop/turso-coop/driver"
)

// prompts are what .prompt has set: the one before a statement and the one before
// its other lines; "" for what the environment says, or the usual ones.
type prompts [2]string

// promptVariables are the environment's prompts.
var promptVariables = [2]string{"SQLITE_PS1", "SQLITE_PS2"}

// The usual prompts show the version and the database, or, amid a statement,
// what would complete it. The database is red in a transaction.
var (
	plainPrompts = [2]string{"/A-/v /f-> ", "/B/C-> "}
	colorPrompts = [2]string{
		"/e[1;32m/A-/v /e[1;/x31/:34/;m/f/e[0m-> ",
		"/B/e[1;/x31/:34/;m/C/e[0m-> ",
	}
)

// prompt returns what to show before the next line of in.
func (sh *shell) prompt(in *input, p *pending) string {
	if !in.prompt {
		return ""
	}
	if len(p.lines) == 0 {
		return sh.expandPrompt(sh.promptText(0), "")
	}
	return sh.continuation(sh.expandPrompt(sh.promptText(0), ""), p.scan.Closers())
}

// continuation returns the prompt of a line that goes on with a statement, which
// closers would complete. It is as wide as the main prompt.
func (sh *shell) continuation(main, closers string) string {
	text := sh.expandPrompt(sh.promptText(1), closers)
	blanks := max(0, show.DisplayWidth(main)-show.DisplayWidth(strings.Replace(text, promptPad, "", 1)))
	return strings.Replace(text, promptPad, strings.Repeat(" ", blanks), 1)
}

// promptText returns a prompt with its escapes.
func (sh *shell) promptText(which int) string {
	if text := sh.prompts[which]; text != "" {
		return text
	}
	if text, ok := os.LookupEnv(promptVariables[which]); ok {
		return text
	}
	if sh.color() {
		return colorPrompts[which]
	}
	return plainPrompts[which]
}

// promptPad stands where blanks are to make the prompt of another line as wide
// as that of the first one.
const promptPad = "\x00"

// expandPrompt replaces the escapes of a prompt, each a slash and a letter.
// closers is what would complete the statement.
func (sh *shell) expandPrompt(text, closers string) string {
	e := promptExpander{sh: sh, closers: closers, date: -1}
	for text != "" {
		slash := strings.IndexByte(text, '/')
		if slash < 0 || slash == len(text)-1 {
			e.add(strings.TrimSuffix(text, "/"))
			break
		}
		e.add(text[:slash])
		text = text[slash+1:]
		if value, n := digits(text, 8, 3); n > 0 { // an octal number is a byte
			e.add(string([]byte{value}))
			text = text[n:]
			continue
		}
		e.escape(text[0])
		text = text[1:]
	}
	if closers == "" {
		return strings.ReplaceAll(string(e.out), promptPad, "")
	}
	return string(e.out)
}

// promptExpander is a prompt in the making.
type promptExpander struct {
	sh      *shell
	closers string
	out     []byte
	hidden  []bool // by condition that is open, the innermost last
	date    int    // where a date begins in out, -1 outside of one
}

func (e *promptExpander) add(text string) {
	for _, hidden := range e.hidden {
		if hidden {
			return
		}
	}
	e.out = append(e.out, text...)
}

// escape adds what a slash and c stand for.
func (e *promptExpander) escape(c byte) {
	sh := e.sh
	switch c {
	case '/':
		e.add("/")
	case 'e':
		e.add("\x1b")
	case 'A':
		e.add("SQLite")
	case 'V':
		e.add(sh.version)
	case 'v':
		e.add(sh.version[:max(strings.LastIndexByte(sh.version, '.'), 0)])
	case 'x':
		e.hidden = append(e.hidden, sh.db == nil || !sh.db.inTransaction())
	case 'r':
		e.hidden = append(e.hidden, !sh.readOnly())
	case 'm':
		e.hidden = append(e.hidden, !sh.target.inMemory())
	case ':':
		if n := len(e.hidden); n > 0 {
			e.hidden[n-1] = !e.hidden[n-1]
		}
	case ';':
		e.hidden = e.hidden[:max(len(e.hidden)-1, 0)]
	case 'f', 'F', '~':
		e.add(sh.promptFile(c))
	case 'h', 'H':
		e.add(hostName(c == 'H'))
	case 'u':
		e.add(userName())
	case 'C':
		e.add(e.closers)
	case 'B':
		e.add(promptPad)
	case 'D':
		e.clock()
	default:
		e.out = fmt.Appendf(e.out, "UNKNOWN(\"/%c\")", c) // seen wherever it stands
	}
}

// clock replaces the text between two /D, a format of strftime, by the time.
func (e *promptExpander) clock() {
	if e.date < 0 {
		e.date = len(e.out)
		return
	}
	format := string(e.out[e.date:])
	e.out = append(e.out[:e.date], strftime(format, time.Now())...)
	e.date = -1
}

// strftimeLayouts are those of package time for the conversions of strftime.
var strftimeLayouts = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'p': "PM",
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'Z': "MST", 'z': "-0700", 'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06",
}

func strftime(format string, t time.Time) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			b.WriteByte(format[i])
			continue
		}
		i++
		if layout, ok := strftimeLayouts[format[i]]; ok {
			b.WriteString(t.Format(layout))
		} else {
			b.WriteByte(format[i])
		}
	}
	return b.String()
}

// promptFile returns the name of the database: its last part, all of it, or all
// of it below the home directory.
func (sh *shell) promptFile(c byte) string {
	if sh.target.inMemory() {
		return "memory"
	}
	name := sh.target.name
	switch c {
	case 'f':
		return filepath.Base(name)
	case '~':
		if home, err := os.UserHomeDir(); err == nil && strings.HasPrefix(name, home) {
			return "~" + strings.TrimPrefix(name, home)
		}
	}
	return name
}

func (sh *shell) readOnly() bool {
	readOnly := false
	if sh.db != nil {
		_ = sh.db.use(func(c driver.Conn) error {
			readOnly, _ = c.ReadOnly("main")
			return nil
		})
	}
	return readOnly
}

func hostName(full bool) string {
	name, err := os.Hostname()
	if err != nil {
		return "?"
	}
	if !full {
		name, _, _ = strings.Cut(name, ".")
	}
	return name
}

func userName() string {
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		if name := os.Getenv(variable); name != "" {
			return name
		}
	}
	return "?"
}

func (sh *shell) cmdPrompt(d *dotLine) error {
	given := 0
	for i := 1; i < len(d.args); i++ {
		arg := d.arg(i)
		switch {
		case isOption(arg, "reset"):
			sh.prompts = prompts{}
		case isOption(arg, "hard-reset"):
			sh.prompts = prompts{}
			for _, variable := range promptVariables {
				os.Unsetenv(variable)
			}
		case isOption(arg, "show"):
			fmt.Fprintf(sh.out, "Main prompt:  '%s'\nContinuation: '%s'\n", sh.promptText(0), sh.promptText(1))
		case isOption(arg, "color"):
			os.Unsetenv("NO_COLOR")
		case isOption(arg, "no-color"):
			os.Setenv("NO_COLOR", "1")
		case strings.HasPrefix(arg, "-") && !d.args[i].quoted:
			return &argError{i, "unknown option", ""}
		case given == len(sh.prompts):
			return &argError{i, "extra argument", ""}
		case !d.args[i].quoted && onlyLetters(arg):
			return &argError{i, "use quotes around the prompt string", ""}
		default:
			sh.prompts[given] = arg
			given++
		}
	}
	return nil
}

// onlyLetters reports whether text looks like a mistyped option rather than a
// prompt.
func onlyLetters(text string) bool { return sqltext.WordLen(text) == len(text) }

// color reports whether prompts may be coloured (https://no-color.org).
func (sh *shell) color() bool {
	_, none := os.LookupEnv("NO_COLOR")
	return !none && os.Getenv("TERM") != "dumb" && isTerminal(sh.stdin)
}
