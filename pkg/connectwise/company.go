package connectwise

import (
	"context"
	"time"
)

// Company is a company record. Names are at most 50 characters, so a longer
// name of another system may be cut here (connectwise.md §7.3).
type Company struct {
	ID         int
	Identifier string // short name, at most 30 characters
	Name       string
	Deleted    bool // soft-deleted: kept by ConnectWise, hidden from people
	StatusID   int
	StatusName string
	TypeNames  []string
	UpdatedAt  time.Time
}

// CompanyQuery chooses companies. The zero value means all that are not deleted.
type CompanyQuery struct {
	IncludeDeleted bool
	IDs            []int // only these; read in parts when there are many
}

type wireCompany struct {
	ID         int      `json:"id"`
	Identifier string   `json:"identifier"`
	Name       string   `json:"name"`
	Deleted    flag     `json:"deletedFlag"`
	Status     ref      `json:"status"`
	Types      []ref    `json:"types"`
	Info       wireInfo `json:"_info"`
}

func (w wireCompany) out() Company {
	c := Company{
		ID: w.ID, Identifier: w.Identifier, Name: w.Name, Deleted: bool(w.Deleted),
		StatusID: w.Status.ID, StatusName: w.Status.Name, UpdatedAt: w.Info.LastUpdated.Time,
	}
	for _, t := range w.Types {
		c.TypeNames = append(c.TypeNames, t.Name)
	}
	return c
}

// CompaniesPager reads companies page by page.
func (c *Client) CompaniesPager(q CompanyQuery) *Pager[Company] {
	var rest []Condition
	if !q.IncludeDeleted {
		// Soft-deleted companies are listed unless this is said (connectwise.md §7.3).
		rest = append(rest, Where("deletedFlag", Equal, Bool(false)))
	}
	p := newPager(c, listing{op: listCompanies, parts: idParts(q.IDs, rest...)}, wireCompany.out)
	if !q.IncludeDeleted {
		p.keep = func(co Company) bool { return !co.Deleted }
	}
	return p
}

// ListCompanies reads all companies that the query chooses, by id. An API
// member of a low level sees fewer, without any error (connectwise.md §6).
func (c *Client) ListCompanies(ctx context.Context, q CompanyQuery) ([]Company, error) {
	return c.CompaniesPager(q).collect(ctx)
}

// CompanyStatus is a status that companies can have.
type CompanyStatus struct {
	ID             int    `json:"id"`
	Name           string `json:"name"`
	Default        bool   `json:"defaultFlag"`
	Inactive       bool   `json:"inactiveFlag"`
	DisallowSaving bool   `json:"disallowSavingFlag"` // probably blocks new tickets of such companies
}

// ListCompanyStatuses reads the statuses that companies can have.
func (c *Client) ListCompanyStatuses(ctx context.Context) ([]CompanyStatus, error) {
	return newPager(c, listing{op: listCompanyStatuses}, same[CompanyStatus]).collect(ctx)
}

// CompanyType is a type that companies can have.
type CompanyType struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"defaultFlag"`
	Vendor  bool   `json:"vendorFlag"`
}

// ListCompanyTypes reads the types that companies can have.
func (c *Client) ListCompanyTypes(ctx context.Context) ([]CompanyType, error) {
	return newPager(c, listing{op: listCompanyTypes}, same[CompanyType]).collect(ctx)
}

// Site is a location of a company.
type Site struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Primary  bool   `json:"primaryAddressFlag"`
	Inactive bool   `json:"inactiveFlag"`
}

// ListSites reads the sites of one company.
func (c *Client) ListSites(ctx context.Context, companyID int) ([]Site, error) {
	return newPager(c, listing{op: listSites, ids: []int{companyID}}, same[Site]).collect(ctx)
}
