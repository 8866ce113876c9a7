package alert

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

// keyVersion begins every condition key. Keys of another version are other
// conditions: changing what goes into a key means a new version.
const keyVersion = "v1:"

// NotTold stands in a condition key for the machine that the alert does not name.
const NotTold = "not told"

// Fingerprint names one occurrence: type, customer, appliance, job (on job
// alerts), message and created time. Severity, mute and dismissal change during
// one alert and stay out (uniview.md §8.4).
func Fingerprint(a Alert) string {
	return digest(8, append(stable(a), a.Message, a.Created.UTC().Format(time.RFC3339Nano))...)
}

// ConditionKey names what an occurrence is about: customer, type, appliance,
// machine (empty: not told), job on job alerts, and the message's template.
func ConditionKey(a Alert, assetKey string) string {
	if assetKey == "" {
		assetKey = NotTold
	}
	return keyVersion + digest(10, append(stable(a), Template(a.Message), assetKey)...)
}

// stable are the fields that every reading of an alert has in common.
func stable(a Alert) []string {
	f := []string{string(a.Type), a.CustomerID, a.ApplianceID, "", ""}
	if a.Type == TypeJob {
		f[3], f[4] = a.JobName, a.JobType
	}
	return f
}

// digest is a short hexadecimal name of the parts; bytes is its size.
func digest(bytes int, parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		// No part can hold the separator: a NUL inside is told apart by doubling.
		sum.Write([]byte(strings.ReplaceAll(p, "\x00", "\x00\x00")))
		sum.Write([]byte{0, 1})
	}
	return hex.EncodeToString(sum.Sum(nil)[:bytes])
}
