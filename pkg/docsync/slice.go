package docsync

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// Slice is everything that one customer's documentation is decided from, beside the
// bridge's own records. It holds no read times, so that it changes only when the
// data does.
type Slice struct {
	Customer backup.Customer `json:"customer"`
	// Organization is the id of the organization whose configurations these are;
	// empty while the customer has none.
	Organization string `json:"organization,omitempty"`
	// Below are the organizations below it whose configurations are here too.
	Below          []string              `json:"below,omitempty"`
	Assets         []backup.Asset        `json:"assets,omitempty"`
	Appliances     []backup.Appliance    `json:"appliances,omitempty"`
	Configurations []match.Configuration `json:"configurations,omitempty"`
	Facts          match.MACFacts        `json:"facts,omitzero"`
	// History is what UniView's backup history told of machines, by asset key.
	History map[string]backup.History `json:"history,omitempty"`
	// Strays are flexible assets of ours in the organization that are not as our
	// record says: archived or changed by a person, or a second one with a key.
	Strays []Published `json:"strays,omitempty"`
	// Missing are the ids of recorded flexible assets that the complete list lacks.
	Missing []string `json:"missing,omitempty"`
	// TooNew are the ids of configurations that a person linked after the list began
	// to be read and that it lacks: they are not missing.
	TooNew []string `json:"tooNew,omitempty"`
}

// Published is one of our flexible assets as IT Glue has it.
type Published struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	Name           string `json:"name"`
	Key            string `json:"key"`
	Archived       bool   `json:"archived,omitempty"`
	// Fields are our short fields by name, as text.
	Fields map[string]string `json:"fields,omitempty"`
}

// PublishedOf reads what one flexible asset shows in our fields. The details are
// left out: they say the same at length.
func PublishedOf(a itglue.FlexibleAsset, t Type) Published {
	p := Published{ID: a.ID, OrganizationID: a.OrganizationID, Name: a.Name, Archived: a.Archived, Fields: map[string]string{}}
	for _, f := range Spec.Fields {
		v, ok := a.Traits[t.Keys[f.Name]]
		if !ok {
			continue
		}
		switch f.Name {
		case FieldKey:
			p.Key = itglue.TraitText(v)
		case FieldConfiguration, FieldDetails:
		default:
			if text := itglue.TraitText(v); text != "" {
				p.Fields[f.Name] = text
			}
		}
	}
	return p
}

// holds says whether the slice has the configurations of an organization.
func (s *Slice) holds(organization string) bool {
	return organization != "" && (organization == s.Organization || slices.Contains(s.Below, organization))
}

// SliceInput is what NewSlice is made from.
type SliceInput struct {
	Customer       backup.Customer
	Organization   string
	Below          []string
	Assets         []backup.Asset
	Appliances     []backup.Appliance // those of the customer, at least the ones its assets name
	Configurations []match.Configuration
	// ConfigurationsFrom is when the read of Configurations began; zero: not known.
	ConfigurationsFrom time.Time
	Facts              match.MACFacts
	History            map[string]backup.History
	// Published are our flexible assets in these organizations by a complete list read
	// from PublishedFrom on; Documentation is the record to compare them with.
	Published     []Published
	PublishedFrom time.Time
	Documentation state.Documentation
	Installation  string
}

// NewSlice brings a customer's data into canonical order and compares what is
// published with the record. Fields that move without meaning are made coarse: a
// machine's last time online to the day.
func NewSlice(in SliceInput) Slice {
	s := Slice{Customer: in.Customer, Organization: in.Organization, Below: in.Below, Facts: in.Facts, History: in.History}
	s.Assets = sorted(in.Assets, backup.Asset.Key)
	for i := range s.Assets {
		s.Assets[i].LastOnline = s.Assets[i].LastOnline.UTC().Truncate(24 * time.Hour)
		s.Assets[i].Online = ""
	}
	s.Appliances = sorted(in.Appliances, func(a backup.Appliance) string { return a.ID })
	for i := range s.Appliances {
		s.Appliances[i].FreeMB, s.Appliances[i].TotalMB = 0, 0
	}
	s.Configurations = sorted(in.Configurations, func(c match.Configuration) string { return c.ID })
	s.TooNew = tooNew(in)
	s.compare(in)
	return s
}

// tooNew are the linked configurations that the list cannot know. Their times stay
// out of the slice.
func tooNew(in SliceInput) []string {
	if in.ConfigurationsFrom.IsZero() || in.Organization == "" {
		return nil
	}
	listed := map[string]bool{"": true}
	for _, c := range in.Configurations {
		listed[c.ID] = true
	}
	var out []string
	for _, m := range in.Documentation.Machines {
		if l := m.Link; l.Decided() && !listed[l.TargetID] && !l.At.Before(in.ConfigurationsFrom) {
			listed[l.TargetID] = true
			out = append(out, l.TargetID)
		}
	}
	slices.Sort(out)
	return out
}

func sorted[T any](in []T, key func(T) string) []T {
	out := slices.Clone(in)
	slices.SortStableFunc(out, func(a, b T) int { return cmp.Compare(key(a), key(b)) })
	return slices.CompactFunc(out, func(a, b T) bool { return key(a) == key(b) })
}

// compare finds what differs between record and list. What was written after the
// list was read is not compared: the list cannot know it.
func (s *Slice) compare(in SliceInput) {
	if in.PublishedFrom.IsZero() {
		return
	}
	byID, byKey := map[string]Published{}, map[string][]string{}
	for _, p := range in.Published {
		byID[p.ID] = p
		if p.Key != "" && !p.Archived {
			byKey[p.Key] = append(byKey[p.Key], p.ID)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(in.Documentation.Publications)) {
		pub := in.Documentation.Publications[id]
		if pub.State != state.PublicationCreated || !s.holds(pub.Organization) || !pub.Published.Before(in.PublishedFrom) {
			continue
		}
		p, ok := byID[pub.Asset]
		if !ok {
			s.Missing = append(s.Missing, pub.Asset)
			continue
		}
		key := Key(in.Installation, in.Customer.ID, pub.Organization, id)
		if p.Archived || p.Key != key || p.Fields[FieldStatus] != pub.Shown {
			s.Strays = append(s.Strays, p)
		}
		for _, twin := range byKey[key] {
			if twin != pub.Asset {
				s.Strays = append(s.Strays, byID[twin])
			}
		}
	}
	slices.SortFunc(s.Strays, func(a, b Published) int { return cmp.Compare(a.ID, b.ID) })
	s.Strays = slices.CompactFunc(s.Strays, func(a, b Published) bool { return a.ID == b.ID })
}
