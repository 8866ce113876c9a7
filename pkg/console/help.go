package console

import (
	"net/http"
	"slices"
	"strings"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// meaning is a word of the console with what it says.
type meaning struct {
	Word string
	Says []string
}

// chapter is a list of words on the Help page.
type chapter struct {
	ID, Name, Intro string
	Words           []meaning
}

var (
	linkMeanings = map[match.State]string{
		match.Unmatched: "No counterpart is linked, and none is close enough to suggest.",
		match.Suggested: "A counterpart is proposed with its score and reasons. It does nothing until somebody accepts it.",
		match.Matched:   "Linked by the rules or by a person. Links are held by ids: renaming breaks none.",
		match.Ignored:   "A person decided that it has no counterpart. It no longer counts as unmatched.",
		match.Attention: "Somebody has to look.",
	}
	causeMeanings = map[match.Cause]string{
		match.Ambiguous: "several candidates have equal right",
		match.Renamed:   "the linked record has another name now, and nothing else confirms it",
		match.Missing:   "the linked record was deleted or archived",
		match.Conflict:  "evidence speaks for another record",
	}
	alertMeanings = map[view.AlertState]string{
		view.AlertTicketed:  "An open ticket tells of it.",
		view.AlertPlanned:   "In preview: a ticket would be opened.",
		view.AlertHeld:      "Active, without a ticket; the reason stands beside it.",
		view.AlertSnoozed:   "A snooze or a maintenance window holds it back.",
		view.AlertUncertain: "A ticket may have been opened, but the answer was lost: the bridge searches for it before it tries again.",
		view.AlertMuted:     "It was muted in UniView when it was first seen: no ticket.",
		view.AlertOver:      "It is no longer active in UniView.",
	}
	ticketMeanings = map[alert.GroupState]string{
		alert.GroupWaiting:   "No ticket yet; the reason stands beside it.",
		alert.GroupCreating:  "The ticket is being opened.",
		alert.GroupUncertain: "ConnectWise's answer was lost: searches for the ticket are due before anything is repeated.",
		alert.GroupOpen:      "The ticket is open in ConnectWise.",
		alert.GroupClosed:    "The ticket is closed.",
		alert.GroupGone:      "The ticket was deleted in ConnectWise.",
	}
	runMeanings = map[state.RunState]string{
		state.Queued:    "Asked for, not begun.",
		state.Reading:   "Lists are being read.",
		state.Working:   "Everything is read and decided; customers are worked on one by one.",
		state.Succeeded: "Done.",
		state.Partial:   "Done but for some customers, which stay due; the run says why.",
		state.Failed:    "A list that everything stands on could not be read. The next sync tries again.",
		state.Stopped:   "The brake stopped it before it changed anything: it would have created, closed or unlinked more than usual. Approve its plan, or let the next sync plan anew.",
		state.Cancelled: "Somebody cancelled it.",
	}
	roleMeanings = []struct {
		role access.Role
		says string
	}{
		{access.Viewer, "Reads everything but credentials."},
		{access.Manager, "Also matches, syncs, snoozes, writes rules and approves plans, and may test connections."},
		{access.Administrator, "Also enters credentials, goes live, sets defaults and replays dead letters."},
	}
	glossary = []meaning{
		{"Customer", []string{"A customer in UniView."}},
		{"Organization", []string{"An organization in IT Glue."}},
		{"Company", []string{"A company in ConnectWise."}},
		{"Machine", []string{"What UniView protects: behind an appliance, or as an endpoint."}},
		{"Configuration", []string{"A device record in IT Glue, and its twin in ConnectWise."}},
		{"Preview", []string{"The bridge reads, matches and plans, and writes nothing to a vendor."}},
		{"Live", []string{"What is planned is written."}},
		{"Brake", []string{"Stops a sync that would create, close or unlink more than usual, before anything is applied."}},
		{"Dead letter", []string{"A message that could not be handled. It is kept with its reason and can be replayed."}},
	}
	keys = []meaning{
		{"Tab", []string{"goes to the next link, button or field; Shift + Tab back."}},
		{"Enter", []string{"follows a link or presses a button."}},
		{"j, k", []string{"in Matching: the next and the previous row."}},
	}
)

// statusMeanings are the status words with all their reasons, from the table that decides.
func statusMeanings() (out []meaning) {
	for _, word := range backup.Words {
		m := meaning{Word: title(string(word))}
		for _, row := range backup.Table {
			if row.Word != word {
				continue
			}
			says := title(row.Reason)
			if row.Family != "" {
				says += " (" + string(row.Family) + ")"
			}
			if !slices.Contains(m.Says, says) {
				m.Says = append(m.Says, says)
			}
		}
		out = append(out, m)
	}
	return out
}

func chapters() []chapter {
	links := []meaning{}
	for _, s := range view.LinkStates {
		m := meaning{tabNames[s], []string{linkMeanings[s]}}
		if s == match.Attention {
			for _, c := range []match.Cause{match.Ambiguous, match.Renamed, match.Missing, match.Conflict} {
				m.Says = append(m.Says, title(string(c))+": "+causeMeanings[c]+".")
			}
		}
		links = append(links, m)
	}
	alerts, tickets, runs, roles := []meaning{}, []meaning{}, []meaning{}, []meaning{}
	for _, s := range []view.AlertState{view.AlertTicketed, view.AlertPlanned, view.AlertHeld, view.AlertSnoozed, view.AlertUncertain, view.AlertMuted, view.AlertOver} {
		alerts = append(alerts, meaning{title(string(s)), []string{alertMeanings[s]}})
	}
	for _, s := range []alert.GroupState{alert.GroupWaiting, alert.GroupCreating, alert.GroupUncertain, alert.GroupOpen, alert.GroupClosed, alert.GroupGone} {
		tickets = append(tickets, meaning{title(string(s)), []string{ticketMeanings[s]}})
	}
	for _, s := range []state.RunState{state.Queued, state.Reading, state.Working, state.Succeeded, state.Partial, state.Failed, state.Stopped, state.Cancelled} {
		word := runWord(s).Word
		if word == "Running" {
			word += " (" + strings.ToLower(string(s)) + ")"
		}
		runs = append(runs, meaning{word, []string{runMeanings[s]}})
	}
	for _, r := range roleMeanings {
		roles = append(roles, meaning{r.role.String(), []string{r.says}})
	}
	return []chapter{
		{"machines", "Status of machines", "One table decides, from the last finished backup, the age of the last good one and the time of the read. A backup in progress keeps the result before it. Endpoints are never failed: their API tells no failures.", statusMeanings()},
		{"links", "Links", "Of customers to organizations and companies, and of machines to configurations.", links},
		{"alerts", "Alerts", "", alerts},
		{"tickets", "Tickets", "", tickets},
		{"runs", "Syncs", "", runs},
		{"roles", "Roles", "", roles},
		{"words", "Words", "", glossary},
		{"keys", "Keyboard", "", keys},
	}
}

func (c *Console) help(w http.ResponseWriter, r *http.Request) {
	c.show(w, r, http.StatusOK, "help", "layout.html", c.frame(r, "Help", chapters()))
}
