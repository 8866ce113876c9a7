package main

import (
	"fmt"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	"uniview-bridge/pkg/demo"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// How a machine of the story stands in IT Glue.
type documented int

const (
	byMAC   documented = iota // its configuration has its address
	byName                    // no address in UniView; a configuration has its name
	byNoOne                   // an adapter's address that many share; its configuration is named otherwise
	nowhere                   // no configuration
)

// household is a customer of the story with its counterparts.
type household struct {
	name          string
	organizations []string
	companies     []string
	machines      []box
}

type box struct {
	name   string
	how    documented
	called string // its configuration, when that has another name
	failed bool   // its last backup
}

// shared is the address of a VPN adapter, which identifies no machine.
const shared = "00:05:9A:3C:7A:00"

// households are what a person who sets the bridge up has to deal with, one of each.
var households = []household{
	{
		name: "Harbour Lane Dental", organizations: []string{"Harbour Lane Dental"}, companies: []string{"Harbour Lane Dental"},
		machines: []box{
			{name: "HLD-DC01"},
			{name: "HLD-SQL02", failed: true},
			{name: "HLD-FS03", how: byName},
			{name: "HLD-LT04", how: byNoOne, called: "Reception notebook"},
			{name: "HLD-APP05", how: nowhere},
			{name: "HLD-APP06", how: nowhere},
			{name: "HLD-APP07", how: nowhere},
			{name: "HLD-TMP08", how: nowhere},
			{name: "HLD-WEB09"},
		},
	},
	{ // almost the organization's name
		name: "Northwind Legal LLP", organizations: []string{"Northwind Legal Partners LLP"}, companies: []string{"Northwind Legal LLP"},
		machines: []box{{name: "NWL-DC01"}, {name: "NWL-FS02"}},
	},
	{ // named otherwise altogether
		name: "Quillon Freight", organizations: []string{"Zephyr Logistics Group"}, companies: []string{"Zephyr Logistics Group"},
		machines: []box{{name: "QUF-SRV01", how: nowhere}, {name: "QUF-SRV02", how: nowhere}},
	},
	{ // not documented yet
		name: "Larkspur Bakery Collective", companies: []string{"Larkspur Bakery Collective"},
		machines: []box{{name: "LBC-POS01", how: nowhere}},
	},
	{ // never to be documented
		name:     "Internal Lab Sandpit",
		machines: []box{{name: "LAB-VM01", how: nowhere}},
	},
	{ // two organizations of equal right
		name: "Meadowbrook Motors", organizations: []string{"Meadowbrook Motors", "Meadowbrook Motors"}, companies: []string{"Meadowbrook Motors"},
		machines: []box{{name: "MBM-SRV01", how: nowhere}},
	},
	{ // two companies of equal right
		name: "Kestrel Surgery", organizations: []string{"Kestrel Surgery"}, companies: []string{"Kestrel Surgery", "Kestrel Surgery"},
		machines: []box{{name: "KES-SRV01"}, {name: "KES-SRV02"}},
	},
	{ // more to accept at once
		name: "Fairweather Surveyors Limited", organizations: []string{"Fairweather Surveyor Ltd"}, companies: []string{"Fairweather Surveyors Limited"},
		machines: []box{{name: "FWS-SRV01"}},
	},
}

// settle adds the story's customers to a world that begins at a time.
func settle(w *demo.World, at time.Time) {
	var serverType, status int64
	w.ITGlue.Edit(func(st *itglue.State) {
		for _, t := range st.ConfigurationTypes {
			if t.Name == "Managed Server" {
				serverType = t.ID
			}
		}
		for _, s := range st.ConfigurationStatuses {
			status = s.ID
		}
		st.AddOrganization(itglue.Organization{Name: "Ridgeway Interiors"}) // nobody's: a wrong choice to make
	})
	for i, h := range households {
		var first int64
		w.ITGlue.Edit(func(st *itglue.State) {
			for n, name := range h.organizations {
				if id := st.AddOrganization(itglue.Organization{Name: name}).ID; n == 0 {
					first = id
				}
			}
		})
		w.ConnectWise.Edit(func(st *connectwise.State) {
			for _, name := range h.companies {
				st.AddCompany(name)
			}
		})
		var customer *uniview.Customer
		var appliance *uniview.Appliance
		w.UniView.Edit(func(st *uniview.State) {
			customer = st.AddCustomer(h.name)
			appliance = st.AddAppliance(uniview.Appliance{CustomerID: customer.ID, Name: h.machines[0].name[:3] + "-BDR1", TotalMBSize: 8_000_000, TotalMBFree: 3_000_000})
		})
		for n, b := range h.machines {
			mac := fmt.Sprintf("3C:EC:EF:%02X:00:%02X", 0x40+i, n+1)
			shown, conf := mac, itglue.Configuration{OrganizationID: first, Name: b.name, Hostname: b.name, MAC: mac, TypeID: serverType, StatusID: status}
			switch b.how {
			case byName:
				shown, conf.MAC = "", ""
			case byNoOne:
				shown, conf.Name, conf.Hostname = shared, b.called, ""
			}
			w.UniView.Edit(func(st *uniview.State) {
				a := st.AddAsset(uniview.Asset{CustomerID: customer.ID, AssetTag: appliance.AssetTag, Name: b.name, MAC: shown, IP: fmt.Sprintf("10.20.%d.%d", i, n+10)})
				last := uniview.Backup{AssetKey: a.Key, StartTime: at.Add(-3 * time.Hour), CompleteTime: at.Add(-150 * time.Minute), SizeMB: 4200, Status: "Successful", ReplicationStatus: "Successful"}
				if b.failed {
					last.Status = "Failed"
				}
				st.AddBackup(last)
			})
			if b.how != nowhere && first != 0 {
				w.ITGlue.Edit(func(st *itglue.State) { st.AddConfiguration(conf) })
			}
		}
	}
}
