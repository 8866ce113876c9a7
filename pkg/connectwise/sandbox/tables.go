package sandbox

var companyTable = &table[Company]{resource: "company", columns: []column[Company]{
	col("id", number, func(_ *State, r *Company) any { return r.ID }),
	col("identifier", text, func(_ *State, r *Company) any { return r.Identifier }),
	col("name", text, func(_ *State, r *Company) any { return r.Name }),
	refCol("status", func(st *State, r *Company) any {
		return nameRef(st.CompanyStatuses, r.StatusID, func(s *CompanyStatus) string { return s.Name })
	}),
	col("deletedFlag", boolean, func(_ *State, r *Company) any { return r.Deleted }),
	col("dateDeleted", date, func(_ *State, r *Company) any { return when(r.DeletedAt) }),
	{name: "types", kind: children, sub: refKinds, get: func(st *State, r *Company) any {
		list := []object{}
		for _, id := range r.TypeIDs {
			if o, ok := nameRef(st.CompanyTypes, id, func(t *CompanyType) string { return t.Name }).(object); ok {
				list = append(list, o)
			}
		}
		return list
	}},
	{name: "lastUpdated", kind: date, hidden: true, get: func(_ *State, r *Company) any { return when(r.UpdatedAt) }},
	{name: "dateEntered", kind: date, hidden: true, get: func(_ *State, r *Company) any { return when(r.EnteredAt) }},
	infoCol(func(_ *State, r *Company) any {
		return infoOf("dateEntered", when(r.EnteredAt), "lastUpdated", when(r.UpdatedAt), "updatedBy", words(r.UpdatedBy))
	}),
}}

var companyStatusTable = &table[CompanyStatus]{resource: "companyStatus", columns: []column[CompanyStatus]{
	col("id", number, func(_ *State, r *CompanyStatus) any { return r.ID }),
	col("name", text, func(_ *State, r *CompanyStatus) any { return r.Name }),
	col("defaultFlag", boolean, func(_ *State, r *CompanyStatus) any { return r.Default }),
	col("inactiveFlag", boolean, func(_ *State, r *CompanyStatus) any { return r.Inactive }),
	col("disallowSavingFlag", boolean, func(_ *State, r *CompanyStatus) any { return r.DisallowSaving }),
	infoCol(func(_ *State, _ *CompanyStatus) any { return infoOf("updatedBy", "admin") }),
}}

var companyTypeTable = &table[CompanyType]{resource: "companyType", columns: []column[CompanyType]{
	col("id", number, func(_ *State, r *CompanyType) any { return r.ID }),
	col("name", text, func(_ *State, r *CompanyType) any { return r.Name }),
	col("defaultFlag", boolean, func(_ *State, r *CompanyType) any { return r.Default }),
	col("vendorFlag", boolean, func(_ *State, r *CompanyType) any { return r.Vendor }),
	infoCol(func(_ *State, _ *CompanyType) any { return infoOf("updatedBy", "admin") }),
}}

var siteTable = &table[Site]{resource: "site", columns: []column[Site]{
	col("id", number, func(_ *State, r *Site) any { return r.ID }),
	col("name", text, func(_ *State, r *Site) any { return r.Name }),
	col("primaryAddressFlag", boolean, func(_ *State, r *Site) any { return r.Primary }),
	col("inactiveFlag", boolean, func(_ *State, r *Site) any { return r.Inactive }),
	{name: "company", kind: reference, sub: companyKinds, get: func(st *State, r *Site) any { return companyRef(st, r.CompanyID) }},
	infoCol(func(_ *State, _ *Site) any { return infoOf("updatedBy", "admin") }),
}}

var boardTable = &table[Board]{resource: "board", columns: []column[Board]{
	col("id", number, func(_ *State, r *Board) any { return r.ID }),
	col("name", text, func(_ *State, r *Board) any { return r.Name }),
	refCol("location", func(_ *State, _ *Board) any { return object{"id": 2, "name": "Main Office"} }),
	refCol("department", func(_ *State, _ *Board) any { return object{"id": 10, "name": "Professional Services"} }),
	col("inactiveFlag", boolean, func(_ *State, r *Board) any { return r.Inactive }),
	col("projectFlag", boolean, func(_ *State, r *Board) any { return r.Project }),
	infoCol(func(_ *State, _ *Board) any { return infoOf("updatedBy", "admin") }),
}}

