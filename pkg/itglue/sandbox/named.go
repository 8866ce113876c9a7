package sandbox

import (
	"net/http"
	"strings"
	"time"
)

// A namedKind is one of the four resources that are little more than a name (itglue.md §5).
type namedKind struct {
	resource string // "configuration_types"
	all      func(*State) map[int64]*Named
	add      func(*State, Named) *Named
}

var (
	organizationTypes     = namedKind{"organization_types", func(s *State) map[int64]*Named { return s.OrganizationTypes }, (*State).AddOrganizationType}
	organizationStatuses  = namedKind{"organization_statuses", func(s *State) map[int64]*Named { return s.OrganizationStatuses }, (*State).AddOrganizationStatus}
	configurationTypes    = namedKind{"configuration_types", func(s *State) map[int64]*Named { return s.ConfigurationTypes }, (*State).AddConfigurationType}
	configurationStatuses = namedKind{"configuration_statuses", func(s *State) map[int64]*Named { return s.ConfigurationStatuses }, (*State).AddConfigurationStatus}
)

type wireNamed struct {
	Name           string `json:"name"`
	Configurations *int   `json:"configurations-count,omitempty"` // of configuration types (itglue.md §2)
	CreatedAt      string `json:"created-at"`
	UpdatedAt      string `json:"updated-at"`
}

func (k namedKind) listing() listing[*Named] {
	return listing[*Named]{
		filters: map[string]func(*Named, string) bool{"name": func(n *Named, v string) bool { return n.Name == v }},
		sorts: map[string]func(a, b *Named) int{
			"name":       byText(func(n *Named) string { return n.Name }),
			"id":         byNumber(func(n *Named) int64 { return n.ID }),
			"created_at": byTime(func(n *Named) time.Time { return n.CreatedAt }),
			"updated_at": byTime(func(n *Named) time.Time { return n.UpdatedAt }),
		},
		wire: func(rq *request, n *Named, _ []string) (wireRecord, []wireRecord) {
			w := wireNamed{Name: n.Name, CreatedAt: stamp(n.CreatedAt), UpdatedAt: stamp(n.UpdatedAt)}
			if k.resource == configurationTypes.resource {
				count := 0
				for _, c := range rq.st.Configurations {
					if c.TypeID == n.ID {
						count++
					}
				}
				w.Configurations = &count
			}
			return wireRecord{ID: id(n.ID), Type: strings.ReplaceAll(k.resource, "_", "-"), Attributes: w}, nil
		},
	}
}

func namedList(k namedKind) handler {
	return func(rq *request) (answer, error) { return k.listing().list(rq, sorted(k.all(rq.st))) }
}

func namedShow(k namedKind) handler {
	return func(rq *request) (answer, error) {
		n := k.all(rq.st)[rq.ids["id"]]
		if n == nil {
			return answer{}, notFound(k.resource)
		}
		return k.listing().show(rq, n)
	}
}

func (k namedKind) name(rq *request) (string, error) {
	list, _, err := rq.elements(k.resource, false, true)
	if err != nil {
		return "", err
	}
	if err := list[0].check(map[string]valueKind{"name": text}); err != nil {
		return "", err
	}
	name := list[0].text("name")
	if strings.TrimSpace(name) == "" {
		return "", unprocessable("name", "can't be blank")
	}
	return name, nil
}

func namedCreate(k namedKind) handler {
	return func(rq *request) (answer, error) {
		name, err := k.name(rq)
		if err != nil {
			return answer{}, err
		}
		return k.listing().one(rq, http.StatusCreated, k.add(rq.st, Named{Name: name, CreatedAt: rq.now}), nil)
	}
}

func namedUpdate(k namedKind) handler {
	return func(rq *request) (answer, error) {
		name, err := k.name(rq)
		if err != nil {
			return answer{}, err
		}
		n := k.all(rq.st)[rq.ids["id"]]
		switch {
		case n == nil:
			return answer{}, notFound(k.resource)
		case n.Synced:
			return answer{}, unprocessable("name", "cannot update an externally synced record")
		}
		n.Name, n.UpdatedAt = name, rq.now
		return k.listing().one(rq, http.StatusOK, n, nil)
	}
}
