package connectwise

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Operation is one kind of request that this client can send.
type Operation struct {
	Name   string // as errors name it: "create ticket"
	Method string
	Path   string // below /{codebase}/apis/3.0; of the host when it begins with a slash. {} stands for an id.
}

// operation is a row of the table below. Requests can be made of nothing else,
// so the table is everything that this client can send.
type operation int

const (
	discoverCompany operation = iota
	readSystemInfo
	readCallbackKey

	listCompanies
	listCompanyStatuses
	listCompanyTypes
	listSites

	listBoards
	listBoardInfo
	listStatuses
	listTypes
	listSubTypes
	listItems
	listPriorities
	listSources

	createTicket
	listTickets
	findTickets
	getTicket
	setTicketStatus
	setTicketPriority
	addNote
	listNotes
	attachConfiguration
	listTicketConfigurations

	registerCallback
	listCallbacks
	readCallback
	reviveCallback
	deleteCallback

	probeConfigurations
	probeMembers
)

// operations follow connectwise.md §2 (discovery), §6 (rights), §7 (tickets and
// lists) and §9 (callbacks).
var operations = [...]Operation{
	discoverCompany: {"discover company", http.MethodGet, "/login/companyinfo/{}"},
	readSystemInfo:  {"read system info", http.MethodGet, "system/info"},
	readCallbackKey: {"read callback key", http.MethodGet, "/{}/system/callbackkey/index.rails"},

	listCompanies:       {"list companies", http.MethodGet, "company/companies"},
	listCompanyStatuses: {"list company statuses", http.MethodGet, "company/companies/statuses"},
	listCompanyTypes:    {"list company types", http.MethodGet, "company/companies/types"},
	listSites:           {"list sites", http.MethodGet, "company/companies/{}/sites"},

	listBoards:     {"list boards", http.MethodGet, "service/boards"},
	listBoardInfo:  {"list boards without setup rights", http.MethodGet, "service/info/boards"},
	listStatuses:   {"list statuses", http.MethodGet, "service/boards/{}/statuses"},
	listTypes:      {"list types", http.MethodGet, "service/boards/{}/types"},
	listSubTypes:   {"list subtypes", http.MethodGet, "service/boards/{}/subtypes"},
	listItems:      {"list items", http.MethodGet, "service/boards/{}/items"},
	listPriorities: {"list priorities", http.MethodGet, "service/priorities"},
	listSources:    {"list sources", http.MethodGet, "service/sources"},

	createTicket:             {"create ticket", http.MethodPost, "service/tickets"},
	listTickets:              {"list tickets", http.MethodGet, "service/tickets"},
	findTickets:              {"find tickets", http.MethodGet, "service/tickets"},
	getTicket:                {"get ticket", http.MethodGet, "service/tickets/{}"},
	setTicketStatus:          {"set ticket status", http.MethodPatch, "service/tickets/{}"},
	setTicketPriority:        {"set ticket priority", http.MethodPatch, "service/tickets/{}"},
	addNote:                  {"add note", http.MethodPost, "service/tickets/{}/notes"},
	listNotes:                {"list notes", http.MethodGet, "service/tickets/{}/notes"},
	attachConfiguration:      {"attach configuration", http.MethodPost, "service/tickets/{}/configurations"},
	listTicketConfigurations: {"list ticket configurations", http.MethodGet, "service/tickets/{}/configurations"},

	registerCallback: {"register callback", http.MethodPost, "system/callbacks"},
	listCallbacks:    {"list callbacks", http.MethodGet, "system/callbacks"},
	readCallback:     {"read callback", http.MethodGet, "system/callbacks/{}"},
	reviveCallback:   {"switch callback on", http.MethodPatch, "system/callbacks/{}"},
	deleteCallback:   {"delete callback", http.MethodDelete, "system/callbacks/{}"},

	probeConfigurations: {"check right to configurations", http.MethodGet, "company/configurations"},
	probeMembers:        {"check right to members", http.MethodGet, "system/members"},
}

// Operations lists everything that this client can send, for a review of what it
// may do, or a proxy's allow-list. There is one DELETE in it, of a callback entry
// of our own.
func Operations() []Operation { return slices.Clone(operations[:]) }

func (op operation) String() string { return operations[op].Name }

// write says whether the operation changes something, so that an unreadable
// answer leaves its outcome open.
func (op operation) write() bool { return operations[op].Method != http.MethodGet }

// path puts ids in the places of the operation's path. They are checked here, so
// that nothing but positive numbers gets into an address.
func (op operation) path(ids []int) (string, error) {
	parts := strings.Split(operations[op].Path, "/")
	for i, p := range parts {
		if p != "{}" {
			continue
		}
		if len(ids) == 0 || ids[0] <= 0 {
			return "", invalid(op, "an id is not a positive number")
		}
		parts[i], ids = strconv.Itoa(ids[0]), ids[1:]
	}
	if len(ids) > 0 {
		return "", invalid(op, fmt.Sprintf("%d ids too many", len(ids)))
	}
	return strings.Join(parts, "/"), nil
}