var statusTable = &table[Status]{resource: "boardStatus", columns: []column[Status]{
	col("id", number, func(_ *State, r *Status) any { return r.ID }),
	col("name", text, func(_ *State, r *Status) any { return r.Name }),
	refCol("board", func(st *State, r *Status) any { return boardRef(st, r.BoardID) }),
	col("sortOrder", number, func(_ *State, r *Status) any { return r.SortOrder }),
	col("inactive", boolean, func(_ *State, r *Status) any { return r.Inactive }),
	col("closedStatus", boolean, func(_ *State, r *Status) any { return r.Closed }),
	col("defaultFlag", boolean, func(_ *State, r *Status) any { return r.Default }),
	col("escalationStatus", text, func(_ *State, r *Status) any { return words(r.Escalation) }),
	infoCol(func(_ *State, _ *Status) any { return infoOf("updatedBy", "admin") }),
}}

var typeTable = &table[Type]{resource: "boardType", columns: []column[Type]{
	col("id", number, func(_ *State, r *Type) any { return r.ID }),
	col("name", text, func(_ *State, r *Type) any { return r.Name }),
	col("category", text, func(_ *State, r *Type) any { return words(r.Category) }),
	col("defaultFlag", boolean, func(_ *State, r *Type) any { return r.Default }),
	col("inactiveFlag", boolean, func(_ *State, r *Type) any { return r.Inactive }),
	refCol("board", func(st *State, r *Type) any { return boardRef(st, r.BoardID) }),
	infoCol(func(_ *State, _ *Type) any { return infoOf("updatedBy", "admin") }),
}}

var subTypeTable = &table[SubType]{resource: "boardSubType", columns: []column[SubType]{
	col("id", number, func(_ *State, r *SubType) any { return r.ID }),
	col("name", text, func(_ *State, r *SubType) any { return r.Name }),
	col("inactiveFlag", boolean, func(_ *State, r *SubType) any { return r.Inactive }),
	{name: "typeAssociationIds", kind: children, get: func(_ *State, r *SubType) any { return append([]int{}, r.TypeIDs...) }},
	refCol("board", func(st *State, r *SubType) any { return boardRef(st, r.BoardID) }),
	infoCol(func(_ *State, _ *SubType) any { return infoOf("updatedBy", "admin") }),
}}

var itemTable = &table[Item]{resource: "boardItem", columns: []column[Item]{
	col("id", number, func(_ *State, r *Item) any { return r.ID }),
	col("name", text, func(_ *State, r *Item) any { return r.Name }),
	col("inactiveFlag", boolean, func(_ *State, r *Item) any { return r.Inactive }),
	refCol("board", func(st *State, r *Item) any { return boardRef(st, r.BoardID) }),
	infoCol(func(_ *State, _ *Item) any { return infoOf("updatedBy", "admin") }),
}}

var priorityTable = &table[Priority]{resource: "priority", columns: []column[Priority]{
	col("id", number, func(_ *State, r *Priority) any { return r.ID }),
	col("name", text, func(_ *State, r *Priority) any { return r.Name }),
	col("color", text, func(_ *State, r *Priority) any { return words(r.Color) }),
	col("sortOrder", number, func(_ *State, r *Priority) any { return r.SortOrder }),
	col("defaultFlag", boolean, func(_ *State, r *Priority) any { return r.Default }),
	col("level", text, func(_ *State, r *Priority) any { return words(r.Level) }),
	infoCol(func(_ *State, _ *Priority) any { return infoOf("updatedBy", "admin") }),
}}

var sourceTable = &table[Source]{resource: "source", columns: []column[Source]{
	col("id", number, func(_ *State, r *Source) any { return r.ID }),
	col("name", text, func(_ *State, r *Source) any { return r.Name }),
	col("defaultFlag", boolean, func(_ *State, r *Source) any { return r.Default }),
	infoCol(func(_ *State, _ *Source) any { return infoOf("updatedBy", "admin") }),
}}

