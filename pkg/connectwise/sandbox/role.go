package sandbox

// Right is one cell of a security role's table.
type Right struct {
	Section, Name, Level string // "Service Desk", "Service Tickets", "add" (edit, delete, inquire)
}

// Role is the set of rights of a security role.
type Role map[Right]bool

// The sections and entries that the simulator checks.
const (
	Companies   = "Companies"
	ServiceDesk = "Service Desk"
	System      = "System"

	CompanyMaintenance = "Company Maintenance"
	ConfigurationsName = "Configurations"
	CloseTickets       = "Close Service Tickets"
	MergeTickets       = "Merge Tickets"
	ServiceTickets     = "Service Tickets"
	TableSetup         = "Table Setup"
	MemberMaintenance  = "Member Maintenance"
)

// NativeRole is the role that the native integration's page asks for, and no
// right more.
func NativeRole() Role {
	r := Role{}
	r.Grant(Companies, CompanyMaintenance, "inquire")
	r.Grant(Companies, "Company / Contact Group Maintenance", "inquire")
	for _, name := range []string{CloseTickets, MergeTickets, "Service Tickets - Dependencies", ServiceTickets, "Service Tickets - Finance"} {
		r.Grant(ServiceDesk, name, "add", "edit", "inquire")
	}
	r.Grant(System, TableSetup, "inquire")
	return r
}

// Grant adds levels of an entry.
func (r Role) Grant(section, name string, levels ...string) {
	for _, l := range levels {
		r[Right{section, name, l}] = true
	}
}

// Revoke takes levels of an entry away.
func (r Role) Revoke(section, name string, levels ...string) {
	for _, l := range levels {
		delete(r, Right{section, name, l})
	}
}

// GrantExtras adds the rights that optional features need: devices on tickets,
// callbacks, members.
func (r Role) GrantExtras() {
	r.Grant(Companies, ConfigurationsName, "inquire")
	r.Grant(System, TableSetup, "add", "edit", "delete")
	r.Grant(System, MemberMaintenance, "inquire")
}
