package alert

import (
	"errors"
	"time"
)

// Texts are what templates come to.
type Texts struct {
	Summary     string `json:"summary"`
	Description string `json:"description"`
	Internal    string `json:"internal"` // the internal part of the first note
	Note        string `json:"note"`     // on repeats
	Closing     string `json:"closing"`
}

// Preview renders the templates of settings on a made-up ticket. Its error is what
// is wrong with the settings.
func Preview(s Settings, customer string, now time.Time) (Texts, error) {
	if err := errors.Join(checkTemplate(s.Summary), checkTemplate(s.Description)); err != nil {
		return Texts{}, err
	}
	told := Condition{
		Key: "sample", Base: "sample", Class: ClassBackup, Type: TypeConditional, ApplianceName: "Backup appliance 1", AssetKey: "appliance:sample",
		AssetName: "SRV-FILES", Message: "The asset backup was not created for the last 24 hour(s).", Severity: SeverityCritical,
		State: ConditionOpen, Episode: 1, First: now.Add(-26 * time.Hour), Last: now.Add(-time.Hour), Count: 3, Total: 3,
	}
	f := Facts{
		Customer: customer, Settings: s, AsOf: now, Conditions: []Condition{told},
		Group: Group{Name: told.AssetName, Reference: NewReference("sample", "sample", "sample", 1).String()},
	}
	t := Texts{Summary: SummaryText(f), Description: DescriptionText(f), Internal: InternalText(f), Note: NoteText(f, Note, "the trouble goes on", 1)}
	f.Group.Told = Tells(f.Conditions, nil)
	over := told
	over.State, over.Evidence = ConditionOver, &Evidence{Why: Recovered, AsOf: now, Good: now.Add(-10 * time.Minute), Last: told.Last}
	f.Conditions = []Condition{over}
	t.Closing = NoteText(f, Close, "all its troubles are over", 2)
	return t, nil
}
