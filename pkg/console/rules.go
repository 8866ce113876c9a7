package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"uniview-bridge/pkg/alert"
	"uniview-bridge/pkg/backup"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
)

// rulesPage is the ordered rules as one form: nothing is kept before it is saved, so
// that rules can be tried first.
type rulesPage struct {
	Sub        []tab
	Rules      []ruleForm
	Version    int64
	Unknown    string
	Trial      *alert.Trial
	May        bool
	Classes    []alert.Class
	Severities []alert.Severity
	Families   []backup.Family
}

// ruleForm is one rule as the form shows it.
type ruleForm struct {
	alert.Rule

	N                        int // its place, from 0
	Boards, Priorities, Comp []choice
}

// Prefix begins the names of the rule's controls.
func (r ruleForm) Prefix() string { return "r" + strconv.Itoa(r.N) + "." }

// Number is its place as people count.
func (r ruleForm) Number() int { return r.N + 1 }

// HasClass says whether a class is chosen.
func (r ruleForm) HasClass(c alert.Class) bool { return slices.Contains(r.If.Classes, c) }

// HasSeverity says whether a severity is chosen.
func (r ruleForm) HasSeverity(s alert.Severity) bool { return slices.Contains(r.If.Severities, s) }

// HasFamily says whether a family is chosen.
func (r ruleForm) HasFamily(f backup.Family) bool { return slices.Contains(r.If.Families, f) }

// Customers and Appliances are lists of ids with commas between them.
func (r ruleForm) Customers() string { return strings.Join(r.If.Customers, ", ") }

// Appliances is the list of their ids.
func (r ruleForm) Appliances() string { return strings.Join(r.If.Appliances, ", ") }

func (c *Console) rulesOf(r *http.Request, rules []alert.Rule, version int64) (rulesPage, error) {
	page := rulesPage{
		Sub: deskTabs("/rules"), Version: version, May: access.From(r.Context()).May(access.Manager), Classes: alert.Classes,
		Severities: []alert.Severity{alert.SeverityWarning, alert.SeverityCritical, alert.SeverityAlarm},
		Families:   []backup.Family{backup.FamilyAppliance, backup.FamilyEndpoint},
	}
	o, why, err := c.offer(r, 0)
	if err != nil {
		return page, err
	}
	page.Unknown = why
	boards := []alert.Choice{}
	for _, b := range o.Boards {
		boards = append(boards, b.Choice)
	}
	for i, rule := range rules {
		f := ruleForm{Rule: rule, N: i}
		for _, list := range []struct {
			into *[]choice
			from []alert.Choice
			id   int
		}{{&f.Boards, boards, rule.Then.BoardID}, {&f.Priorities, o.Priorities, rule.Then.PriorityID}, {&f.Comp, o.Companies, rule.Then.CompanyID}} {
			x := control{Kind: anID, Value: strconv.Itoa(list.id), From: func(offered) []choice { return choicesOf(list.from) }}
			x.choices(o)
			x.Choices[0].Name = "As the settings say"
			*list.into = x.Choices
		}
		page.Rules = append(page.Rules, f)
	}
	return page, nil
}

func (c *Console) rules(w http.ResponseWriter, r *http.Request) {
	var answer httpapi.RulesAnswer
	err := c.get(r, "/rules", &answer)
	var page rulesPage
	if err == nil {
		page, err = c.rulesOf(r, answer.Rules, answer.Version)
	}
	if err != nil {
		c.fail(w, r, err)
		return
	}
	c.show(w, r, http.StatusOK, "rules", "layout.html", c.frame(r, "Rules", page))
}

