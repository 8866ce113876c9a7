package sandbox

import "time"

// AddSample fills a portal with a small service provider's world: three customers
// with appliances, machines of both families, backups that ended in every way and
// alerts of every type, as of a time. It is enough for every list to have rows,
// with every state and every member once filled and once not.
func (st *State) AddSample(now time.Time) {
	statuses := []string{"Successful", "Warning", "Failed", "InProgress", "Unknown"}
	for i, customer := range []string{"Hafen Apotheke", "Baltic Freight", ""} {
		cu := st.AddCustomer(customer)
		box := []string{"UEB-HAFEN", "UEB-BALTIC", ""}[i]
		ap := st.AddAppliance(Appliance{CustomerID: cu.ID, Name: box, TotalMBSize: 86_203_240, TotalMBFree: 862_032, HelixStatus: []string{"AutoUpdate", "Agent", "None"}[i]})
		for j, machine := range []string{"SRV-DC01", "SRV-SQL01", "SRV-FILE01", "SRV-WEB01", "SRV-OLD", ""} {
			mac := ""
			if machine != "" {
				mac = "00:15:5D:0" + string(rune('0'+i)) + ":10:0" + string(rune('0'+j))
			}
			as := st.AddAsset(Asset{AssetTag: ap.AssetTag, Name: machine, MAC: mac, IP: "192.168.127." + string(rune('1'+j))})
			if j == len(statuses) {
				continue // never backed up
			}
			for k := range 3 {
				start := now.Add(-time.Duration(3-k)*8*time.Hour - time.Duration(j)*371685*time.Microsecond)
				b := Backup{AssetKey: as.Key, StartTime: start, Status: statuses[(j+k)%len(statuses)], SizeMB: int64(8060 * (j + 1)), Type: []string{"Full", "Incremental"}[min(k, 1)]}
				if b.Status != "InProgress" {
					b.CompleteTime = start.Add(77 * time.Second)
				}
				st.AddBackup(b)
			}
			a := Alert{
				Type: []string{"conditional", "job", "helix", "alert", "job"}[j], Severity: []string{"alarm", "critical", "warning"}[(i+j)%3],
				AssetKey: as.Key, Created: now.Add(-time.Duration(i*5+j) * time.Hour), Muted: j == 4, Dismissed: i == 1,
			}
			if i < 2 {
				a.Message = "The asset backup was not created for the last 24 hour(s)."
				a.JobName, a.JobType, a.Interrogated = "Nightly "+machine, "Backup", "Backups have not been running."
			}
			st.AddAlert(a)
		}
		on := true
		st.AddEndpoint(Endpoint{
			CustomerID: cu.ID, Name: "PC-RECEPTION", OS: "Windows", LicenseType: "Workstation", MAC: "3C-52-82-00-0" + string(rune('0'+i)) + "-01",
			StorageUsed: 317_951_712_000, BackupEnabled: &on, Created: now.AddDate(0, -2, 0), LastSuccess: now.Add(-2*time.Hour + 998*time.Millisecond),
			LastOnline: now.Add(371685 * time.Microsecond), TimeZoneOffset: 60, CustomerKey: i == 0,
		})
		st.AddEndpoint(Endpoint{CustomerID: cu.ID, Status: "offline", Created: now.AddDate(0, -3, 0), HasNoCustomer: true})
	}
}