var memberTable = &table[Member]{resource: "member", columns: []column[Member]{
	col("id", number, func(_ *State, r *Member) any { return r.ID }),
	col("identifier", text, func(_ *State, r *Member) any { return r.Identifier }),
	col("licenseClass", text, func(_ *State, _ *Member) any { return "F" }),
	col("firstName", text, func(_ *State, r *Member) any { return r.FirstName }),
	col("lastName", text, func(_ *State, r *Member) any { return r.LastName }),
	col("officeEmail", text, func(_ *State, r *Member) any { return words(r.Email) }),
	col("hireDate", date, func(st *State, _ *Member) any { return st.Now().AddDate(-1, 0, 0) }),
	col("defaultEmail", text, func(_ *State, _ *Member) any { return "Office" }),
	col("defaultPhone", text, func(_ *State, _ *Member) any { return "Office" }),
	refCol("securityRole", func(_ *State, _ *Member) any { return object{"id": 63, "name": "Technician"} }),
	col("inactiveFlag", boolean, func(_ *State, r *Member) any { return r.Inactive }),
	infoCol(func(_ *State, _ *Member) any { return infoOf("updatedBy", "admin") }),
}}

var configurationTable = &table[Configuration]{resource: "configuration", columns: []column[Configuration]{
	col("id", number, func(_ *State, r *Configuration) any { return r.ID }),
	col("name", text, func(_ *State, r *Configuration) any { return r.Name }),
	{name: "company", kind: reference, sub: companyKinds, get: func(st *State, r *Configuration) any { return companyRef(st, r.CompanyID) }},
	infoCol(func(_ *State, _ *Configuration) any { return infoOf("updatedBy", "admin") }),
}}

// linkTable shows a configuration as a ticket's configurations list does.
var linkTable = &table[Configuration]{resource: "configurationReference", columns: []column[Configuration]{
	col("id", number, func(_ *State, r *Configuration) any { return r.ID }),
	col("deviceIdentifier", text, func(_ *State, r *Configuration) any { return r.Name }),
	infoCol(func(_ *State, r *Configuration) any { return infoOf("name", r.Name) }),
}}

var callbackTable = &table[Callback]{resource: "callback", columns: []column[Callback]{
	col("id", number, func(_ *State, r *Callback) any { return r.ID }),
	col("description", text, func(_ *State, r *Callback) any { return words(r.Description) }),
	col("url", text, func(_ *State, r *Callback) any { return r.URL }),
	col("objectId", number, func(_ *State, r *Callback) any { return r.ObjectID }),
	col("type", text, func(_ *State, r *Callback) any { return r.Type }),
	col("level", text, func(_ *State, r *Callback) any { return r.Level }),
	col("payloadVersion", text, func(_ *State, r *Callback) any { return words(r.PayloadVersion) }),
	col("inactiveFlag", boolean, func(_ *State, r *Callback) any { return r.Inactive }),
	col("isSelfSuppressedFlag", boolean, func(_ *State, r *Callback) any { return r.SelfSuppressed }),
	infoCol(func(_ *State, _ *Callback) any { return infoOf("updatedBy", "admin") }),
}}

