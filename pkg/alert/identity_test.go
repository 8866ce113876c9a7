package alert

import (
	"strings"
	"testing"
	"time"

	"uniview-bridge/pkg/backup"
)

func TestFingerprintAndConditionKey(t *testing.T) {
	t.Parallel()
	base := Alert{
		Type: TypeJob, CustomerID: "c1", ApplianceID: "ap1", Message: "Backup of SRV1 failed 3 times", Severity: SeverityWarning,
		Created: noon, JobName: "Nightly", JobType: "Backup",
	}
	for _, tt := range []struct {
		name           string
		change         func(*Alert)
		occurrence, is bool // another occurrence, another condition
	}{
		{"severity, mute and dismissal are neither", func(a *Alert) { a.Severity, a.Muted, a.Dismissed = SeverityAlarm, true, true }, false, false},
		{"names of customer and appliance are neither", func(a *Alert) { a.CustomerName, a.ApplianceName = "x", "y" }, false, false},
		{"undocumented fields are not in the fingerprint", func(a *Alert) { a.ID, a.AssetID, a.AssetName = "1", "2", "3" }, false, false},
		{"the zone of the time is not", func(a *Alert) { a.Created = noon.In(time.FixedZone("x", 3600)) }, false, false},
		{"another time is another occurrence", func(a *Alert) { a.Created = at(1) }, true, false},
		{"another count is another occurrence", func(a *Alert) { a.Message = "Backup of SRV1 failed 4 times" }, true, false},
		{"another machine is another condition", func(a *Alert) { a.Message = "Backup of SRV2 failed 3 times" }, true, true},
		{"another job is another condition", func(a *Alert) { a.JobName = "Weekly" }, true, true},
		{"another appliance is another condition", func(a *Alert) { a.ApplianceID = "ap2" }, true, true},
		{"another customer is another condition", func(a *Alert) { a.CustomerID = "c2" }, true, true},
		{"another type is another condition", func(a *Alert) { a.Type = TypeAlert }, true, true},
		{"text moved between fields is another condition", func(a *Alert) { a.JobName, a.JobType = "NightlyBackup", "" }, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := base
			tt.change(&a)
			if got := Fingerprint(a) != Fingerprint(base); got != tt.occurrence {
				t.Errorf("another fingerprint: %v, want %v", got, tt.occurrence)
			}
			if got := ConditionKey(a, "k") != ConditionKey(base, "k"); got != tt.is {
				t.Errorf("another condition: %v, want %v", got, tt.is)
			}
		})
	}
	if k := ConditionKey(base, ""); !strings.HasPrefix(k, "v1:") || k == ConditionKey(base, "k") {
		t.Errorf("key %q", k)
	}
}

func TestAttribute(t *testing.T) {
	t.Parallel()
	asset := func(family backup.Family, id, customer, appliance, name string) backup.Asset {
		return backup.Asset{Family: family, ID: id, CustomerID: customer, ApplianceID: appliance, Name: name}
	}
	assets := []backup.Asset{
		asset(backup.FamilyAppliance, "1", "c1", "ap1", "SRV1"),
		asset(backup.FamilyAppliance, "2", "c1", "ap1", "SRV1-SQL"),
		asset(backup.FamilyAppliance, "3", "c1", "ap2", "SRV3"),
		asset(backup.FamilyAppliance, "4", "c1", "ap1", "twin"),
		asset(backup.FamilyAppliance, "5", "c1", "ap1", "TWIN"),
		asset(backup.FamilyAppliance, "6", "c2", "ap1", "SRV6"),
		asset(backup.FamilyAppliance, "7", "c1", "ap1", "Backup"),
		asset(backup.FamilyAppliance, "8", "c1", "ap1", "web 01.local"),
		asset(backup.FamilyEndpoint, "e1", "c1", "", "LAPTOP-9"),
	}
	for _, tt := range []struct {
		name        string
		alert       Alert
		key, reason string
	}{
		{"asked for by filter", Alert{AssetKey: "appliance:9"}, "appliance:9", ByKey},
		{"a live id", Alert{AssetID: "2", Message: "SRV1 failed"}, "appliance:2", ByID},
		{"a live id of nobody falls back to the name", Alert{AssetID: "99", AssetName: "srv1"}, "appliance:1", ByName},
		{"a live name that two have", Alert{AssetName: "Twin"}, "", SharedLiveName},
		{"a name in the message, in any case", Alert{Message: "Backup of srv1 failed."}, "appliance:1", InMessage},
		{"the longer name wins", Alert{Message: "Backup of SRV1-SQL failed"}, "appliance:2", InMessage},
		{"a name with a space and a dot at the end of a sentence", Alert{Message: "No backup of web 01.local."}, "appliance:8", InMessage},
		{"a name inside another word is none", Alert{Message: "Backup of SRV10 failed"}, "", NamesNone},
		{"a domain behind the name is another name", Alert{Message: "Backup of SRV1.corp failed"}, "", NamesNone},
		{"two machines", Alert{Message: "SRV1 and SRV1-SQL failed"}, "", NamesSeveral},
		{"a shared name", Alert{Message: "twin failed"}, "", SharedName},
		{"a machine of another appliance", Alert{Message: "SRV3 failed"}, "", NamesNone},
		{"a machine of another customer", Alert{Message: "SRV6 failed"}, "", NamesNone},
		{"a machine called like a word of the message", Alert{Message: "Backup failed"}, "", NamesNone},
		{"an endpoint when no appliance is named", Alert{Message: "LAPTOP-9 has no backup", ApplianceID: "-"}, "endpoint:e1", InMessage},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := tt.alert
			a.CustomerID = "c1"
			switch a.ApplianceID {
			case "":
				a.ApplianceID = "ap1"
			case "-":
				a.ApplianceID = ""
			}
			key, reason := Attribute(a, assets)
			if key != tt.key || reason != tt.reason {
				t.Errorf("got %q (%s), want %q (%s)", key, reason, tt.key, tt.reason)
			}
		})
	}
}

func TestClassOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		alert Alert
		want  Class
	}{
		{Alert{Type: TypeHelix, Message: "Backup failed"}, ClassHelix},
		{Alert{Type: TypeJob, JobType: "Backup", Message: "Job failed"}, ClassBackup},
		{Alert{Type: TypeJob, JobType: "Backup", Message: "Job failed: appliance offline"}, ClassOffline},
		{Alert{Type: TypeJob, JobType: "Backup Copy"}, ClassReplication},
		{Alert{Type: TypeJob, JobType: "Replication"}, ClassReplication},
		{Alert{Type: TypeJob, JobType: "Restore", Message: "backup not found"}, ClassJob},
		{Alert{Type: TypeConditional, Message: "The asset backup was not created for the last 1 hour(s)."}, ClassBackup},
		{Alert{Type: TypeConditional, Message: "The asset hot backup copy was not created for the last 1 day(s)."}, ClassReplication},
		{Alert{Type: TypeConditional, Message: "Appliance is offline."}, ClassOffline},
		{Alert{Type: TypeAlert, Message: "Drive 1 failed"}, ClassHardware},
		{Alert{Type: TypeAlert, Message: "Free space is low, backups may fail"}, ClassCapacity},
		{Alert{Type: TypeAlert, Message: "Backup of SRV1 failed"}, ClassBackup},
		{Alert{Type: TypeAlert, Message: "Licence expires"}, ClassOther},
		{Alert{Type: "new", Message: "Something"}, ClassOther},
	} {
		if got := ClassOf(tt.alert); got != tt.want {
			t.Errorf("%s %s %q is %s, want %s", tt.alert.Type, tt.alert.JobType, tt.alert.Message, got, tt.want)
		}
	}
}

func TestGroupKeyBeginsWithTheCustomer(t *testing.T) {
	t.Parallel()
	told := Condition{Key: "v1:k", ApplianceID: "ap1", AssetKey: "appliance:1", Class: ClassBackup}
	untold := Condition{Key: "v1:k", ApplianceID: "ap1", Class: ClassBackup}
	drive := Condition{Key: "v1:k", ApplianceID: "ap1", Class: ClassHardware}
	for _, tt := range []struct {
		grouping  Grouping
		condition Condition
		want      string
	}{
		{PerMachine, told, "c1/machine/appliance:1"},
		{PerMachine, untold, "c1/condition/v1:k"},
		{PerMachine, drive, "c1/appliance/ap1"},
		{PerCondition, told, "c1/condition/v1:k"},
		{PerAppliance, told, "c1/appliance/ap1"},
		{PerCustomer, told, "c1/customer"},
	} {
		if got := GroupKey("c1", tt.grouping, tt.condition); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.grouping, got, tt.want)
		}
	}
	if key := StormKey("c1", "ap1", Effect{}); !IsStorm(key) || !strings.HasPrefix(key, "c1/") {
		t.Errorf("storm key %q", key)
	}
}

func TestReference(t *testing.T) {
	t.Parallel()
	for _, installation := range []string{"demo", "A-1", "", "much too long for a reference of a ticket", "with space", "a:b", "é"} {
		r := NewReference(installation, "customer", "customer/machine/appliance:1", 12)
		s := r.String()
		if len(s) > 100 || !strings.HasPrefix(s, ReferencePrefix(installation)) {
			t.Errorf("reference %q", s)
		}
		if got, ok := ParseReference(s); !ok || got != r {
			t.Errorf("ParseReference(%q) = %v, %v", s, got, ok)
		}
	}
	if a, b := NewReference("i", "c", "g", 1), NewReference("i", "c", "g", 2); a == b || a.String() == b.String() {
		t.Error("two generations have one reference")
	}
}

func FuzzParseReference(f *testing.F) {
	f.Add(NewReference("demo", "c", "g", 1).String())
	f.Add("uvb1:demo:0123456789abcdef:0123456789abcdef01234567:01")
	f.Add("uvb1::::")
	f.Add("12345")
	f.Fuzz(func(t *testing.T, s string) {
		r, ok := ParseReference(s)
		if ok && (r.String() != s || len(s) > 100 || r.Generation < 1) {
			t.Errorf("ParseReference(%q) = %+v, which is written %q", s, r, r)
		}
	})
}
