package connectwise

import (
	"context"
	"fmt"
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

const companyFields = "id,identifier,name,deletedFlag,status,types,_info"

func (w wireCompany) recID() int { return w.ID }

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
	return newPager[wireCompany](c, listing{
		op: "list companies", path: "company/companies", fields: companyFields, parts: idParts(q.IDs, rest...),
	})
}

// ListCompanies reads all companies that the query chooses, by id. An API
// member of a low level sees fewer, without any error (connectwise.md §6).
func (c *Client) ListCompanies(ctx context.Context, q CompanyQuery) ([]Company, error) {
	return c.CompaniesPager(q).collect(ctx)
}

// CompanyStatus is a status that companies can have.
type CompanyStatus struct {
	ID             int
	Name           string
	Default        bool
	Inactive       bool
	DisallowSaving bool // probably blocks new tickets of such companies
}

type wireCompanyStatus struct {
	ID             int    `json:"id"`
	Name           string `json:"name"`
	Default        flag   `json:"defaultFlag"`
	Inactive       flag   `json:"inactiveFlag"`
	DisallowSaving flag   `json:"disallowSavingFlag"`
}

func (w wireCompanyStatus) recID() int { return w.ID }

func (w wireCompanyStatus) out() CompanyStatus {
	return CompanyStatus{ID: w.ID, Name: w.Name, Default: bool(w.Default), Inactive: bool(w.Inactive), DisallowSaving: bool(w.DisallowSaving)}
}

// ListCompanyStatuses reads the statuses that companies can have.
func (c *Client) ListCompanyStatuses(ctx context.Context) ([]CompanyStatus, error) {
	return newPager[wireCompanyStatus](c, listing{
		op: "list company statuses", path: "company/companies/statuses", fields: "id,name,defaultFlag,inactiveFlag,disallowSavingFlag",
	}).collect(ctx)
}

// CompanyType is a type that companies can have.
type CompanyType struct {
	ID      int
	Name    string
	Default bool
	Vendor  bool
}

type wireCompanyType struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Default flag   `json:"defaultFlag"`
	Vendor  flag   `json:"vendorFlag"`
}

func (w wireCompanyType) recID() int { return w.ID }

func (w wireCompanyType) out() CompanyType {
	return CompanyType{ID: w.ID, Name: w.Name, Default: bool(w.Default), Vendor: bool(w.Vendor)}
}

// ListCompanyTypes reads the types that companies can have.
func (c *Client) ListCompanyTypes(ctx context.Context) ([]CompanyType, error) {
	return newPager[wireCompanyType](c, listing{
		op: "list company types", path: "company/companies/types", fields: "id,name,defaultFlag,vendorFlag",
	}).collect(ctx)
}

// Site is a location of a company.
type Site struct {
	ID       int
	Name     string
	Primary  bool
	Inactive bool
}

type wireSite struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Primary  flag   `json:"primaryAddressFlag"`
	Inactive flag   `json:"inactiveFlag"`
}

func (w wireSite) recID() int { return w.ID }

func (w wireSite) out() Site {
	return Site{ID: w.ID, Name: w.Name, Primary: bool(w.Primary), Inactive: bool(w.Inactive)}
}

// ListSites reads the sites of one company.
func (c *Client) ListSites(ctx context.Context, companyID int) ([]Site, error) {
	return newPager[wireSite](c, listing{
		op: "list sites", path: fmt.Sprintf("company/companies/%d/sites", companyID), fields: "id,name,primaryAddressFlag,inactiveFlag",
	}).collect(ctx)
}
