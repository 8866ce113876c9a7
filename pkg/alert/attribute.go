package alert

import (
	"slices"
	"strings"

	"uniview-bridge/pkg/backup"
)

// How a machine was found for an alert, or why not.
const (
	ByKey          = "the machine was asked for by filter"
	ByID           = "the alert carries the machine's id"
	ByName         = "the alert carries the machine's name"
	InMessage      = "the message names the machine"
	NamesNone      = "not told: the message names no machine of this customer and appliance"
	NamesSeveral   = "not told: the message names several machines"
	SharedName     = "not told: several machines have the name in the message"
	SharedLiveName = "not told: several machines have the name that the alert carries"
)

// minName is the shortest machine name that is looked for in messages, in bytes.
const minName = 3

// notNames are words of BackupIQ's own messages. A machine that is named like
// one of them is never found by its name in a message.
var notNames = map[string]bool{
	"alert": true, "appliance": true, "asset": true, "backup": true, "backups": true, "copy": true, "day": true, "disk": true,
	"drive": true, "error": true, "failed": true, "for": true, "full": true, "has": true, "host": true, "hour": true,
	"incremental": true, "job": true, "last": true, "machine": true, "not": true, "offline": true, "online": true,
	"replication": true, "server": true, "space": true, "storage": true, "system": true, "the": true, "unitrends": true,
	"was": true, "warning": true, "windows": true, "with": true,
}

// Attribute finds the machine an alert is about: by what a live answer carries
// beyond the documented schema, else by a machine name of that customer and
// appliance that stands in the message and is nobody else's (uniview.md §8.5).
// An empty key means "not told", and the reason says why.
func Attribute(a Alert, assets []backup.Asset) (assetKey, reason string) {
	if a.AssetKey != "" {
		return a.AssetKey, ByKey
	}
	candidates := slices.DeleteFunc(slices.Clone(assets), func(m backup.Asset) bool {
		return m.CustomerID != a.CustomerID || a.ApplianceID != "" && m.ApplianceID != a.ApplianceID
	})
	if a.AssetID != "" {
		for _, m := range candidates {
			if m.ID == a.AssetID {
				return m.Key(), ByID
			}
		}
	}
	if a.AssetName != "" {
		found := map[string]bool{}
		for _, m := range candidates {
			if strings.EqualFold(m.Name, a.AssetName) {
				assetKey = m.Key()
				found[assetKey] = true
			}
		}
		switch len(found) {
		case 1:
			return assetKey, ByName
		case 0:
		default:
			return "", SharedLiveName
		}
	}
	return inMessage(strings.ToLower(a.Message), candidates)
}

// span is where a machine's name stands in a message.
type span struct{ from, to int }

func inMessage(message string, candidates []backup.Asset) (assetKey, reason string) {
	byName := map[string]map[string]bool{} // lower-case name → keys of the machines that have it
	for _, m := range candidates {
		name := strings.ToLower(strings.TrimSpace(m.Name))
		if len(name) < minName || notNames[name] {
			continue
		}
		if byName[name] == nil {
			byName[name] = map[string]bool{}
		}
		byName[name][m.Key()] = true
	}
	places := map[string][]span{}
	var all []span
	for name := range byName {
		if found := occurrences(message, name); len(found) > 0 {
			places[name] = found
			all = append(all, found...)
		}
	}
	keys := map[string]bool{}
	shared := false
	for name, found := range places {
		if !slices.ContainsFunc(found, func(s span) bool { return !insideLonger(s, all) }) {
			continue
		}
		shared = shared || len(byName[name]) > 1
		for key := range byName[name] {
			keys[key] = true
			assetKey = key
		}
	}
	switch {
	case len(keys) == 0:
		return "", NamesNone
	case shared:
		return "", SharedName
	case len(keys) > 1:
		return "", NamesSeveral
	}
	return assetKey, InMessage
}

// occurrences finds where name stands in the message as a whole word.
func occurrences(message, name string) []span {
	var found []span
	for from := 0; ; {
		i := strings.Index(message[from:], name)
		if i < 0 {
			return found
		}
		start, end := from+i, from+i+len(name)
		if startsWord(message, start) && endsWord(message, end) {
			found = append(found, span{start, end})
		}
		from = start + 1
	}
}

// endsWord says whether the name ends at i: a dot ends it unless a name goes on behind.
func endsWord(m string, i int) bool {
	if i == len(m) || !nameByte(m[i]) {
		return true
	}
	return m[i] == '.' && (i+1 == len(m) || !nameByte(m[i+1]))
}

func insideLonger(s span, all []span) bool {
	return slices.ContainsFunc(all, func(o span) bool {
		return o.from <= s.from && o.to >= s.to && o.to-o.from > s.to-s.from
	})
}
