package demo

import (
	"fmt"
	"strconv"
	"time"

	connectwise "uniview-bridge/pkg/connectwise/sandbox"
	itglue "uniview-bridge/pkg/itglue/sandbox"
	uniview "uniview-bridge/pkg/uniview/sandbox"
)

// customer is one customer and its counterparts, 0 where there is none.
type customer struct {
	id, name   string
	org        int64
	company    int
	sibling    bool  // org is another's, whose name differs in a number only
	namesake   int64 // organization that has the name, though nothing tells it from the customer's
	appliances []string
	machines   []*machine
}

// desk is what the ticket settings of the demo name.
type desk struct {
	Board, ClosedStatus, Priority, Source, Company int
	other                                          int // the board technicians move tickets to
}

// build makes customers, organizations, companies, machines and configurations.
func (w *World) build() {
	w.UniView.Edit(func(st *uniview.State) { st.DismissedFor = 7 * 24 * time.Hour })
	w.buildDesk()
	w.buildTypes()
	for i := range w.o.Customers {
		w.buildCustomer(i)
	}
	w.addNamesakes()
	for i, c := range w.customers {
		w.buildMachines(i, c)
	}
	w.addAwkward()
}

// buildDesk sets ConnectWise up: boards with their statuses and types, priorities, sources.
func (w *World) buildDesk() {
	w.ConnectWise.Edit(func(st *connectwise.State) {
		st.AddStandardSetup()
		for _, b := range st.Boards {
			switch b.Name {
			case "Backup":
				w.desk.Board = b.ID
			case "Service Desk":
				w.desk.other = b.ID
			}
		}
		for _, s := range st.Statuses {
			if s.BoardID == w.desk.Board && s.Closed {
				w.desk.ClosedStatus = s.ID
			}
		}
		for _, p := range st.Priorities {
			if p.Default {
				w.desk.Priority = p.ID
			}
		}
		for _, s := range st.Sources {
			if s.Name == "Monitoring" {
				w.desk.Source = s.ID
			}
		}
		w.desk.Company = st.AddCompany("Our MSP Ltd")
	})
}

func (w *World) buildTypes() {
	w.ITGlue.Edit(func(st *itglue.State) {
		st.AddOrganizationType(itglue.Named{Name: "Customer"})
		st.AddOrganizationStatus(itglue.Named{Name: "Active"})
		st.AddConfigurationStatus(itglue.Named{Name: "Active"})
		for _, name := range []string{"Managed Server", "Managed Workstation", "Managed Network Switch", "Virtual Machine"} {
			w.types[name] = st.AddConfigurationType(itglue.Named{Name: name}).ID
		}
		st.AddOrganization(itglue.Organization{Name: "Our MSP Ltd", Primary: true})
	})
}

// kind of counterpart, by the customer's place in a hundred.
func (w *World) buildCustomer(i int) {
	name := customerName(i)
	if i%17 == 5 && i/17 < len(specials) {
		name = specials[i/17]
		w.trap(HostileName)
	}
	c := &customer{name: name}
	w.UniView.Edit(func(st *uniview.State) { c.id = st.AddCustomer(name).ID })
	w.customers = append(w.customers, c)

	company := func(name string) {
		if len([]rune(name)) > 50 {
			w.trap(CutName)
		}
		w.ConnectWise.Edit(func(st *connectwise.State) {
			c.company = st.AddCompany(name)
		})
	}
	switch p := (i*37 + 11) % 100; {
	case p < 60:
		company(name)
		c.org = w.addOrganization(name, c.company)
		w.trap(ExactName)
	case p < 74:
		company(name)
		c.org = w.addOrganization(respell(name, i), c.company)
		w.trap(RespelledName)
	case p < 82:
		company(name)
		c.org = w.addOrganization(misspell(name, i), 0)
		w.trap(NearName)
	case p < 86:
		company(name)
		c.org = w.addOrganization(name+" 3", 0)
		w.rename(c, name+" 1")
		c.sibling = true
		w.trap(SiblingName)
	case p < 91:
		company(name)
		c.org = w.addOrganization("Trading as "+places[(i+7)%len(places)]+" "+strconv.Itoa(i), c.company)
		w.trap(LinkedByPSA)
	case p < 95:
		w.trap(NoOrganization)
		w.trap(UnmappedAlert)
	default:
		company(name)
		w.ConnectWise.Edit(func(st *connectwise.State) {
			st.DeleteCompany(c.company)
		})
		c.org = w.addOrganization(name, 0)
		w.trap(DeletedCompany)
	}
}

