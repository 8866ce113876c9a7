package docsync

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/plan"
	"uniview-bridge/pkg/state"
)

// bannerMark ends the texts that are ours.
const bannerMark = "(UniView Bridge)"

// WantedBanner is what must become of the alert text of an organization; none when
// Organization is empty.
type WantedBanner struct {
	Organization string
	Text         string // empty: ours is taken away
	Key          string
	Reason       string
}

// bannerOf is the beginning of a customer's banner.
func bannerOf(customer string) string { return "Unitrends backup of " + clip(customer) + ": " }

// banner decides the alert text of the customer's organization: how many of its
// machines have no good backup. It changes with the numbers, not with the clock.
func (d *decider) banner() {
	is := d.in.Documentation.Banner
	if d.in.Only != "" {
		return
	}
	w := WantedBanner{Organization: is.Organization}
	switch {
	case !d.in.Settings.Banner:
		w.Reason = "the banner is switched off"
	case d.place.retire != "":
		w.Reason = d.place.retire
	case d.place.hold != "" || !d.place.read:
		return
	case is.Text != "" && is.Organization != d.place.organization:
		w.Reason = "it stands on another organization than the customer's"
		d.out.at(d.in.Now) // then the right one gets its own
	default:
		w.Organization = d.place.organization
		if w.Key = d.troubles(); w.Key == "" {
			w.Reason = "every machine has a good backup"
			break
		}
		w.Text = bannerOf(d.in.Slice.Customer.Name) + w.Key + ", as of " + moment(d.in.Meta.AsOf) + " " + bannerMark
		w.Reason = w.Key
	}
	if w.Key == is.Key && (w.Text == "") == (is.Text == "") {
		return
	}
	change := plan.Change{
		Key: "banner|" + w.Organization, Vendor: string(state.ITGlue), Kind: plan.Banner,
		CustomerID: d.in.Slice.Customer.ID, CustomerName: d.in.Slice.Customer.Name,
		Title: cmp.Or(d.in.Customer.Links.Organization.TargetName, d.in.Slice.Customer.Name), TargetID: w.Organization, Reason: w.Reason,
		Fields: []plan.Field{{Name: "Alert", Before: is.Text, After: w.Text}},
	}
	switch {
	case is.Refused != "" && is.RefusedKey == cmp.Or(w.Key, state.NoNote) && is.Organization == w.Organization:
		change.Action, change.Reason, change.Fields = plan.Skip, "refused: "+is.Refused, nil
		d.out.Changes = append(d.out.Changes, change)
		return
	case w.Text == "":
		change.Action = plan.Unlink
	case is.Text == "":
		change.Action = plan.Create
	default:
		change.Action = plan.Update
	}
	d.out.Banner = w
	d.out.Changes = append(d.out.Changes, change)
}

// troubles says how many machines have no good backup; empty: none. A machine with
// registrations in both families counts once, with the worse word.
func (d *decider) troubles() string {
	n := map[backup.Word]int{}
	all, bad := 0, 0
	for key := range d.assets {
		m := d.out.Machines[key]
		if m.SupersededBy != "" || m.Link.State == match.Ignored {
			continue
		}
		st := d.statuses[key]
		if twin, ok := d.statuses[m.SameAs]; ok && d.out.Machines[m.SameAs].Link.State != match.Ignored {
			if m.SameAs < key {
				continue
			}
			st = backup.Worst(st, twin)
		}
		all++
		switch st.Word {
		case backup.WordFailed, backup.WordOverdue, backup.WordNoneSeen, backup.WordUnknown:
			n[st.Word]++
			bad++
		}
	}
	if bad == 0 {
		return ""
	}
	if n[backup.WordUnknown] == bad {
		return fmt.Sprintf("%s could not be read from UniView", machines(bad))
	}
	var parts []string
	for _, w := range backup.Words {
		if n[w] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[w], w))
		}
	}
	of := ""
	if all > bad {
		of = fmt.Sprintf(" of %d", all)
	}
	return fmt.Sprintf("%s%s without a good backup (%s)", machines(bad), of, strings.Join(parts, ", "))
}

func machines(n int) string {
	if n == 1 {
		return "1 machine"
	}
	return fmt.Sprintf("%d machines", n)
}

// bannerSays is what stands between the beginning and the mark of a banner.
var bannerSays = regexp.MustCompile(`^\d+ machines?( of \d+ without| without| could not)[a-zA-Z0-9 ,()]*, as of \d{4}-\d\d-\d\d \d\d:\d\d UTC $`)

// ours says whether an alert text is this customer's banner, and nothing but that: one
// that a person added words to is theirs.
func ours(alert string, customer string, is state.Banner) bool {
	alert = strings.TrimSpace(alert)
	if alert == "" || alert == is.Text {
		return alert != ""
	}
	says, begins := strings.CutPrefix(alert, bannerOf(customer))
	says, ends := strings.CutSuffix(says, bannerMark)
	return begins && ends && bannerSays.MatchString(says)
}
