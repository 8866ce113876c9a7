package review

import (
	"bytes"
	"strings"
	"unicode"
)

// MaxTable bounds a table that is written, in bytes: an answer of a function has at
// most 6 MB.
const MaxTable = 5 << 20

// Table writes comma-separated values that spreadsheets open without running
// anything: every cell is quoted, whatever separator the spreadsheet goes by, and
// what would be read as a formula is made text (Cell).
type Table struct {
	buf  bytes.Buffer
	rows int
}

// Row writes one line. It says whether the table still has room.
func (t *Table) Row(cells ...string) bool {
	for i, c := range cells {
		if i > 0 {
			t.buf.WriteByte(',')
		}
		t.buf.WriteByte('"')
		t.buf.WriteString(strings.ReplaceAll(strings.ToValidUTF8(Cell(c), "\uFFFD"), `"`, `""`))
		t.buf.WriteByte('"')
	}
	t.buf.WriteString("\r\n")
	t.rows++
	return t.buf.Len() <= MaxTable
}

// Rows is how many lines were written, the first one included.
func (t *Table) Rows() int { return t.rows }

// Bytes is the table.
func (t *Table) Bytes() []byte { return t.buf.Bytes() }

// formula are the signs by which spreadsheets know a formula, wide ones included,
// and the sign that marks a text as one.
const formula = "=+-@\t\r\n'|%＝＋－＠"

// Cell makes a text safe for spreadsheets: what would be read as a formula gets
// an apostrophe in front, which spreadsheets do not show.
func Cell(s string) string {
	if rest := strings.TrimLeftFunc(s, unicode.IsSpace); strings.IndexFunc(rest, isFormula) == 0 || strings.IndexFunc(s, isFormula) == 0 {
		return "'" + s
	}
	return s
}

func isFormula(r rune) bool { return strings.ContainsRune(formula, r) }

// uncell reads a cell back.
func uncell(s string) string {
	if rest, ok := strings.CutPrefix(strings.TrimSpace(s), "'"); ok && Cell(rest) != rest {
		return strings.TrimSpace(rest)
	}
	return strings.TrimSpace(s)
}