var ticketTable = &table[Ticket]{resource: "ticket", columns: []column[Ticket]{
	col("id", number, func(_ *State, r *Ticket) any { return r.ID }),
	col("summary", text, func(_ *State, r *Ticket) any { return r.Summary }),
	col("recordType", text, func(_ *State, _ *Ticket) any { return "ServiceTicket" }),
	refCol("board", func(st *State, r *Ticket) any { return boardRef(st, r.BoardID) }),
	refCol("status", func(st *State, r *Ticket) any {
		return nameRef(st.Statuses, r.StatusID, func(s *Status) string { return s.Name })
	}),
	{name: "company", kind: reference, sub: companyKinds, get: func(st *State, r *Ticket) any { return companyRef(st, r.CompanyID) }},
	refCol("site", func(st *State, r *Ticket) any {
		return nameRef(st.Sites, r.SiteID, func(s *Site) string { return s.Name })
	}),
	refCol("type", func(st *State, r *Ticket) any {
		return nameRef(st.Types, r.TypeID, func(t *Type) string { return t.Name })
	}),
	refCol("subType", func(st *State, r *Ticket) any {
		return nameRef(st.SubTypes, r.SubTypeID, func(t *SubType) string { return t.Name })
	}),
	refCol("item", func(st *State, r *Ticket) any {
		return nameRef(st.Items, r.ItemID, func(t *Item) string { return t.Name })
	}),
	refCol("priority", func(st *State, r *Ticket) any {
		return nameRef(st.Priorities, r.PriorityID, func(p *Priority) string { return p.Name })
	}),
	refCol("source", func(st *State, r *Ticket) any {
		return nameRef(st.Sources, r.SourceID, func(s *Source) string { return s.Name })
	}),
	{name: "owner", kind: reference, sub: companyKinds, get: func(st *State, r *Ticket) any {
		m := find(st.Members, r.OwnerID)
		if m == nil {
			return nil
		}
		return object{"id": m.ID, "identifier": m.Identifier, "name": m.FirstName + " " + m.LastName}
	}},
	col("severity", text, func(_ *State, r *Ticket) any { return words(r.Severity) }),
	col("impact", text, func(_ *State, r *Ticket) any { return words(r.Impact) }),
	col("externalXRef", text, func(_ *State, r *Ticket) any { return words(r.ExternalXRef) }),
	col("resources", text, func(_ *State, r *Ticket) any { return words(r.Resources) }),
	col("closedFlag", boolean, func(st *State, r *Ticket) any { return st.Closed(r) }),
	col("closedDate", date, func(_ *State, r *Ticket) any { return when(r.ClosedAt) }),
	col("closedBy", text, func(_ *State, r *Ticket) any { return words(r.ClosedBy) }),
	col("actualHours", number, func(_ *State, r *Ticket) any {
		if r.ActualHours == 0 {
			return nil
		}
		return r.ActualHours
	}),
	{name: "mergedParentTicket", kind: reference, sub: ticketKinds, get: func(st *State, r *Ticket) any {
		p := find(st.Tickets, r.MergedInto)
		if p == nil {
			return nil
		}
		return object{"id": p.ID, "summary": p.Summary}
	}},
	col("hasMergedChildTicketFlag", boolean, func(_ *State, r *Ticket) any { return r.MergedChildren }),
	{name: "lastUpdated", kind: date, hidden: true, get: func(_ *State, r *Ticket) any { return when(r.UpdatedAt) }},
	{name: "dateEntered", kind: date, hidden: true, get: func(_ *State, r *Ticket) any { return when(r.EnteredAt) }},
	infoCol(func(_ *State, r *Ticket) any {
		return infoOf("dateEntered", when(r.EnteredAt), "enteredBy", words(r.EnteredBy),
			"lastUpdated", when(r.UpdatedAt), "updatedBy", words(r.UpdatedBy))
	}),
}}

// noteOn is a note with its ticket.
type noteOn struct {
	Note
	ticketID int
}

var noteTable = &table[noteOn]{resource: "serviceNote", columns: []column[noteOn]{
	col("id", number, func(_ *State, r *noteOn) any { return r.ID }),
	col("ticketId", number, func(_ *State, r *noteOn) any { return r.ticketID }),
	col("text", text, func(_ *State, r *noteOn) any { return r.Text }),
	col("detailDescriptionFlag", boolean, func(_ *State, r *noteOn) any { return r.Discussion }),
	col("internalAnalysisFlag", boolean, func(_ *State, r *noteOn) any { return r.Internal }),
	col("resolutionFlag", boolean, func(_ *State, r *noteOn) any { return r.Resolution }),
	col("dateCreated", date, func(_ *State, r *noteOn) any { return when(r.CreatedAt) }),
	col("createdBy", text, func(_ *State, r *noteOn) any { return words(r.CreatedBy) }),
	col("internalFlag", boolean, func(_ *State, r *noteOn) any { return r.Internal }),
	col("externalFlag", boolean, func(_ *State, r *noteOn) any { return r.Discussion }),
	infoCol(func(_ *State, r *noteOn) any {
		return infoOf("lastUpdated", when(r.CreatedAt), "updatedBy", words(r.CreatedBy))
	}),
}}

func boardRef(st *State, id int) any {
	return nameRef(st.Boards, id, func(b *Board) string { return b.Name })
}

func companyRef(st *State, id int) any {
	c := find(st.Companies, id)
	if c == nil {
		return nil
	}
	return object{"id": c.ID, "identifier": c.Identifier, "name": c.Name}
}
