package sandbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// companyInfo is the page that needs no authentication; an unknown company is
// the word null (connectwise.md §2).
func companyInfo(q *request) *answer {
	if q.http.Method != http.MethodGet {
		return textAnswer(http.StatusMethodNotAllowed, "text/plain", "")
	}
	if q.word != q.st.CompanyID { // letter case counts
		return textAnswer(http.StatusOK, "application/json", "null")
	}
	cloud := "False"
	if q.st.Cloud {
		cloud = "True"
	}
	info := object{
		"CompanyName": q.st.CompanyName, "Codebase": q.st.Codebase + "/", "VersionCode": strings.ReplaceAll(q.st.Codebase, "_", "."),
		"VersionNumber": q.st.Version, "CompanyID": q.st.CompanyID, "IsCloud": cloud,
	}
	if q.st.SiteURL != "" {
		info["SiteUrl"] = q.st.SiteURL
	}
	return jsonAnswer(http.StatusOK, info)
}

// callbackKey answers the signing key that callbacks name.
func callbackKey(q *request) *answer {
	if q.query.Get("id") != q.st.CallbackKeyID || q.query.Get("companyName") != q.st.CompanyID {
		return textAnswer(http.StatusNotFound, "text/html", "<html><head><title>Not found</title></head></html>")
	}
	return jsonAnswer(http.StatusOK, object{"signing_key": q.st.CallbackKey})
}

// SignedCallback makes the body of a callback for a ticket and its signature, as
// ConnectWise would post them. site is scheme and host of the key's address.
func (st *State) SignedCallback(site, action string, ticketID int) (body []byte, signature string) {
	var entity any
	if t := st.Ticket(ticketID); t != nil {
		b, err := json.Marshal(ticketTable.render(st, t, nil))
		if err != nil {
			panic(err)
		}
		entity = string(b)
	}
	body, err := json.Marshal(object{
		"Action": action, "CallbackObjectRecId": 1, "CompanyId": st.CompanyID, "Entity": entity, "FromUrl": strings.TrimPrefix(site, "https://"),
		"ID": ticketID, "MemberId": "tech1", "MessageId": fmt.Sprintf("00000000-0000-4000-8000-%012d", ticketID),
		"Metadata": object{"key_url": site + "/" + st.Codebase + "//system/callbackkey/index.rails?companyName=" + st.CompanyID + "&id=" + st.CallbackKeyID},
		"Type":     "ticket",
	})
	if err != nil {
		panic(err)
	}
	key := sha256.Sum256([]byte(st.CallbackKey))
	mac := hmac.New(sha256.New, key[:])
	mac.Write(body)
	return body, base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func systemInfo(q *request) *answer {
	return jsonAnswer(http.StatusOK, object{
		"version": q.st.Version, "isCloud": q.st.Cloud, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA",
		"licenseBits": []object{{"name": "Service", "activeFlag": true}}, "maxWorkFlowRecordsAllowed": 1000,
	})
}

func getCompany(q *request) *answer {
	c := q.st.Company(q.ids[0])
	if c == nil {
		return notFound("Company", q.ids[0])
	}
	return serveOne(q, companyTable, c)
}

func listSites(q *request) *answer {
	if q.st.Company(q.ids[0]) == nil {
		return notFound("Company", q.ids[0])
	}
	var own []Site
	for _, s := range q.st.Sites {
		if s.CompanyID == q.ids[0] {
			own = append(own, s)
		}
	}
	return serveList(q, siteTable, own)
}

func listBoards(q *request) *answer { return serveList(q, boardTable, q.st.Boards) }

func getBoard(q *request) *answer {
	b := find(q.st.Boards, q.ids[0])
	if b == nil {
		return notFound("Service Board", q.ids[0])
	}
	return serveOne(q, boardTable, b)
}

// ofBoard serves a list that belongs to the board in the path.
func ofBoard[T record](t *table[T], all func(*State) []T, boardOf func(T) int) func(*request) *answer {
	return func(q *request) *answer {
		if find(q.st.Boards, q.ids[0]) == nil {
			return notFound("Service Board", q.ids[0])
		}
		var own []T
		for _, r := range all(q.st) {
			if boardOf(r) == q.ids[0] {
				own = append(own, r)
			}
		}
		return serveList(q, t, own)
	}
}

func notFound(what string, id int) *answer {
	return refuse(http.StatusNotFound, "NotFound", fmt.Sprintf("%s %d not found", what, id))
}

func createCallback(q *request) *answer {
	m, bad := decodeObject(q.body, "CallbackEntry", callbackMembers)
	if bad != nil {
		return bad
	}
	var c Callback
	var errs []innerError
	read := func(name string, into any) {
		raw, ok := m[name]
		if !ok || json.Unmarshal(raw, into) != nil {
			errs = append(errs, required(name))
		}
	}
	read("url", &c.URL)
	read("type", &c.Type)
	read("level", &c.Level)
	read("objectId", &c.ObjectID)
	for name, into := range map[string]any{
		"description": &c.Description, "payloadVersion": &c.PayloadVersion, "inactiveFlag": &c.Inactive, "isSelfSuppressedFlag": &c.SelfSuppressed,
	} {
		if raw, ok := m[name]; ok && json.Unmarshal(raw, into) != nil {
			errs = append(errs, innerError{Code: "InvalidField", Message: "The " + name + " field is invalid.", Field: name})
		}
	}
	errs = append(errs, tooLong("description", c.Description, 100)...)
	if strings.EqualFold(c.Level, "owner") && c.ObjectID == 0 {
		c.ObjectID = 1 // accepted and stored so (connectwise.md §9)
	}
	for _, have := range q.st.Callbacks {
		if have.URL == c.URL && strings.EqualFold(have.Type, c.Type) && strings.EqualFold(have.Level, c.Level) && have.ObjectID == c.ObjectID {
			errs = append(errs, innerError{Code: "ObjectExists", Message: "A matching callback entry already exists"})
		}
	}
	if len(errs) > 0 {
		return invalidObject("callback", errs...)
	}
	r := add(q.st, &q.st.Callbacks, "callback", 0, func(id int) Callback { c.ID = id; return c })
	return jsonAnswer(http.StatusCreated, callbackTable.render(q.st, r, nil))
}

func deleteCallback(q *request) *answer {
	if find(q.st.Callbacks, q.ids[0]) == nil {
		return notFound("Callback", q.ids[0])
	}
	q.st.Callbacks = without(q.st.Callbacks, q.ids[0])
	return textAnswer(http.StatusNoContent, "", "")
}

func without[T record](list []T, id int) []T {
	out := make([]T, 0, len(list))
	for _, r := range list {
		if r.recID() != id {
			out = append(out, r)
		}
	}
	return out
}
