package demo

import (
	"fmt"
	"strings"
	"time"

	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// machine is one registration of a protected machine in UniView.
type machine struct {
	customer *customer
	asset    string // key of an appliance asset, or
	endpoint string // id of an endpoint
	name     string

	config int64 // its configuration in IT Glue; 0: none
	late   bool  // added after the others, so that those stay as they are

	every  time.Duration // between backups
	broken bool          // backups fail until dismissed by fate
	dead   bool          // backups have stopped
}

// sharedMACs are adapters' addresses that many machines show.
var sharedMACs = []string{"00:05:9A:3C:7A:00", "02:50:41:00:00:01", "00:09:0F:FE:00:01"}

func (w *World) newMAC() [6]byte {
	// Prefixes of real hardware makers and of virtual platforms.
	prefixes := [][3]byte{{0x00, 0x15, 0x5d}, {0x00, 0x50, 0x56}, {0x3c, 0xec, 0xef}, {0xd4, 0xbe, 0xd9}, {0x52, 0x54, 0x00}}
	p := prefixes[w.rng.IntN(len(prefixes))]
	n := w.rng.Uint32()
	return [6]byte{p[0], p[1], p[2], byte(n >> 16), byte(n >> 8), byte(n)}
}

// spell writes an address as one of the systems in the field does.
func spell(mac [6]byte, how int) string {
	switch how % 5 {
	case 1:
		return fmt.Sprintf("%02X-%02X-%02X-%02X-%02X-%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
	case 2:
		return fmt.Sprintf("%02x%02x.%02x%02x.%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
	case 3:
		return fmt.Sprintf("%02x%02x%02x%02x%02x%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
	case 4:
		return strings.ToLower(fmt.Sprintf("%x:%x:%x:%x:%x:%x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]))
	}
	return fmt.Sprintf("%02X:%02X:%02X:%02X:%02X:%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5])
}

// buildMachines gives a customer its appliances, machines and configurations.
func (w *World) buildMachines(i int, c *customer) {
	if c.name == "Brand New Customer Ltd" {
		return
	}
	per := w.o.Assets/len(w.customers) + 1
	n := max(2, per/2+w.rng.IntN(per+1))
	if last := len(w.customers) - 2; i >= last { // the rest
		n = max(n, w.o.Assets-w.machines())
	}
	w.UniView.Edit(func(st *uniview.State) {
		for a := range 1 + n/30 {
			ap := st.AddAppliance(uniview.Appliance{
				CustomerID: c.id, Name: fmt.Sprintf("%s-BDR%d", prefix(c.name), a+1), TotalMBSize: 8_000_000, TotalMBFree: int64(500_000 + w.rng.IntN(6_000_000)),
			})
			c.appliances = append(c.appliances, ap.AssetTag)
		}
	})
	for k := range n {
		w.buildMachine(c, k)
	}
}

func (w *World) machines() int {
	n := 0
	for _, c := range w.customers {
		n += len(c.machines)
	}
	return n
}

func prefix(name string) string {
	id := strings.ToUpper(identifier(name))
	if len(id) < 4 {
		id += "CUST"
	}
	return id[:4]
}

func (w *World) buildMachine(c *customer, k int) {
	endpoint := w.rng.IntN(100) < 30
	role := []string{"SRV", "DC", "SQL", "FS", "PC", "LT"}[w.rng.IntN(6)]
	if endpoint {
		role = []string{"PC", "LT"}[w.rng.IntN(2)]
	}
	name := fmt.Sprintf("%s-%s%02d", prefix(c.name), role, k+1)
	mac := w.newMAC()
	shown := spell(mac, 0)
	draw := w.rng.IntN(1000)
	switch {
	case draw < 15:
		shown = ""
		w.trap(MacNull)
	case draw < 25:
		shown = sharedMACs[w.rng.IntN(len(sharedMACs))]
		w.trap(MacShared)
	case draw < 30:
		shown = "00:00:00:00:00:00"
		w.trap(MacZero)
	case draw < 230:
		shown = spell(mac, 1+w.rng.IntN(3))
		w.trap(MacSpelling)
	}
	m := w.register(c, name, shown, endpoint)
	switch {
	case draw >= 300 && draw < 312:
		// The older registration went silent when the machine was re-installed.
		old := w.register(c, name, shown, endpoint)
		old.dead = true
		w.trap(Reinstalled)
	case draw >= 312 && draw < 318:
		w.register(c, name+"-CLONE", shown, endpoint)
		w.trap(CloneMAC)
	case draw >= 318 && draw < 324:
		w.register(c, name, shown, !endpoint)
		w.trap(BothFamilies)
	}
	if c.org != 0 {
		w.configure(c, m, name, mac, draw)
	}
	for _, other := range c.machines {
		if other.name == m.name {
			other.config = m.config
		}
	}
}

// register protects a machine in UniView.
func (w *World) register(c *customer, name, mac string, endpoint bool) *machine {
	m := &machine{customer: c, name: name, every: 24 * time.Hour}
	w.UniView.Edit(func(st *uniview.State) {
		if !endpoint {
			m.asset = st.AddAsset(uniview.Asset{
				CustomerID: c.id, AssetTag: c.appliances[w.rng.IntN(len(c.appliances))], Name: name, MAC: mac,
				IP:   fmt.Sprintf("10.%d.%d.%d", w.rng.IntN(200), w.rng.IntN(200), 2+w.rng.IntN(250)),
				Type: []string{"Image Level Instance", "VMware", "Hyper-V"}[w.rng.IntN(3)],
			}).Key
			return
		}
		on := true
		e := uniview.Endpoint{
			CustomerID: c.id, Name: name, MAC: mac, OS: "Windows", LicenseType: "Workstation", BackupEnabled: &on,
			StorageUsed: int64(20+w.rng.IntN(600)) * 1_000_000_000, Created: w.o.Epoch.Add(-time.Duration(30+w.rng.IntN(900)) * 24 * time.Hour),
		}
		switch d := w.rng.IntN(100); {
		case d < 3:
			on = false
			w.trap(BackupOff)
		case d < 6:
			e.HasNoCustomer = true
			w.trap(NoCustomerName)
		}
		m.endpoint = st.AddEndpoint(e).ID
		m.every = 4 * time.Hour
	})
	c.machines = append(c.machines, m)
	return m
}

// configure gives a machine its configuration in IT Glue, or not.
func (w *World) configure(c *customer, m *machine, name string, mac [6]byte, draw int) {
	kind := "Managed Workstation"
	if m.asset != "" {
		kind = "Managed Server"
	}
	conf := itglue.Configuration{OrganizationID: c.org, Name: name, Hostname: name, TypeID: w.types[kind], MAC: spell(mac, 0)}
	place := w.rng.IntN(1000)
	switch {
	case place < 60:
		w.trap(NoConfiguration)
		return
	case place < 160:
		conf.MAC = ""
		conf.Interfaces = []itglue.Interface{{Name: "Ethernet 2", MAC: spell(mac, 0), IP: "10.1.1.9"}}
		w.trap(MacOnInterface)
	case place < 220:
		conf.MAC = ""
		conf.RMM = []itglue.RMMRecord{{Name: name, Hostname: name, MACs: []string{spell(mac, 1)}}}
		w.trap(MacOnRMM)
	case place < 250 && len(spell(mac, 4)) <= 17:
		conf.MAC = spell(mac, 4)
		w.trap(MacShort)
	}
	if c.company != 0 && w.rng.IntN(100) < 70 {
		conf.PSAIntegration = "enabled"
		w.trap(SyncedConfig)
	}
	w.ITGlue.Edit(func(st *itglue.State) {
		m.config = st.AddConfiguration(conf).ID
		switch {
		case draw >= 400 && draw < 406:
			twin := conf
			twin.Archived, twin.Name = true, name+" (old)"
			st.AddConfiguration(twin)
			w.trap(MacArchived)
		case draw >= 406 && draw < 410:
			twin := conf
			twin.Name = name + " spare"
			st.AddConfiguration(twin)
			w.trap(MacTwice)
		case draw >= 410 && draw < 414 && w.customers[0].org != 0 && w.customers[0] != c:
			other := conf
			other.OrganizationID, other.PSAIntegration = w.customers[0].org, ""
			st.AddConfiguration(other)
			w.trap(MacElsewhere)
		}
	})
}
