package review

import (
	"bytes"
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

// MaxMappingChanges is the most changes one imported mapping may make.
const MaxMappingChanges = 2000

// maxMappingErrors bounds the errors that are told of one import.
const maxMappingErrors = 100

// mappingColumns are the columns of the exported mapping. An import needs
// customer_id and any of the state and id columns; it ignores the names.
var mappingColumns = []string{
	"customer_id", "customer_name",
	"organization_state", "organization_id", "organization_name",
	"company_state", "company_id", "company_name",
}

// ExportMapping writes who is matched to what, one line per customer, by name.
func (s *Service) ExportMapping(ctx context.Context, w io.Writer) error {
	customers, err := state.Customers(ctx, s.Table)
	if err != nil {
		return err
	}
	rows := make([]state.Customer, 0, len(customers))
	for _, c := range customers {
		rows = append(rows, c)
	}
	slices.SortFunc(rows, func(a, b state.Customer) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	out := csv.NewWriter(w)
	if err := out.Write(mappingColumns); err != nil {
		return fmt.Errorf("mapping: %w", err)
	}
	for _, c := range rows {
		o, p := c.Links.Organization, c.Links.Company
		line := []string{c.ID, c.Name, stateOf(o), o.TargetID, o.TargetName, stateOf(p), p.TargetID, p.TargetName}
		for i := range line {
			line[i] = Cell(line[i])
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("mapping: %w", err)
		}
	}
	out.Flush()
	return out.Error()
}

func stateOf(l match.Link) string { return string(cmp.Or(l.State, match.Unmatched)) }

// Cell makes a text safe for spreadsheets: what would be read as a formula gets
// an apostrophe in front, which spreadsheets do not show.
func Cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n'|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

// uncell reads a cell back.
func uncell(s string) string {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "'"); ok && Cell(rest) != rest {
		return rest
	}
	return s
}

// MappingChange is one decision that an imported mapping asks for.
type MappingChange struct {
	Line       int    `json:"line"`
	CustomerID string `json:"customerId"`
	Customer   string `json:"customer"`
	Side       Side   `json:"side"`
	Action     Action `json:"action"`
	From       string `json:"from"` // what it is now, in words
	TargetID   string `json:"targetId,omitempty"`
	Target     string `json:"target,omitempty"`
}

// MappingError is one line that cannot be imported.
type MappingError struct {
	Line    int    `json:"line"`
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

// MappingResult is what an import did, or would do.
type MappingResult struct {
	DryRun  bool            `json:"dryRun"`
	Rows    int             `json:"rows"`
	Changes []MappingChange `json:"changes"`
	Errors  []MappingError  `json:"errors"`
	Applied int             `json:"applied"`
	RunID   string          `json:"runId,omitempty"`
}

// ImportMapping reads a mapping and decides what it changes; without dryRun it
// carries the changes out. A mapping with any error changes nothing. Per side of
// a line: another id than now matches to it; otherwise the state "ignored"
// ignores and "unmatched" takes a match away; blank cells and what is so already
// change nothing, so that an exported mapping imports without a change.
func (s *Service) ImportMapping(ctx context.Context, by string, r io.Reader, dryRun bool) (MappingResult, error) {
	if err := checkBy(by); err != nil {
		return MappingResult{}, err
	}
	out := MappingResult{DryRun: dryRun, Changes: []MappingChange{}, Errors: []MappingError{}}
	customers, err := state.Customers(ctx, s.Table)
	if err != nil {
		return out, err
	}
	if err := s.planMapping(ctx, r, customers, &out); err != nil {
		return out, err
	}
	if len(out.Changes) > MaxMappingChanges {
		return out, refuse(Invalid, "", "this mapping makes %d changes; import it in parts of at most %d", len(out.Changes), MaxMappingChanges)
	}
	if dryRun || len(out.Errors) > 0 {
		return out, nil
	}
	return out, s.applyMapping(ctx, by, &out)
}

func (s *Service) applyMapping(ctx context.Context, by string, out *MappingResult) error {
	for part := range slices.Chunk(out.Changes, MaxBulk) {
		items := make([]Item, len(part))
		for i, c := range part {
			items[i] = Item{Kind: c.Side, ID: c.CustomerID, Decision: Decision{Action: c.Action, TargetID: c.TargetID, Reason: "by an imported mapping"}}
		}
		results, err := s.Many(ctx, by, items)
		for i, r := range results {
			switch {
			case r.Refusal != nil:
				out.Errors = append(out.Errors, MappingError{Line: part[i].Line, Message: r.Refusal.Message})
			case r.Outcome.Changed:
				out.Applied++
				out.RunID = cmp.Or(out.RunID, r.Outcome.RunID)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// planMapping fills changes and errors in.
func (s *Service) planMapping(ctx context.Context, r io.Reader, customers map[string]state.Customer, out *MappingResult) error {
	br := &bomReader{r: r}
	in := csv.NewReader(br)
	in.FieldsPerRecord = -1
	header, err := in.Read()
	if err != nil {
		return csvError(err)
	}
	at := map[string]int{}
	for i, name := range header {
		at[strings.ToLower(uncell(name))] = i
	}
	if _, ok := at["customer_id"]; !ok {
		return refuse(Invalid, "customer_id", "the first line must name the columns, customer_id among them")
	}
	seen := map[string]int{}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return csvError(err)
		}
		line, _ := in.FieldPos(0)
		cell := func(column string) string {
			if i, ok := at[column]; ok && i < len(record) {
				return uncell(record[i])
			}
			return ""
		}
		out.Rows++
		id := cell("customer_id")
		c, known := customers[id]
		switch {
		case !known:
			out.fail(line, "customer_id", "there is no such customer")
			continue
		case seen[id] > 0:
			out.fail(line, "customer_id", fmt.Sprintf("this customer stands in line %d, too", seen[id]))
			continue
		}
		seen[id] = line
		for _, side := range []Side{Organization, Company} {
			if err := s.planSide(ctx, out, line, c, side, cell(string(side)+"_state"), cell(string(side)+"_id")); err != nil {
				return err
			}
		}
	}
}

func (r *MappingResult) fail(line int, column, message string) {
	if len(r.Errors) < maxMappingErrors {
		r.Errors = append(r.Errors, MappingError{line, column, message})
	}
}

// planSide decides what one side of a line asks for.
func (s *Service) planSide(ctx context.Context, out *MappingResult, line int, c state.Customer, side Side, word, id string) error {
	link := *linkOf(&c, side)
	change := MappingChange{Line: line, CustomerID: c.ID, Customer: c.Name, Side: side, From: inWords(link)}
	if id != "" && id != link.TargetID {
		target, err := s.customerTargets(ctx, side, Decision{Action: Match, TargetID: id}, link)
		if err != nil {
			return err
		}
		found, ok := target(id)
		if !ok {
			out.fail(line, string(side)+"_id", fmt.Sprintf("there is no such %s", side))
			return nil
		}
		change.Action, change.TargetID, change.Target = Match, found.ID, found.Name
		out.Changes = append(out.Changes, change)
		return nil
	}
	switch match.State(strings.ToLower(word)) {
	case "", match.Suggested, match.Attention:
		return nil
	case match.Matched:
		if id == "" && link.State != match.Matched {
			out.fail(line, string(side)+"_id", "matched needs an id")
		}
		return nil
	case match.Ignored:
		if link.State == match.Ignored {
			return nil
		}
		change.Action = Ignore
	case match.Unmatched:
		if link.State != match.Matched {
			return nil
		}
		change.Action = Unmatch
	default:
		out.fail(line, string(side)+"_state", "use matched, ignored, unmatched, or leave it blank")
		return nil
	}
	out.Changes = append(out.Changes, change)
	return nil
}

func inWords(l match.Link) string {
	if l.State == match.Matched {
		return fmt.Sprintf("matched to %s (%s)", l.TargetName, l.TargetID)
	}
	return stateOf(l)
}

// csvError is what is wrong with the file, in words.
func csvError(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return refuse(Invalid, "", "the file is empty")
	case errors.As(err, &parse):
		return refuse(Invalid, "", "line %d is not readable as comma-separated values", parse.Line)
	}
	return err
}

// bomReader drops the mark that spreadsheets put in front of UTF-8 files.
type bomReader struct {
	r       io.Reader
	started bool
}

func (b *bomReader) Read(p []byte) (int, error) {
	if b.started {
		return b.r.Read(p)
	}
	b.started = true
	head := make([]byte, 3)
	n, err := io.ReadFull(b.r, head)
	head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return 0, err
	}
	b.r = io.MultiReader(bytes.NewReader(head), b.r)
	return b.r.Read(p)
}