// formRules reads the rules of a form. Members that the form does not show are kept
// as they were, in a hidden field.
func formRules(form url.Values, before []alert.Rule) []alert.Rule {
	count, _ := strconv.Atoi(form.Get("count")) // none: no rules
	var rules []alert.Rule
	for i := range min(count, 500) {
		p := "r" + strconv.Itoa(i) + "."
		rule := alert.Rule{}
		if at, err := strconv.Atoi(form.Get(p + "was")); err == nil && at >= 0 && at < len(before) {
			rule = before[at]
		}
		rule.Name, rule.Off = form.Get(p+"name"), form.Get(p+"off") == "on"
		rule.If.Classes, rule.If.Severities, rule.If.Families = nil, nil, nil
		for _, v := range form[p+"classes"] {
			rule.If.Classes = append(rule.If.Classes, alert.Class(v))
		}
		for _, v := range form[p+"severities"] {
			rule.If.Severities = append(rule.If.Severities, alert.Severity(v))
		}
		for _, v := range form[p+"families"] {
			rule.If.Families = append(rule.If.Families, backup.Family(v))
		}
		rule.If.Customers, rule.If.Appliances = listed(form.Get(p+"customers")), listed(form.Get(p+"appliances"))
		rule.If.Contains, rule.If.Pattern = form.Get(p+"contains"), form.Get(p+"pattern")
		rule.Then.NoTicket = form.Get(p+"noTicket") == "on"
		board := rule.Then.BoardID
		for name, into := range map[string]*int{"boardId": &rule.Then.BoardID, "priorityId": &rule.Then.PriorityID, "companyId": &rule.Then.CompanyID} {
			*into, _ = strconv.Atoi(form.Get(p + name)) // none: as the settings say
		}
		if rule.Then.BoardID != board { // type, subtype and item belong to the board
			rule.Then.TypeID, rule.Then.SubTypeID, rule.Then.ItemID = 0, 0, 0
		}
		rules = append(rules, rule)
	}
	return rules
}

func listed(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// saveRules saves, tries, adds, moves or removes: the form says which by its button.
func (c *Console) saveRules(w http.ResponseWriter, r *http.Request) {
	form, ok := c.form(w, r)
	if !ok {
		return
	}
	var kept httpapi.RulesAnswer
	if err := c.get(r, "/rules", &kept); err != nil {
		c.fail(w, r, err)
		return
	}
	rules := formRules(form, kept.Rules)
	version, _ := strconv.ParseInt(form.Get("version"), 10, 64) // none: refused as changed meanwhile
	verb, at, _ := strings.Cut(form.Get("do"), " ")
	n, err := strconv.Atoi(at)
	inside := err == nil && n >= 0 && n < len(rules)
	var refused error
	var trial *alert.Trial
	switch {
	case verb == "add":
		rules = append(rules, alert.Rule{Name: fmt.Sprintf("Rule %d", len(rules)+1)})
	case verb == "remove" && inside:
		rules = slices.Delete(rules, n, n+1)
	case verb == "up" && inside && n > 0:
		rules[n-1], rules[n] = rules[n], rules[n-1]
	case verb == "down" && inside && n < len(rules)-1:
		rules[n+1], rules[n] = rules[n], rules[n+1]
	case verb == "test":
		trial = &alert.Trial{}
		refused = c.ask(r, http.MethodPost, "/rules/test", object{"rules": nonNil(rules), "days": 30}, trial)
	case verb == "save":
		var answer httpapi.RulesAnswer
		if refused = c.ask(r, http.MethodPut, "/rules", object{"rules": nonNil(rules), "version": version}, &answer); refused == nil {
			c.done(w, r, "/rules", flash{Text: "The rules are saved; they count from the next sync on." + warned(answer.Warnings)})
			return
		}
	}
	page, err := c.rulesOf(r, rules, version)
	if err != nil {
		c.fail(w, r, err)
		return
	}
	f := c.frame(r, "Rules", page)
	if refused != nil {
		c.again(w, r, refused, "rules", f)
		return
	}
	page.Trial = trial
	f.Page = page
	c.show(w, r, http.StatusOK, "rules", "layout.html", f)
}

func nonNil(rules []alert.Rule) []alert.Rule { return append([]alert.Rule{}, rules...) }
