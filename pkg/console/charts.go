package console

import (
	"fmt"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/view"
)

// glyphs tell words apart where colour does not.
var glyphs = map[backup.Word]string{
	backup.WordSuccess: "✓", backup.WordWarning: "!", backup.WordFailed: "✕", backup.WordOverdue: "»",
	backup.WordNoneSeen: "∅", backup.WordBackupOff: "–", backup.WordUnknown: "?",
}

func glyph(w backup.Word) string { return glyphs[w] }

// wordKey is a status word as a part of a class name.
func wordKey(w backup.Word) string { return strings.ReplaceAll(string(w), " ", "-") }

// size is an amount of storage as people say it.
func size(n int64) string {
	if n <= 0 {
		return "–"
	}
	const step = 1000
	units := []string{"B", "kB", "MB", "GB", "TB", "PB"}
	f, i := float64(n), 0
	for f >= step && i < len(units)-1 {
		f /= step
		i++
	}
	if f >= 100 || i == 0 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// The drawing of the trend, in its own units.
const (
	trendStep   = 20
	trendHeight = 120
)

// column is one day of the trend as it is drawn.
type column struct {
	X     int
	Title string
	Bars  []bit
}

// bit is the part of a column that one status word has.
type bit struct {
	Class string
	Y, H  float64
}

// trendChart is the trend as a drawing of stacked columns and, for those who do not
// see it, as a table.
type trendChart struct {
	Width, Height int
	Columns       []column
	Words         []backup.Word
	Days          []view.TrendDay
	Most          int
}

// drawTrend draws counts per day, the worst words on top.
func drawTrend(days []view.TrendDay) trendChart {
	chart := trendChart{Width: len(days) * trendStep, Height: trendHeight, Days: days, Words: backup.Words}
	for _, d := range days {
		chart.Most = max(chart.Most, d.Total)
	}
	for i, d := range days {
		col := column{X: i * trendStep, Title: d.Day.Format("2 Jan") + ": nothing known"}
		if d.Known && chart.Most > 0 {
			col.Title = d.Day.Format("2 Jan") + ": " + countsInWords(d)
			y := float64(trendHeight) * (1 - float64(d.Total)/float64(chart.Most))
			for _, w := range backup.Words {
				h := float64(trendHeight) * float64(d.Counts[w]) / float64(chart.Most)
				if h > 0 {
					col.Bars = append(col.Bars, bit{"w-" + wordKey(w), y, h})
				}
				y += h
			}
		}
		chart.Columns = append(chart.Columns, col)
	}
	return chart
}

func countsInWords(d view.TrendDay) string {
	var out []string
	for _, w := range backup.Words {
		if n := d.Counts[w]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, w))
		}
	}
	if len(out) == 0 {
		return "no machines"
	}
	return strings.Join(out, ", ")
}

// Known says whether any day can be drawn.
func (t trendChart) Known() bool { return t.Most > 0 }

// day is a date as charts write it.
func day(t time.Time) string { return t.Format("2 Jan") }
