package sandbox

import "fmt"

// AddSample fills an account with a small service provider's world: types and statuses, three organizations, one of them
// below another and one kept by the PSA, and for each a few machines: live and archived, synced and not, with addresses
// in each of the three places.
func (s *State) AddSample() {
	customer := s.AddOrganizationType(Named{Name: "Customer", Synced: true})
	active := s.AddOrganizationStatus(Named{Name: "Active", Synced: true})
	types := []*Named{
		s.AddConfigurationType(Named{Name: "Managed Server", Synced: true}), s.AddConfigurationType(Named{Name: "Managed Workstation", Synced: true}),
		s.AddConfigurationType(Named{Name: "Backup only"}),
	}
	inUse := s.AddConfigurationStatus(Named{Name: "Active", Synced: true})
	var parent int64
	for i, name := range []string{"Hafen Apotheke", "Baltic Freight, Inc.", "Baltic Freight, Inc. (Gdynia)"} {
		o := Organization{Name: name, ShortName: fmt.Sprint("ORG", i), TypeID: customer.ID, StatusID: active.ID, QuickNotes: "Ring twice."}
		if i == 1 {
			o.Adapters = []Adapter{{TypeName: "ConnectWise Manage", RemoteID: "250", Sync: true}}
		}
		if i == 2 {
			o.ParentID = parent
		}
		parent = s.AddOrganization(o).ID
		for j, machine := range []string{"SRV-DC01", "SRV-SQL01", "PC-042"} {
			c := Configuration{
				OrganizationID: parent, Name: machine, Hostname: machine, TypeID: types[j].ID, StatusID: inUse.ID,
				SerialNumber: fmt.Sprintf("SN%d%d", i, j), MAC: fmt.Sprintf("00:15:5D:0%d:10:0%d", i, j),
			}
			switch j {
			case 0:
				c.Interfaces = []Interface{{Name: "Ethernet", MAC: c.MAC, IP: fmt.Sprintf("10.%d.0.10", i), Primary: true}, {Name: "iSCSI", MAC: fmt.Sprintf("0015.5D0%d.1A0%d", i, j)}}
			case 1:
				c.MAC, c.RMM = "", []RMMRecord{{Name: machine, Hostname: machine, MACs: []string{fmt.Sprintf("00-15-5D-0%d-10-0%d", i, j)}, Integration: "aem", RemoteID: fmt.Sprint(i)}}
			default:
				c.Archived = true
			}
			if i == 1 && j < 2 {
				c.PSAIntegration = "enabled"
				c.Adapters = []Adapter{{TypeName: "ConnectWise Manage", RemoteID: fmt.Sprint(900 + j), Sync: true}}
			}
			s.AddConfiguration(c)
		}
	}
}
