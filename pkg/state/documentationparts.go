package state

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A record of up to partBytes is one item. A larger one is a head, which holds all that
// is small, and parts under keys of their own that are written once and never changed.
// The head names them, so the whole record still changes by one conditional write: that
// of its head. Parts that a crash left without a head that names them are deleted by
// whoever reads all records next.
//
// Parts follow each other in the order of their keys and end where a key's hash says
// so: one entry more or less changes one part, whatever the size of the record.
const (
	partEvery = 256       // entries per part, on average
	partBytes = 256 << 10 // before compression: less than an item holds
)

// documentationHead is the item under the customer's id.
type documentationHead struct {
	Documentation
	Parts []documentationPart `json:"q,omitempty"`
}

// documentationPart names one part. Its key holds the version of the head it was
// written for: no two writers ever mean different things by the same key, and a part
// that the head does not name any more is never named again.
type documentationPart struct {
	Key    string `json:"k"` // sort key
	Digest string `json:"d"`
}

// errPartGone says that the head was replaced, and its parts deleted, between the
// two reads.
var errPartGone = errors.New("a part of the record is not there")

// LoadDocumentation reads one customer's record; a missing one is empty.
func LoadDocumentation(ctx context.Context, t Table, customer string) (Documentation, error) {
	head, _, err := loadDocumentation(ctx, t, customer)
	return head.Documentation, err
}

// Documentations reads all documentation records by customer id.
func Documentations(ctx context.Context, t Table) (map[string]Documentation, error) {
	items, err := t.Query(ctx, Query{PK: pkDocumentation})
	if err != nil {
		return nil, err
	}
	out := make(map[string]Documentation, len(items))
	for _, item := range items {
		var head documentationHead
		if err := Decode(item.Data, &head); err != nil {
			return nil, fmt.Errorf("documentation of %s: %w", item.SK, err)
		}
		if len(head.Parts) > 0 {
			if head, err = gatherAll(ctx, t, item.SK, head, item.Version); err != nil {
				return nil, fmt.Errorf("documentation of %s: %w", item.SK, err)
			}
		}
		out[item.SK] = head.Documentation
	}
	return out, nil
}

// gatherAll puts the parts of a record into it, and deletes those that a crash left
// behind: written for this version of the head or an older one, and not named by it.
func gatherAll(ctx context.Context, t Table, customer string, head documentationHead, version int64) (documentationHead, error) {
	found, err := t.Query(ctx, Query{PK: pkDocParts, Prefix: customer + "#"})
	if err != nil {
		return head, err
	}
	items := make(map[Key]Item, len(found))
	var left []documentationPart
	for _, item := range found {
		items[item.Key] = item
		of, digest, _ := strings.Cut(strings.TrimPrefix(item.SK, customer+"#"), "#")
		if strings.Contains(digest, "#") {
			continue // another customer's, whose id begins like this one
		}
		if n, err := strconv.ParseInt(of, 10, 64); err == nil && n <= version {
			left = append(left, documentationPart{Key: item.SK})
		}
	}
	named := map[string]bool{}
	for _, p := range head.Parts {
		named[p.Key] = true
	}
	left = slices.DeleteFunc(left, func(p documentationPart) bool { return named[p.Key] })
	if err := dropParts(ctx, t, left, nil); err != nil {
		return head, err
	}
	if err = head.fill(items); errors.Is(err, errPartGone) { // replaced between the two reads
		head, _, err = loadDocumentation(ctx, t, customer)
	}
	return head, err
}

func loadDocumentation(ctx context.Context, t Table, customer string) (documentationHead, int64, error) {
	var err error
	for range updateTries {
		var head documentationHead
		var version int64
		if head, version, err = LoadOr(ctx, t, DocumentationKey(customer), documentationHead{}); err == nil {
			err = head.gather(ctx, t)
		}
		if !errors.Is(err, errPartGone) {
			return head, version, err
		}
	}
	return documentationHead{}, 0, fmt.Errorf("documentation of %s: %w", customer, err)
}

// gather puts the parts of a record into it.
func (h *documentationHead) gather(ctx context.Context, t Table) error {
	if len(h.Parts) == 0 {
		return nil
	}
	keys := make([]Key, len(h.Parts))
	for i, p := range h.Parts {
		keys[i] = Key{pkDocParts, p.Key}
	}
	items, err := t.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	return h.fill(items)
}

// fill takes the parts of a record out of items.
func (h *documentationHead) fill(items map[Key]Item) error {
	h.Machines, h.Publications, h.Notes = map[string]Machine{}, map[string]Publication{}, map[string]Note{}
	for _, p := range h.Parts {
		key := Key{pkDocParts, p.Key}
		item, ok := items[key]
		if !ok {
			return fmt.Errorf("%s: %w", key.SK, errPartGone)
		}
		var part Documentation
		if err := Decode(item.Data, &part); err != nil {
			return fmt.Errorf("%s: %w", key.SK, err)
		}
		maps.Copy(h.Machines, part.Machines)
		maps.Copy(h.Publications, part.Publications)
		maps.Copy(h.Notes, part.Notes)
	}
	return nil
}

