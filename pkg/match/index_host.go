package match

import (
	"maps"
	"slices"
	"unicode/utf8"
)

// HostCandidate is one record that a host name may mean.
type HostCandidate struct {
	ID    string
	Layer Layer
}

// HostIndex finds records by host name.
type HostIndex struct {
	names map[string][]named // by bare name
	cut   map[string][]named // by the first fifteen characters of longer names
	typos map[typoKey][]named
}

// named is one name of a record.
type named struct {
	id   string
	host Host
}

// typoKey is what two names that differ by a typing mistake have nearly and
// exactly in common.
type typoKey struct {
	length int
	digits string
}

// NewHostIndex indexes records by all their names. Order never matters.
func NewHostIndex(names map[string][]string) *HostIndex {
	x := &HostIndex{names: map[string][]named{}, cut: map[string][]named{}, typos: map[typoKey][]named{}}
	for _, id := range slices.SortedFunc(maps.Keys(names), compareIDs) {
		for _, name := range names[id] {
			h := NormalizeHost(name)
			if h.Bare == "" {
				continue
			}
			n := named{id, h}
			x.names[h.Bare] = append(x.names[h.Bare], n)
			if len(h.Short) > netBIOS {
				x.cut[h.Short[:netBIOS]] = append(x.cut[h.Short[:netBIOS]], n)
			}
			k := typoKey{utf8.RuneCountInString(h.Bare), typoDigits(h)}
			x.typos[k] = append(x.typos[k], n)
		}
	}
	return x
}

// Find returns the records that a host name means on the strictest layer that has
// any; several on one layer have equal right. On every layer a record that is the
// same kind of copy goes before others.
func (x *HostIndex) Find(name string) []HostCandidate { return x.find(NormalizeHost(name)) }

func (x *HostIndex) find(h Host) []HostCandidate {
	if h.Bare == "" {
		return nil
	}
	equal := x.names[h.Bare]
	for _, layer := range []Layer{HostSame, HostSeparator} {
		if found := candidates(h, layer, equal); len(found) > 0 {
			return found
		}
	}
	var cut []named
	if len(h.Short) == netBIOS {
		cut = x.cut[h.Short]
	}
	if len(h.Short) > netBIOS {
		cut = x.names[bare(h.Short[:netBIOS])]
	}
	if found := candidates(h, HostCut, cut); len(found) > 0 {
		return found
	}
	k := typoKey{utf8.RuneCountInString(h.Bare), typoDigits(h)}
	near := slices.Clone(x.typos[k])
	for _, length := range []int{k.length - 1, k.length + 1} {
		near = append(near, x.typos[typoKey{length, k.digits}]...)
	}
	return candidates(h, HostTypo, near)
}

// candidates are the records among some that agree with a name on one layer.
func candidates(h Host, layer Layer, among []named) []HostCandidate {
	var out []HostCandidate
	for _, sameCopies := range []bool{true, false} {
		for _, n := range among {
			if (n.host.Copies == h.Copies) != sameCopies || CompareHosts(h, n.host) != layer {
				continue
			}
			out = append(out, HostCandidate{n.id, layer})
		}
		if len(out) > 0 {
			break
		}
	}
	slices.SortFunc(out, func(a, b HostCandidate) int { return compareIDs(a.ID, b.ID) })
	return slices.Compact(out)
}
