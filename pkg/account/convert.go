package account

import (
	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/match"
	"uniview-bridge/pkg/uniview"
)

// What the vendors say, in our words.

func assetOf(a uniview.Asset) backup.Asset {
	out := backup.Asset{
		Family: backup.FamilyAppliance, ID: a.Key, CustomerID: a.CustomerID, Name: a.Name, MAC: a.MAC,
		ApplianceID: a.AssetTag, Kind: a.Type, PortalURL: a.WebURL(),
	}
	if b := a.LastBackup; b != nil {
		out.Last = &backup.Backup{
			Start: b.StartTime, Complete: b.CompleteTime, SizeMB: b.Size, Type: b.Type,
			Result: backup.Result(b.Status), Replication: backup.Result(b.ReplicationStatus),
		}
	}
	return out
}

func endpointOf(e uniview.Endpoint) backup.Asset {
	return backup.Asset{
		Family: backup.FamilyEndpoint, ID: e.ID, CustomerID: e.CustomerID, Name: e.Name, MAC: e.MAC, Kind: e.OS,
		LastGood: e.LastSuccessfulBackupTimestamp, StorageBytes: e.StorageUsedBytes,
		BackupOff: e.BackupEnabled != nil && !*e.BackupEnabled,
		// Connectivity moves all day and is shown nowhere: kept out, so that it
		// makes nobody due.
		Created: e.CreatedTimestamp,
	}
}

func organizationOf(o itglue.Organization) match.Organization {
	out := match.Organization{ID: o.ID, Name: o.Name, ShortName: o.ShortName, ParentID: o.ParentID, Primary: o.Primary}
	for _, r := range o.PSA {
		if r.IsConnectWise() && !r.Orphaned {
			out.CompanyID = r.RemoteID
			break
		}
	}
	return out
}

func configurationOf(c itglue.Configuration) match.Configuration {
	out := match.Configuration{
		ID: c.ID, OrganizationID: c.OrganizationID, Name: c.Name, Hostname: c.Hostname, MAC: c.MAC, Serial: c.SerialNumber,
		TypeName: c.TypeName, Archived: c.Archived, PSASynced: c.Synced(), URL: c.ResourceURL,
	}
	seen := map[string]bool{"": true, c.MAC: true}
	other := func(mac string) {
		if !seen[mac] {
			seen[mac] = true
			out.OtherMACs = append(out.OtherMACs, mac)
		}
	}
	for _, i := range c.Interfaces {
		other(i.MAC)
	}
	for _, r := range c.RMM {
		for _, mac := range r.MACs {
			other(mac)
		}
	}
	for _, r := range c.PSA {
		if r.IsConnectWise() && !r.Orphaned {
			out.CompanyConfigurationID = r.RemoteID
			break
		}
	}
	return out
}

func alertOf(a uniview.Alert) alert.Alert {
	return alert.Alert{
		Type: alert.Type(a.Type), CustomerID: a.CustomerID, CustomerName: a.CustomerName,
		ApplianceID: a.AssetTag, ApplianceName: a.ApplianceName, Message: a.Message,
		Severity: alert.Severity(a.Severity), Created: a.CreatedTime, Dismissed: a.IsDismissed, Muted: a.IsMuted,
		JobName: a.JobName, JobType: a.JobType, Interrogation: a.InterrogationMessage,
		ID: a.ID, AssetID: a.AssetKey, AssetName: a.AssetName,
	}
}
