package review

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/state"
)

// importer reads one mapping.
type importer struct {
	service   *Service
	by        string
	overwrite bool
	customers map[string]state.Customer
	docs      map[string]state.Documentation // of the customers whose machines stand in it
	out       *MappingResult

	lines         map[string]int    // line by customer or machine
	targets       map[string]int    // line by side and target that is newly matched to
	organizations map[string]string // by customer: the organization that the mapping gives it
	later         []mappingLine     // machines: after all customers
}

// mappingLine is one line with its columns.
type mappingLine struct {
	number int
	at     map[string]int
	cells  []string
}

func (l mappingLine) cell(column string) string {
	if i, ok := l.at[column]; ok && i < len(l.cells) {
		return uncell(l.cells[i])
	}
	return ""
}

func (im *importer) read(ctx context.Context, r io.Reader) error {
	in := csv.NewReader(&bomReader{r: r})
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return csvError(err)
	}
	at := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(uncell(name))
		if _, twice := at[name]; twice && name != "" {
			return refuse(Invalid, "", "the column %q stands twice in the first line", clipped(name))
		}
		at[name] = i
	}
	if _, ok := at["customer_id"]; !ok {
		return refuse(Invalid, "customer_id", "the first line must name the columns, customer_id among them, with commas between")
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return csvError(err)
		}
		if im.out.Rows++; im.out.Rows > maxMappingLines {
			return refuse(Invalid, "", "the mapping has over %d lines: import it in parts", maxMappingLines)
		}
		number, _ := in.FieldPos(0)
		line := mappingLine{number, at, record}
		if line.cell("asset_id") != "" {
			im.later = append(im.later, line)
			continue
		}
		if err := im.customer(ctx, line); err != nil {
			return err
		}
	}
	for _, line := range im.later {
		if err := im.machine(ctx, line); err != nil {
			return err
		}
	}
	slices.SortStableFunc(im.out.Errors, func(a, b MappingError) int { return cmp.Compare(a.Line, b.Line) })
	return nil
}

// fail notes what is wrong with a line.
func (im *importer) fail(l mappingLine, column, format string, args ...any) {
	if len(im.out.Errors) < maxMappingErrors {
		im.out.Errors = append(im.out.Errors, MappingError{l.number, column, fmt.Sprintf(format, args...)})
	}
}

// once refuses a record that stands in the mapping twice.
func (im *importer) once(l mappingLine, column, id string) bool {
	if first := im.lines[id]; first > 0 {
		im.fail(l, column, "this one stands in line %d, too", first)
		return false
	}
	im.lines[id] = l.number
	return true
}

