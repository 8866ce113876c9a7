package sandbox

import (
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
		if q.st.Unknown404 {
			return textAnswer(http.StatusNotFound, "text/html", "<html><head><title>Not found</title></head></html>")
		}
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

func systemInfo(q *request) *answer {
	return jsonAnswer(http.StatusOK, object{
		"version": q.st.Version, "isCloud": q.st.Cloud, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA",
		"licenseBits": []object{{"name": "Service", "activeFlag": true}}, "maxWorkFlowRecordsAllowed": 1000,
	})
}

func getCompany(q *request) *answer {
	c := q.st.Company(q.ids[0])
	if c == nil || c.Hidden {
		return notFound("Company", q.ids[0])
	}
	return serveOne(q, companyTable, c)
}

func listSites(q *request) *answer {
	if c := q.st.Company(q.ids[0]); c == nil || c.Hidden {
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

func without[T record](list []T, id int) []T {
	out := make([]T, 0, len(list))
	for _, r := range list {
		if r.recID() != id {
			out = append(out, r)
		}
	}
	return out
}