func (w *World) rename(c *customer, name string) {
	c.name = name
	w.UniView.Edit(func(st *uniview.State) { st.Customer(c.id).Name = name })
}

func (w *World) addOrganization(name string, company int) (id int64) {
	w.ITGlue.Edit(func(st *itglue.State) {
		o := itglue.Organization{Name: name}
		if company != 0 {
			o.Adapters = []itglue.Adapter{{TypeName: "ConnectWise Manage", RemoteID: strconv.Itoa(company), Sync: true}}
		}
		id = st.AddOrganization(o).ID
	})
	return id
}

// addNamesakes adds what only looks right.
func (w *World) addNamesakes() {
	n := len(w.customers)
	for k := range max(1, n/70) {
		// Two organizations of one name: nobody may be linked by it.
		c := w.customers[(k*41+3)%n]
		if c.org != 0 {
			w.addOrganization(c.name, 0)
			w.trap(TwoOrganizations)
		}
		// Two customers of one name, both unlike anything else.
		name := fmt.Sprintf("Twin Peaks Holdings %c Ltd", 'A'+k)
		for range 2 {
			twin := &customer{name: name}
			w.UniView.Edit(func(st *uniview.State) { twin.id = st.AddCustomer(name).ID })
			w.customers = append(w.customers, twin)
		}
		w.addOrganization(name, 0)
		w.trap(TwoCustomers)

		// A namesake whose PSA link says that it is somebody else: the customer's
		// company has the name, and is linked to another organization.
		for _, t := range []Trap{NamesakeEvidence, NamesakeBare} {
			evidence := t == NamesakeEvidence
			name := fmt.Sprintf("Sterling Traders %d Ltd", k+1)
			if evidence {
				name = fmt.Sprintf("Sterling Partners %d Ltd", k+1)
			}
			other := &customer{name: name}
			w.UniView.Edit(func(st *uniview.State) { other.id = st.AddCustomer(other.name).ID })
			namesake := w.addOrganization(other.name, 0)
			if evidence {
				w.ConnectWise.Edit(func(st *connectwise.State) {
					other.company = st.AddCompany(other.name)
				})
				other.org = w.addOrganization("Sterling Partnership "+strconv.Itoa(k+1), other.company)
			}
			if !evidence {
				other.namesake = namesake
			}
			w.customers = append(w.customers, other)
			w.strangers(namesake, other.name)
			w.trap(t)
		}
	}
	empty := &customer{name: "Brand New Customer Ltd"}
	w.UniView.Edit(func(st *uniview.State) { empty.id = st.AddCustomer(empty.name).ID })
	empty.org = w.addOrganization(empty.name, 0)
	w.customers = append(w.customers, empty)
	w.trap(EmptyCustomer)
}

// strangers gives an organization machines that no customer backs up.
func (w *World) strangers(org int64, prefix string) {
	w.ITGlue.Edit(func(st *itglue.State) {
		for i := range 3 {
			st.AddConfiguration(itglue.Configuration{
				OrganizationID: org, Name: fmt.Sprintf("%s-PC%02d", identifier(prefix)[:6], i), MAC: spell(w.newMAC(), 0),
				TypeID: w.types["Managed Workstation"],
			})
		}
	})
}