func (im *importer) customer(ctx context.Context, l mappingLine) error {
	id := l.cell("customer_id")
	c, known := im.customers[id]
	if !known {
		im.fail(l, "customer_id", "there is no such customer")
		return nil
	}
	if !im.once(l, "customer_id", id) {
		return nil
	}
	for _, column := range []string{"configuration_state", "configuration_id"} {
		if l.cell(column) != "" {
			im.fail(l, column, "a configuration belongs to a machine: name it in asset_id")
			return nil
		}
	}
	for _, side := range []Side{Organization, Company} {
		link := *linkOf(&c, side)
		change := MappingChange{Line: l.number, CustomerID: c.ID, Customer: c.Name, Side: side, From: inWords(link), note: l.cell("note"), link: link}
		target := func(id string) (Target, string, error) {
			found, err := im.service.customerTargets(ctx, side, Decision{Action: Match, TargetID: id}, link)
			if err != nil {
				return Target{}, "", err
			}
			t, ok := found(id)
			if !ok {
				return t, fmt.Sprintf("there is no such %s", side), nil
			}
			return t, "", nil
		}
		if err := im.link(l, change, target); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) machine(ctx context.Context, l mappingLine) error {
	id, asset := l.cell("customer_id"), l.cell("asset_id")
	c, known := im.customers[id]
	if !known {
		im.fail(l, "customer_id", "there is no such customer")
		return nil
	}
	for _, column := range []string{"organization_state", "organization_id", "company_state", "company_id"} {
		if l.cell(column) != "" {
			im.fail(l, column, "this belongs into the customer's own line, without asset_id")
			return nil
		}
	}
	doc, loaded := im.docs[id]
	if !loaded {
		var err error
		if doc, err = state.LoadDocumentation(ctx, im.service.Table, id); err != nil {
			return err
		}
		im.docs[id] = doc
	}
	m, known := doc.Machines[asset]
	if !known {
		im.fail(l, "asset_id", "this customer has no such machine")
		return nil
	}
	if !im.once(l, "asset_id", asset) {
		return nil
	}
	organization, _ := c.Links.Organization.Linked()
	if next, moved := im.organizations[id]; moved {
		organization = next
	}
	change := MappingChange{
		Line: l.number, CustomerID: id, Customer: c.Name, AssetID: asset, Asset: m.Name,
		Side: Configuration, From: inWords(m.Link), note: l.cell("note"), link: m.Link,
	}
	return im.link(l, change, func(id string) (Target, string, error) {
		conf, ok, err := im.service.Directory.Configuration(ctx, id)
		switch {
		case err != nil:
			return Target{}, "", err
		case !ok:
			return Target{}, "there is no such configuration", nil
		case organization == "":
			return Target{}, "match the customer to an organization first", nil
		}
		within, err := im.service.Directory.searched(ctx, c.ID, organization, conf.OrganizationID)
		if err != nil {
			return Target{}, "", err
		}
		if !within {
			return Target{}, "this configuration belongs to another organization than the customer's", nil
		}
		return Target{conf.ID, conf.Name}, "", nil
	})
}

// link decides what the line asks of one link. target looks a record up, or says
// why it cannot be matched to.
func (im *importer) link(l mappingLine, c MappingChange, target func(id string) (Target, string, error)) error {
	side := string(c.Side)
	word, id := match.State(strings.ToLower(l.cell(side+"_state"))), l.cell(side+"_id")
	switch {
	case word != "" && !slices.Contains([]match.State{match.Matched, match.Ignored, match.Unmatched, match.Suggested, match.Attention}, word):
		im.fail(l, side+"_state", "use matched, ignored, unmatched, or leave it blank")
	case id != "" && id != c.link.TargetID:
		if word == match.Ignored {
			im.fail(l, side+"_state", "ignored and an id do not go together: clear one of the two")
			return nil
		}
		found, why, err := target(id)
		if err != nil {
			return err
		}
		if why != "" {
			im.fail(l, side+"_id", "%s", why)
			return nil
		}
		c.Action, c.TargetID, c.Target = Match, found.ID, found.Name
		im.change(l, c)
	case word == match.Matched && id == "" && c.link.State != match.Matched:
		im.fail(l, side+"_id", "matched needs an id")
	case word == match.Ignored && c.link.State != match.Ignored:
		c.Action = Ignore
		im.change(l, c)
	case word == match.Unmatched && c.link.State == match.Matched:
		c.Action = Unmatch
		im.change(l, c)
	}
	return nil
}

// change takes a change in, unless another person's decision stands against it.
func (im *importer) change(l mappingLine, c MappingChange) {
	if c.link.Decided() && c.link.By != im.by && !im.overwrite {
		if len(im.out.Kept) < maxMappingErrors {
			im.out.Kept = append(im.out.Kept, MappingError{l.number, string(c.Side) + "_id", fmt.Sprintf(
				"%s decided this on %s (%s), so it is kept: import with overwrite to change it", c.link.By, c.link.At.UTC().Format("2006-01-02"), inWords(c.link))})
		}
		return
	}
	if c.Side == Organization {
		im.organizations[c.CustomerID] = c.TargetID
	}
	if c.TargetID != "" {
		key := string(c.Side) + " " + c.TargetID
		if first := im.targets[key]; first > 0 && len(im.out.Warnings) < maxMappingErrors {
			im.out.Warnings = append(im.out.Warnings, MappingError{l.number, string(c.Side) + "_id", fmt.Sprintf("line %d is matched to this %s, too", first, c.Side)})
		} else {
			im.targets[key] = l.number
		}
	}
	im.out.Changes = append(im.out.Changes, c)
}
