package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf16"
)

// members describes what a body may hold: known and simulated, or known to the
// vendor's model but not simulated.
type members struct {
	simulated []string
	modelOnly []string
	readOnly  []string
}

var callbackMembers = members{
	simulated: []string{"url", "objectId", "type", "level", "description", "payloadVersion", "inactiveFlag", "isSelfSuppressedFlag"},
	modelOnly: []string{"memberId", "isSoapCallbackFlag", "connectWiseID"},
	readOnly:  []string{"id", "_info"},
}

var noteMembers = members{
	simulated: []string{"text", "detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag", "processNotifications"},
	modelOnly: []string{"ticketId", "issueFlag", "member", "contact", "customerUpdatedFlag", "sentimentScore"},
	readOnly:  []string{"id", "dateCreated", "createdBy", "internalFlag", "externalFlag", "_info"},
}

var ticketMembers = members{
	simulated: []string{
		"summary", "recordType", "company", "board", "status", "type", "subType", "item", "priority", "source", "site", "owner",
		"severity", "impact", "externalXRef", "resources", "initialDescription", "initialInternalAnalysis", "initialResolution",
		"processNotifications", "skipCallback",
	},
	modelOnly: []string{
		"siteName", "addressLine1", "addressLine2", "city", "stateIdentifier", "zip", "country", "contact", "contactName",
		"contactPhoneNumber", "contactPhoneExtension", "contactEmailAddress", "contactEmailLookup", "team", "serviceLocation",
		"requiredDate", "budgetHours", "opportunity", "agreement", "poNumber", "knowledgeBaseCategoryId", "allowAllClientsPortalView",
		"customerUpdatedFlag", "automaticEmailContactFlag", "automaticEmailResourceFlag", "automaticEmailCcFlag", "automaticEmailCc",
		"initialDescriptionFrom", "billTime", "billExpenses", "billProducts", "parentTicketId", "estimatedStartDate", "duration",
		"location", "department", "sla", "integratorTags", "customFields", "workRole", "workType",
	},
	readOnly: []string{
		"id", "closedFlag", "closedDate", "closedBy", "actualHours", "mergedParentTicket", "hasMergedChildTicketFlag",
		"hasChildTicket", "dateResolved", "_info",
	},
}

var filterMembers = members{simulated: []string{"conditions", "orderBy", "childconditions", "customfieldconditions"}}

var mergeMembers = members{simulated: []string{"mergeTicketIds", "status"}}

var linkMembers = members{simulated: []string{"id"}, modelOnly: []string{"deviceIdentifier"}}

// decodeObject reads a body as strictly as the vendor: an unknown member is
// refused (connectwise.md §3).
func decodeObject(body []byte, model string, known members) (map[string]json.RawMessage, *answer) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal(body, &m); err != nil || m == nil {
		return nil, refuse(http.StatusBadRequest, "ConnectWiseApi", "The body cannot be read as an object of type '"+model+"'.")
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if bad := known.check(name, model, body); bad != nil {
			return nil, bad
		}
	}
	return m, nil
}

func (k members) check(name, model string, body []byte) *answer {
	switch {
	case slices.Contains(k.simulated, name):
		return nil
	case slices.Contains(k.modelOnly, name):
		return notSimulated(model + "." + name)
	case slices.Contains(k.readOnly, name):
		return invalidObject(strings.ToLower(model), innerError{Code: "InvalidField", Message: "The " + name + " field cannot be written.", Field: name})
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		quoted = []byte(name)
	}
	at := bytes.Index(body, quoted) + len(quoted) + 1
	return refuse(http.StatusBadRequest, "ConnectWiseApi", fmt.Sprintf(
		"Could not find member '%s' on object of type '%s'. Path '%s', line 1, position %d. Check your accept header to make sure you are using the correct version.",
		name, model, name, at))
}

// wireRef is a reference in a body.
type wireRef struct {
	ID         *int    `json:"id"`
	Name       *string `json:"name"`
	Identifier *string `json:"identifier"`
	Info       any     `json:"_info"`
}

func decodeRef(raw json.RawMessage) (wireRef, bool) {
	var r wireRef
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&r)
	return r, err == nil
}

func required(name string) innerError {
	return innerError{Code: "MissingRequiredField", Message: "The " + name + " field is required.", Field: name}
}

// tooLong counts as the vendor's platform does, in UTF-16 units.
func tooLong(name, value string, limit int) []innerError {
	if len(utf16.Encode([]rune(value))) <= limit {
		return nil
	}
	return []innerError{{
		Code: "MaxLengthField", Message: fmt.Sprintf("The field %s must be a string with a maximum length of %d.", name, limit), Field: name,
	}}
}
