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

// maxMappingLines bounds the lines that are read of one mapping.
const maxMappingLines = 100_000

// maxMappingErrors bounds the errors, and the links kept, that are told of one import.
const maxMappingErrors = 100

// MappingChange is one decision that an imported mapping asks for.
type MappingChange struct {
	Line       int    `json:"line"`
	CustomerID string `json:"customerId"`
	Customer   string `json:"customer"`
	AssetID    string `json:"assetId,omitempty"`
	Asset      string `json:"asset,omitempty"`
	Side       Side   `json:"side"`
	Action     Action `json:"action"`
	From       string `json:"from"` // what it is now, in words
	TargetID   string `json:"targetId,omitempty"`
	Target     string `json:"target,omitempty"`

	note string
	link match.Link
}

// MappingError is one line that cannot be imported, is not, or deserves a look.
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
	// Kept are changes left out because another person decided the link.
	Kept []MappingError `json:"kept"`
	// Warnings are changes that are carried out and deserve a look.
	Warnings []MappingError `json:"warnings"`
	Applied  int            `json:"applied"`
	RunID    string         `json:"runId,omitempty"`
}

// ImportOptions say how a mapping is imported.
type ImportOptions struct {
	DryRun bool
	// Overwrite also changes what other people decided.
	Overwrite bool
}

// ImportMapping reads a mapping and decides what it changes; without DryRun it
// carries the changes out, customers first. A mapping with any error changes
// nothing. Per link of a line: another id than now matches to it; otherwise the
// state "ignored" ignores and "unmatched" takes a match away; blank cells and what
// is so already change nothing, so that an exported mapping imports without a change.
func (s *Service) ImportMapping(ctx context.Context, by string, r io.Reader, o ImportOptions) (MappingResult, error) {
	out := MappingResult{DryRun: o.DryRun, Changes: []MappingChange{}, Errors: []MappingError{}, Kept: []MappingError{}, Warnings: []MappingError{}}
	if err := checkBy(by); err != nil {
		return out, err
	}
	customers, err := state.Customers(ctx, s.Table)
	if err != nil {
		return out, err
	}
	im := &importer{
		service: s, by: by, overwrite: o.Overwrite, customers: customers, out: &out,
		docs: map[string]state.Documentation{}, lines: map[string]int{}, targets: map[string]int{}, organizations: map[string]string{},
	}
	if err := im.read(ctx, r); err != nil {
		return out, err
	}
	if len(out.Changes) > MaxMappingChanges {
		return out, refuse(Invalid, "", "this mapping makes %d changes; import it in parts of at most %d", len(out.Changes), MaxMappingChanges)
	}
	if o.DryRun || len(out.Errors) > 0 {
		return out, nil
	}
	return out, s.applyMapping(ctx, by, &out)
}

// applyMapping carries the changes out: those of customers before those of their
// machines, whose configurations belong to the new organization.
func (s *Service) applyMapping(ctx context.Context, by string, out *MappingResult) error {
	ordered := slices.Clone(out.Changes)
	slices.SortStableFunc(ordered, func(a, b MappingChange) int { return cmp.Compare(min(1, len(a.AssetID)), min(1, len(b.AssetID))) })
	machines := slices.IndexFunc(ordered, func(c MappingChange) bool { return c.AssetID != "" })
	if machines < 0 {
		machines = len(ordered)
	}
	for _, group := range [][]MappingChange{ordered[:machines], ordered[machines:]} {
		for part := range slices.Chunk(group, MaxBulk) {
			if err := s.applyPart(ctx, by, part, out); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) applyPart(ctx context.Context, by string, part []MappingChange, out *MappingResult) error {
	items := make([]Item, len(part))
	for i, c := range part {
		d := Decision{Action: c.Action, TargetID: c.TargetID, Reason: cmp.Or(c.note, "by an imported mapping"), seen: &part[i].link}
		items[i] = Item{Kind: c.Side, ID: cmp.Or(c.AssetID, c.CustomerID), Decision: d}
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
	return err
}

func inWords(l match.Link) string {
	if l.State == match.Matched {
		return fmt.Sprintf("matched to %s (%s)", l.TargetName, l.TargetID)
	}
	return stateOf(l)
}

// clipped bounds a text of a file before it is said again.
func clipped(s string) string {
	const most = 40
	if r := []rune(strings.ToValidUTF8(s, "\uFFFD")); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
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
