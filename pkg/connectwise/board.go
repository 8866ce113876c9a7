package connectwise

import (
	"context"
	"fmt"

	"uniview-bridge/pkg/vendorhttp"
)

// Board is a service board, or a project board when Project is set.
type Board struct {
	ID       int
	Name     string
	Inactive bool
	Project  bool
}

type wireBoard struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive flag   `json:"inactiveFlag"`
	Project  flag   `json:"projectFlag"`
}

const boardFields = "id,name,inactiveFlag,projectFlag"

func (w wireBoard) recID() int { return w.ID }

func (w wireBoard) out() Board {
	return Board{ID: w.ID, Name: w.Name, Inactive: bool(w.Inactive), Project: bool(w.Project)}
}

// ListBoards reads all boards, inactive and project boards included. Without
// the right to the setup tables it reads the shorter list that ticket rights
// open (connectwise.md §6).
func (c *Client) ListBoards(ctx context.Context) ([]Board, error) {
	boards, err := newPager[wireBoard](c, listing{op: "list boards", path: "service/boards", fields: boardFields}).collect(ctx)
	if !vendorhttp.IsForbidden(err) {
		return boards, err
	}
	if info, infoErr := newPager[wireBoard](c, listing{op: "list boards", path: "service/info/boards", fields: boardFields}).collect(ctx); infoErr == nil {
		return info, nil
	}
	return nil, err
}

// Status is a status of one board. A ticket is closed by giving it a status of
// its own board that has Closed set (connectwise.md §7.2).
type Status struct {
	ID         int
	BoardID    int
	Name       string
	SortOrder  int
	Inactive   bool
	Closed     bool
	Default    bool
	Escalation string // NotResponded, Responded, ResolutionPlan, Resolved, NoEscalation
}

type wireStatus struct {
	ID         int    `json:"id"`
	Name       string `json:"name"`
	SortOrder  int    `json:"sortOrder"`
	Inactive   flag   `json:"inactive"` // no "Flag" here (connectwise.md §7.3)
	Closed     flag   `json:"closedStatus"`
	Default    flag   `json:"defaultFlag"`
	Escalation string `json:"escalationStatus"`
}

func (w wireStatus) recID() int { return w.ID }

func (w wireStatus) out() Status {
	return Status{
		ID: w.ID, Name: w.Name, SortOrder: w.SortOrder, Inactive: bool(w.Inactive),
		Closed: bool(w.Closed), Default: bool(w.Default), Escalation: w.Escalation,
	}
}

// ListStatuses reads the statuses of one board.
func (c *Client) ListStatuses(ctx context.Context, boardID int) ([]Status, error) {
	list, err := newPager[wireStatus](c, listing{
		op: "list statuses", path: boardPath(boardID, "statuses"), fields: "id,name,sortOrder,inactive,closedStatus,defaultFlag,escalationStatus",
	}).collect(ctx)
	for i := range list {
		list[i].BoardID = boardID
	}
	return list, err
}

// Type is a ticket type of one board.
type Type struct {
	ID       int
	BoardID  int
	Name     string
	Category string // Reactive or Proactive
	Inactive bool
	Default  bool
}

type wireType struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Category string `json:"category"`
	Inactive flag   `json:"inactiveFlag"`
	Default  flag   `json:"defaultFlag"`
}

func (w wireType) recID() int { return w.ID }

func (w wireType) out() Type {
	return Type{ID: w.ID, Name: w.Name, Category: w.Category, Inactive: bool(w.Inactive), Default: bool(w.Default)}
}

// ListTypes reads the ticket types of one board.
func (c *Client) ListTypes(ctx context.Context, boardID int) ([]Type, error) {
	list, err := newPager[wireType](c, listing{
		op: "list types", path: boardPath(boardID, "types"), fields: "id,name,category,inactiveFlag,defaultFlag",
	}).collect(ctx)
	for i := range list {
		list[i].BoardID = boardID
	}
	return list, err
}

// SubType is a ticket subtype of one board; it fits only some types.
type SubType struct {
	ID       int
	BoardID  int
	Name     string
	Inactive bool
	TypeIDs  []int // the types it fits; empty when the server does not say
}

type wireSubType struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive flag   `json:"inactiveFlag"`
	TypeIDs  []int  `json:"typeAssociationIds"`
}

func (w wireSubType) recID() int { return w.ID }

func (w wireSubType) out() SubType {
	return SubType{ID: w.ID, Name: w.Name, Inactive: bool(w.Inactive), TypeIDs: w.TypeIDs}
}

// ListSubTypes reads the ticket subtypes of one board.
func (c *Client) ListSubTypes(ctx context.Context, boardID int) ([]SubType, error) {
	list, err := newPager[wireSubType](c, listing{
		op: "list subtypes", path: boardPath(boardID, "subtypes"), fields: "id,name,inactiveFlag,typeAssociationIds",
	}).collect(ctx)
	for i := range list {
		list[i].BoardID = boardID
	}
	return list, err
}

// Item is a ticket item of one board, the level below the subtype.
type Item struct {
	ID       int
	BoardID  int
	Name     string
	Inactive bool
}

type wireItem struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive flag   `json:"inactiveFlag"`
}

func (w wireItem) recID() int { return w.ID }
func (w wireItem) out() Item  { return Item{ID: w.ID, Name: w.Name, Inactive: bool(w.Inactive)} }

// ListItems reads the ticket items of one board.
func (c *Client) ListItems(ctx context.Context, boardID int) ([]Item, error) {
	list, err := newPager[wireItem](c, listing{
		op: "list items", path: boardPath(boardID, "items"), fields: "id,name,inactiveFlag",
	}).collect(ctx)
	for i := range list {
		list[i].BoardID = boardID
	}
	return list, err
}

// Priority is a ticket priority; priorities belong to no board.
type Priority struct {
	ID        int
	Name      string
	Color     string
	SortOrder int
	Default   bool
	Level     string // Critical, High, Medium, Low
}

type wirePriority struct {
	ID        int    `json:"id"`
	Name      string `json:"name"`
	Color     string `json:"color"`
	SortOrder int    `json:"sortOrder"`
	Default   flag   `json:"defaultFlag"`
	Level     string `json:"level"`
}

func (w wirePriority) recID() int { return w.ID }

func (w wirePriority) out() Priority {
	return Priority{ID: w.ID, Name: w.Name, Color: w.Color, SortOrder: w.SortOrder, Default: bool(w.Default), Level: w.Level}
}

// ListPriorities reads the ticket priorities.
func (c *Client) ListPriorities(ctx context.Context) ([]Priority, error) {
	return newPager[wirePriority](c, listing{
		op: "list priorities", path: "service/priorities", fields: "id,name,color,sortOrder,defaultFlag,level",
	}).collect(ctx)
}

// Source says where tickets come from: "Email Connector", "Phone".
type Source struct {
	ID      int
	Name    string
	Default bool
}

type wireSource struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Default flag   `json:"defaultFlag"`
}

func (w wireSource) recID() int { return w.ID }

func (w wireSource) out() Source {
	return Source{ID: w.ID, Name: w.Name, Default: bool(w.Default)}
}

// ListSources reads the ticket sources.
func (c *Client) ListSources(ctx context.Context) ([]Source, error) {
	return newPager[wireSource](c, listing{op: "list sources", path: "service/sources", fields: "id,name,defaultFlag"}).collect(ctx)
}

func boardPath(boardID int, list string) string {
	return fmt.Sprintf("service/boards/%d/%s", boardID, list)
}