// UpdateDocumentation is Update for one customer's documentation record, of any size.
func UpdateDocumentation(ctx context.Context, t Table, customer string, change func(*Documentation) error) (Documentation, error) {
	for range updateTries {
		head, version, err := loadDocumentation(ctx, t, customer)
		if err != nil {
			return head.Documentation, err
		}
		doc, before := head.Documentation, head.Parts
		if err := change(&doc); err != nil {
			if errors.Is(err, errUnchanged) {
				return doc, nil
			}
			return doc, err
		}
		next, err := scatter(ctx, t, customer, doc, before, version+1)
		if err != nil {
			return doc, fmt.Errorf("documentation of %s: %w", customer, err)
		}
		_, err = Save(ctx, t, DocumentationKey(customer), next, version, time.Time{})
		switch {
		case err == nil:
			return doc, dropParts(ctx, t, before, next.Parts)
		case !errors.Is(err, ErrConflict):
			return doc, err
		}
		// Somebody else was faster, or it was this very write and its answer was lost.
		now, _, err := LoadOr(ctx, t, DocumentationKey(customer), documentationHead{})
		if err == nil {
			err = dropParts(ctx, t, slices.DeleteFunc(next.Parts, func(p documentationPart) bool { return slices.Contains(before, p) }), now.Parts)
		}
		if err != nil {
			return doc, err
		}
	}
	return Documentation{}, fmt.Errorf("documentation of %s: %w after %d tries", customer, ErrConflict, updateTries)
}

// dropParts deletes the parts that are not among the others. Nobody looks for them:
// whoever read their head finds them gone and reads the head again.
func dropParts(ctx context.Context, t Table, parts, but []documentationPart) error {
	for _, p := range parts {
		if slices.Contains(but, p) {
			continue
		}
		if err := t.Delete(ctx, Key{pkDocParts, p.Key}, Any); err != nil {
			return fmt.Errorf("old part %s: %w", p.Key, err)
		}
	}
	return nil
}

// scatter writes the parts of a record that are not among those before, and returns
// its head.
func scatter(ctx context.Context, t Table, customer string, doc Documentation, before []documentationPart, version int64) (documentationHead, error) {
	if raw, err := json.Marshal(doc); err != nil || len(raw) <= partBytes {
		return documentationHead{Documentation: doc}, err
	}
	known := make(map[string]documentationPart, len(before))
	for _, p := range before {
		known[p.Digest] = p
	}
	machines, err := cutParts(doc.Machines, func(m map[string]Machine) Documentation { return Documentation{Machines: m} })
	if err != nil {
		return documentationHead{}, err
	}
	publications, err := cutParts(doc.Publications, func(p map[string]Publication) Documentation { return Documentation{Publications: p} })
	if err != nil {
		return documentationHead{}, err
	}
	notes, err := cutParts(doc.Notes, func(n map[string]Note) Documentation { return Documentation{Notes: n} })
	if err != nil {
		return documentationHead{}, err
	}
	head := documentationHead{Documentation: doc}
	head.Machines, head.Publications, head.Notes = nil, nil, nil
	for _, raw := range slices.Concat(machines, publications, notes) {
		sum := sha256.Sum256(raw)
		digest := hex.EncodeToString(sum[:12])
		p, ok := known[digest]
		if !ok {
			p = documentationPart{Key: customer + "#" + strconv.FormatInt(version, 10) + "#" + digest, Digest: digest}
			if _, err := Save(ctx, t, Key{pkDocParts, p.Key}, json.RawMessage(raw), Any, time.Time{}); err != nil {
				return head, err
			}
		}
		head.Parts = append(head.Parts, p)
	}
	return head, nil
}

// cutParts encodes the entries of a record in parts.
func cutParts[T any](all map[string]T, part func(map[string]T) Documentation) ([][]byte, error) {
	var out [][]byte
	in, size := map[string]T{}, 0
	flush := func() error {
		if len(in) == 0 {
			return nil
		}
		raw, err := json.Marshal(part(in))
		out = append(out, raw)
		in, size = map[string]T{}, 0
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		raw, err := json.Marshal(all[key])
		if err != nil {
			return nil, err
		}
		if size += len(raw) + len(key); size > partBytes {
			if err := flush(); err != nil {
				return nil, err
			}
			size = len(raw) + len(key)
		}
		in[key] = all[key]
		if ends(key) {
			if err := flush(); err != nil {
				return nil, err
			}
		}
	}
	return out, flush()
}

// ends says whether a part ends with this key.
func ends(key string) bool {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint32(sum[:])%partEvery == 0
}
