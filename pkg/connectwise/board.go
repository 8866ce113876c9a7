package connectwise

import (
	"context"

	"uniview-bridge/pkg/vendorhttp"
)

// The records of this file are read as they stand: their tags name ConnectWise's
// members (connectwise.md §7.3), and just those are asked for.

// Board is a service board, or a project board when Project is set. No member
// says whether a board requires a type, subtype or item: only a refused ticket
// does, see [RequiredFields].
type Board struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Inactive bool   `json:"inactiveFlag"`
	Project  bool   `json:"projectFlag"`
}

// ListBoards reads all boards, inactive and project boards included. Without
// the right to the setup tables it reads the shorter list that ticket rights
// open (connectwise.md §6).
func (c *Client) ListBoards(ctx context.Context) ([]Board, error) {
	boards, err := newPager(c, listing{op: listBoards}, same[Board]).collect(ctx)
	if !vendorhttp.IsForbidden(err) {
		return boards, err
	}
	if info, infoErr := newPager(c, listing{op: listBoardInfo}, same[Board]).collect(ctx); infoErr == nil {
		return info, nil
	}
	return nil, err
}

// Status is a status of one board. A ticket is closed by giving it a status of
// its own board that has Closed set (connectwise.md §7.2).
type Status struct {
	ID         int    `json:"id"`
	BoardID    int    `json:"-"`
	Name       string `json:"name"`
	SortOrder  int    `json:"sortOrder"`
	Inactive   bool   `json:"inactive"` // no "Flag" here
	Closed     bool   `json:"closedStatus"`
	Default    bool   `json:"defaultFlag"`
	Escalation string `json:"escalationStatus"` // NotResponded, Responded, ResolutionPlan, Resolved, NoEscalation
}

// ListStatuses reads the statuses of one board.
func (c *Client) ListStatuses(ctx context.Context, boardID int) ([]Status, error) {
	return ofBoard(ctx, c, listStatuses, boardID, func(s *Status) *int { return &s.BoardID })
}

// Type is a ticket type of one board.
type Type struct {
	ID       int    `json:"id"`
	BoardID  int    `json:"-"`
	Name     string `json:"name"`
	Category string `json:"category"` // Reactive or Proactive
	Inactive bool   `json:"inactiveFlag"`
	Default  bool   `json:"defaultFlag"`
}

// ListTypes reads the ticket types of one board.
func (c *Client) ListTypes(ctx context.Context, boardID int) ([]Type, error) {
	return ofBoard(ctx, c, listTypes, boardID, func(t *Type) *int { return &t.BoardID })
}

// SubType is a ticket subtype of one board; it fits only some types.
type SubType struct {
	ID       int    `json:"id"`
	BoardID  int    `json:"-"`
	Name     string `json:"name"`
	Inactive bool   `json:"inactiveFlag"`
	TypeIDs  []int  `json:"typeAssociationIds"` // the types it fits; empty when the server does not say
}

// ListSubTypes reads the ticket subtypes of one board.
func (c *Client) ListSubTypes(ctx context.Context, boardID int) ([]SubType, error) {
	return ofBoard(ctx, c, listSubTypes, boardID, func(s *SubType) *int { return &s.BoardID })
}

// Item is a ticket item of one board, the level below the subtype.
type Item struct {
	ID       int    `json:"id"`
	BoardID  int    `json:"-"`
	Name     string `json:"name"`
	Inactive bool   `json:"inactiveFlag"`
}

// ListItems reads the ticket items of one board.
func (c *Client) ListItems(ctx context.Context, boardID int) ([]Item, error) {
	return ofBoard(ctx, c, listItems, boardID, func(i *Item) *int { return &i.BoardID })
}

// ofBoard reads a list that belongs to one board, and notes the board in each row.
func ofBoard[T any](ctx context.Context, c *Client, op operation, boardID int, board func(*T) *int) ([]T, error) {
	return newPager(c, listing{op: op, ids: []int{boardID}}, func(row T) T {
		*board(&row) = boardID
		return row
	}).collect(ctx)
}

// Priority is a ticket priority; priorities belong to no board.
type Priority struct {
	ID        int    `json:"id"`
	Name      string `json:"name"`
	Color     string `json:"color"`
	SortOrder int    `json:"sortOrder"`
	Default   bool   `json:"defaultFlag"`
	Level     string `json:"level"` // Critical, High, Medium, Low
}

// ListPriorities reads the ticket priorities.
func (c *Client) ListPriorities(ctx context.Context) ([]Priority, error) {
	return newPager(c, listing{op: listPriorities}, same[Priority]).collect(ctx)
}

// Source says where tickets come from: "Email Connector", "Phone".
type Source struct {
	ID      int    `json:"id"`
	Name    string `json:"name"`
	Default bool   `json:"defaultFlag"`
}

// ListSources reads the ticket sources.
func (c *Client) ListSources(ctx context.Context) ([]Source, error) {
	return newPager(c, listing{op: listSources}, same[Source]).collect(ctx)
}
