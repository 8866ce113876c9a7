package docsync

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/itglue"
)

// maxText bounds a text field; IT Glue's own limit is not known (itglue.md §11.6).
const maxText = 250

// registration is one registration of a machine as it is shown.
type registration struct {
	asset      backup.Asset
	status     backup.Status
	since      time.Time
	superseded bool
	gone       bool
	missingAt  time.Time
	ticket     string
}

// Content is what one flexible asset shows. Text fields are by name; Tags are the
// configuration ids.
type Content struct {
	Title  string // the machine's name
	Status string // as IT Glue shows it
	Text   map[string]string
	Tags   []string
	// Restricted makes it visible to chosen people only.
	Restricted bool
	// Now and Slow are digests: of what is written as soon as it changes, and of
	// the times and sizes that are written at their own pace.
	Now, Slow string
}

// slowFields are written at their own pace when nothing else changed.
var slowFields = []string{FieldLast, FieldLastGood, FieldStorage, FieldAppliance, FieldOverdue, FieldDetails}

// contentOf builds what the flexible asset of one configuration shows of a machine's
// registrations (all of them; at least one). It never shows when it was synced.
func contentOf(configuration, key string, regs []registration, appliances map[string]backup.Appliance, s Settings) Content {
	slices.SortFunc(regs, func(a, b registration) int {
		return cmp.Or(compareBool(a.gone, b.gone), compareBool(a.superseded, b.superseded), cmp.Compare(a.asset.Key(), b.asset.Key()))
	})
	lead := regs[0]
	c := Content{Title: clip(lead.asset.Name), Text: map[string]string{}, Tags: []string{configuration}, Restricted: s.Restricted}
	if c.Title == "" {
		c.Title = "(no name)"
	}
	set := func(field, text string) {
		if text != "" {
			c.Text[field] = clip(text)
		}
	}
	var shown []registration // what counts for the status
	for _, r := range regs {
		if !r.superseded && !r.gone {
			shown = append(shown, r)
		}
	}
	var status backup.Status
	if len(shown) == 0 {
		c.Status = LabelGone
		status = lead.status
		for _, r := range regs[1:] {
			status.LastBackup, status.LastGood = later(status.LastBackup, r.status.LastBackup), later(status.LastGood, r.status.LastGood)
		}
		set(FieldSince, moment(lead.missingAt))
	} else {
		worst := shown[0]
		status = shown[0].status
		for _, r := range shown[1:] {
			merged := backup.Worst(status, r.status)
			if merged.Word != status.Word {
				worst = r
			}
			status = merged
		}
		c.Status = Label(status.Word)
		set(FieldSince, moment(worst.since))
		if status.Word != backup.WordBackupOff && !status.OverdueAt.IsZero() {
			set(FieldOverdue, status.OverdueAt.UTC().Format(time.DateOnly))
		}
	}
	set(FieldMachine, c.Title)
	set(FieldStatus, c.Status)
	set(FieldLast, moment(status.LastBackup))
	set(FieldLastGood, goodOf(status))
	var storage, boxes, portals, tickets []string
	for _, r := range shown {
		storage = add(storage, storageOf(r.asset))
		boxes = add(boxes, applianceOf(r.asset, appliances))
		portals = add(portals, link(r.asset.PortalURL))
		tickets = add(tickets, r.ticket)
	}
	set(FieldStorage, strings.Join(storage, "; "))
	set(FieldAppliance, strings.Join(boxes, "; "))
	if len(portals) > 0 {
		set(FieldPortal, portals[0])
	}
	set(FieldTicket, strings.Join(tickets, ", "))
	var ids []string
	for _, r := range regs {
		if !r.gone {
			ids = append(ids, r.asset.Key())
		}
	}
	if len(ids) == 0 {
		ids = []string{lead.asset.Key()}
	}
	set(FieldIDs, strings.Join(ids, ", "))
	c.Text[FieldKey] = key
	c.Text[FieldDetails] = details(regs, appliances, s)
	c.Now, c.Slow = c.digests()
	return c
}

// Digest names the whole content.
func (c Content) Digest() string { return c.Now + c.Slow }

// digests of the fields written at once and of the slow ones.
func (c Content) digests() (now, slow string) {
	fast, late := sha256.New(), sha256.New()
	for _, f := range Spec.Fields {
		to := fast
		if slices.Contains(slowFields, f.Name) {
			to = late
		}
		fmt.Fprintf(to, "%s\x00%s\x00", f.Name, c.Text[f.Name])
	}
	fmt.Fprintf(fast, "%q", c.Tags)
	if c.Restricted {
		fmt.Fprint(fast, "restricted")
	}
	short := func(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:9]) }
	return short(fast.Sum(nil)), short(late.Sum(nil))
}

