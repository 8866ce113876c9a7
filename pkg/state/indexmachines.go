package state

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/match"
)

// ListMachineIndex is the index of all machines, a list of MachineRows: kept by sync,
// written where something changed.
const ListMachineIndex = "index.machines"

// MachineRow is one machine in the index.
type MachineRow struct {
	Key      string // asset key
	Customer string
	Name     string
	Word     backup.Word
	Link     match.State
	Target   string // id of the linked configuration
	TargetOf string // its name
	// Since is since when the word holds; LastEnd and LastGood are the newest finished
	// and the newest good backup, as Unix seconds; zero: none is known.
	Since, LastEnd, LastGood int64
	Bytes                    int64  // storage
	Gone                     bool   // UniView does not list it any more
	Superseded               bool   // a newer registration of the machine stands for it
	History                  string // Changes in their stored form
}

// Family is the family of the machine.
func (r MachineRow) Family() backup.Family { return familyOf(r.Key) }

func familyOf(key string) backup.Family {
	family, _, _ := strings.Cut(key, ":")
	return backup.Family(family)
}

// MachineRows are the machines of one customer as they are stored: hundreds of
// thousands are read at once, so they are one text, not objects: machineFields fields
// for each machine, each ended by fieldEnd.
type MachineRows struct {
	Customer string `json:"c"`
	Fields   string `json:"m"`
}

// fieldEnd ends a field: a character that names lose and JSON does not escape.
const fieldEnd = '\x7f'

// Machines is how many there are.
func (m MachineRows) Machines() int { return strings.Count(m.Fields, string(fieldEnd)) / machineFields }

var blanks = strings.NewReplacer(string(fieldEnd), " ")

// linkLetters are how link states are stored.
var linkLetters = map[match.State]byte{match.Matched: 'm', match.Suggested: 's', match.Unmatched: 'u', match.Ignored: 'i', match.Attention: 'a'}

var linkStates = func() map[byte]match.State {
	out := make(map[byte]match.State, len(linkLetters))
	for s, l := range linkLetters {
		out[l] = s
	}
	return out
}()

// Rows are a customer's machines for the index, in the order of their keys.
func (d Documentation) Rows(customer string) MachineRows {
	keys := make([]string, 0, len(d.Machines))
	for key := range d.Machines {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	b := make([]byte, 0, 160*len(keys))
	for _, key := range keys {
		m := d.Machines[key]
		letter, ok := letters[m.Word]
		if !ok {
			letter = letters[backup.WordUnknown]
		}
		link, ok := linkLetters[m.Link.State]
		if !ok {
			link = linkLetters[match.Unmatched]
		}
		b = append(b, blanks.Replace(key)...)
		b = append(b, fieldEnd)
		b = append(b, blanks.Replace(m.Name)...)
		b = append(b, fieldEnd, letter, link)
		if m.Gone {
			b = append(b, 'g')
		}
		if m.SupersededBy != "" {
			b = append(b, 'x')
		}
		target, name := "", ""
		if m.Link.TargetID != "" {
			target, name = m.Link.TargetID, m.Link.TargetName
		}
		b = append(b, fieldEnd)
		b = append(b, blanks.Replace(target)...)
		b = append(b, fieldEnd)
		b = append(b, blanks.Replace(name)...)
		for _, n := range []int64{seconds(m.Since), seconds(m.Known.LastEnd), seconds(m.Known.LastGood), m.Bytes} {
			b = append(b, fieldEnd)
			if n != 0 {
				b = strconv.AppendInt(b, n, 36)
			}
		}
		b = append(b, fieldEnd)
		b = append(b, m.Changes.String()...)
		b = append(b, fieldEnd)
	}
	return MachineRows{customer, string(b)}
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// machineFields is how many fields a machine has.
const machineFields = 10

// Each visits the rows. Texts of a row share the memory of the whole; a machine that
// cannot be read is left out.
func (m MachineRows) Each(visit func(MachineRow)) {
	var f [machineFields]string
	for rest := m.Fields; ; {
		for n := range f {
			end := strings.IndexByte(rest, fieldEnd)
			if end < 0 {
				return
			}
			f[n], rest = rest[:end], rest[end+1:]
		}
		if f[0] == "" || len(f[2]) < 2 {
			continue
		}
		r := MachineRow{
			Key: f[0], Customer: m.Customer, Name: f[1],
			Word: cmp.Or(words[f[2][0]], backup.WordUnknown), Link: cmp.Or(linkStates[f[2][1]], match.Unmatched),
			Gone: strings.IndexByte(f[2][2:], 'g') >= 0, Superseded: strings.IndexByte(f[2][2:], 'x') >= 0,
			Target: f[3], TargetOf: f[4], History: f[9],
			Since: number36(f[5]), LastEnd: number36(f[6]), LastGood: number36(f[7]), Bytes: number36(f[8]),
		}
		visit(r)
	}
}

// number36 reads a number; what is none is 0.
func number36(s string) int64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 36, 64)
	if err != nil {
		return 0
	}
	return n
}

// SaveMachineIndex stores the machines of all customers: the chunks that changed, and
// nothing at all when none did.
func SaveMachineIndex(ctx context.Context, t Table, at time.Time, rows []MachineRows) (changed bool, err error) {
	return saveUnread(ctx, t, ListMachineIndex, at, rows, func(m MachineRows) string { return m.Customer })
}

// saveUnread is SaveSnapshot for a list that is made, not read: when nothing changed
// even its pointer stays as it is.
func saveUnread[T any](ctx context.Context, t Table, list string, at time.Time, records []T, id func(T) string) (bool, error) {
	chunks, err := cut(records, id)
	if err != nil {
		return false, fmt.Errorf("index %s: %w", list, err)
	}
	old, version, err := LoadOr(ctx, t, PointerKey(list), Pointer{})
	if err != nil {
		return false, fmt.Errorf("index %s: %w", list, err)
	}
	next := Pointer{ReadFrom: at, ReadAt: at, Count: len(records), Chunks: names(chunks)}
	if next.Digest = Digest(next.Chunks); next.Digest == old.Digest {
		return false, nil
	}
	return true, saveChunks(ctx, t, list, chunks, old, next, version)
}

// MachineChunk reads the rows out of one chunk of the index.
func MachineChunk(item Item) ([]MachineRows, error) {
	return chunkOf[MachineRows](ListMachineIndex, item.Data)
}

// MachineChunkKeys are the keys of the chunks of the index that a pointer names.
func MachineChunkKeys(p Pointer) []Key {
	keys := make([]Key, len(p.Chunks))
	for i, c := range p.Chunks {
		keys[i] = Key{pkChunk + ListMachineIndex, c}
	}
	return keys
}