// traits are the content in IT Glue's write shape under the type's keys. Empty
// fields are left out: that clears them.
func (c Content) traits(t Type) map[string]any {
	out := map[string]any{}
	for field, text := range c.Text {
		out[t.Keys[field]] = text
	}
	if len(c.Tags) > 0 {
		out[t.Keys[FieldConfiguration]] = itglue.TagValue(c.Tags...)
	}
	return out
}

// blank is the content of a flexible asset that stands where it must not: nothing
// about the machine stays.
func blank(key string) Content {
	return Content{Title: "(removed)", Text: map[string]string{FieldMachine: "(removed)", FieldKey: key}}
}

// storageOf says how much storage a machine uses, or what comes nearest.
func storageOf(a backup.Asset) string {
	switch {
	case a.Family == backup.FamilyEndpoint && a.StorageBytes > 0:
		return decimal(float64(a.StorageBytes))
	case a.Family == backup.FamilyAppliance && a.Last != nil && a.Last.SizeMB > 0:
		return grouped(a.Last.SizeMB) + " MB (last backup size)"
	default:
		return ""
	}
}

// decimal is a number of bytes in the unit that fits, powers of 1000.
func decimal(n float64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB", "PB"}
	i := 0
	for n >= 999.5 && i < len(units)-1 {
		n /= 1000
		i++
	}
	digits := 1
	if i == 0 || n >= 99.5 {
		digits = 0
	}
	return strconv.FormatFloat(n, 'f', digits, 64) + " " + units[i]
}

func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func applianceOf(a backup.Asset, appliances map[string]backup.Appliance) string {
	if a.ApplianceID == "" {
		return ""
	}
	box, ok := appliances[a.ApplianceID]
	if !ok {
		return plain(a.ApplianceID)
	}
	name := plain(cmp.Or(box.Name, box.ID))
	if box.Online {
		return name + " (online)"
	}
	return name + " (offline)"
}

// goodOf is the last good backup, or since when none was seen.
func goodOf(st backup.Status) string {
	if st.LastGood.IsZero() && !st.NoneSince.IsZero() {
		return "none seen since " + st.NoneSince.UTC().Format(time.DateOnly)
	}
	return moment(st.LastGood)
}

// moment is a time as a person reads it; empty for none.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04 UTC")
}

// link lets only plain web addresses through.
func link(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}

// plain takes out of a foreign text what IT Glue's firewall or page could trip over:
// angle brackets and characters that do not print (itglue.md §1.3).
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '<':
			return '‹'
		case r == '>':
			return '›'
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return strings.TrimSpace(s)
}

// clip makes a text fit for a field.
func clip(s string) string {
	s = plain(s)
	if r := []rune(s); len(r) > maxText {
		return string(r[:maxText-1]) + "…"
	}
	return s
}

// details is the whole story as a plain table.
func details(regs []registration, appliances map[string]backup.Appliance, s Settings) string {
	var b strings.Builder
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "<tr><td>%s</td><td>%s</td></tr>", html.EscapeString(name), html.EscapeString(plain(value)))
		}
	}
	for _, r := range regs {
		fmt.Fprintf(&b, "<p><strong>%s</strong> (%s)</p><table>", html.EscapeString(plain(r.asset.Name)), html.EscapeString(string(r.asset.Family)))
		switch {
		case r.gone:
			row("Status", LabelGone+" since "+moment(r.missingAt))
		case r.superseded:
			row("Status", "An older registration of the same machine; not counted")
		default:
			row("Status", Label(r.status.Word)+": "+r.status.Reason)
			row("Since", moment(r.since))
		}
		row("Last backup", moment(r.status.LastBackup))
		row("Last good backup", cmp.Or(goodOf(r.status), "none seen"))
		if last := r.asset.Last; last != nil && !r.gone {
			row("Backup type", last.Type)
			row("Replication", string(last.Replication))
		}
		row("Storage", storageOf(r.asset))
		row("Appliance", applianceOf(r.asset, appliances))
		row("Type", r.asset.Kind)
		row("Open ticket", r.ticket)
		row("UniView id", r.asset.Key())
		b.WriteString("</table>")
		if base := link(s.ConsoleURL); base != "" && !r.gone {
			page := html.EscapeString(strings.TrimRight(base, "/") + "/assets/" + url.PathEscape(r.asset.Key()))
			fmt.Fprintf(&b, `<p><a href="%s">Compare data or sync now</a></p>`, page)
		}
	}
	return b.String()
}

func add(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
