package connectwise

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"uniview-bridge/pkg/connectwise/sandbox"
)

func TestBoardsStatusesAndTheOtherLists(t *testing.T) {
	t.Parallel()
	c, srv := start(t)
	ctx := t.Context()
	boards, err := c.ListBoards(ctx)
	if diff := cmp.Diff([]Board{{ID: 1, Name: "Service Desk"}, {ID: 2, Name: "Backup"}, {ID: 3, Name: "Projects", Project: true}}, boards); diff != "" || err != nil {
		t.Error(diff, err)
	}
	statuses, err := c.ListStatuses(ctx, 2)
	if diff := cmp.Diff([]Status{
		{ID: 506, BoardID: 2, Name: "New (backup)", SortOrder: 1, Default: true, Escalation: "NotResponded"},
		{ID: 507, BoardID: 2, Name: "Working", SortOrder: 2, Escalation: "Responded"},
		{ID: 508, BoardID: 2, Name: "Resolved", SortOrder: 3, Closed: true, Escalation: "Resolved"},
	}, statuses); diff != "" || err != nil {
		t.Error(diff, err)
	}
	types, err := c.ListTypes(ctx, 2)
	if err != nil || len(types) != 2 || types[0] != (Type{ID: 303, BoardID: 2, Name: "Backup failure", Category: "Reactive", Default: true}) {
		t.Errorf("%+v, %v", types, err)
	}
	subs, err := c.ListSubTypes(ctx, 2)
	if err != nil || len(subs) != 2 || subs[0].TypeIDs[0] != 303 || subs[0].BoardID != 2 {
		t.Errorf("%+v, %v", subs, err)
	}
	items, err := c.ListItems(ctx, 2)
	if err != nil || len(items) != 2 || items[0].BoardID != 2 {
		t.Errorf("%+v, %v", items, err)
	}
	prios, err := c.ListPriorities(ctx)
	if err != nil || len(prios) != 4 || prios[2] != (Priority{ID: 3, Name: "Priority 3 - Medium", Color: "Yellow", SortOrder: 3, Default: true, Level: "Medium"}) {
		t.Errorf("%+v, %v", prios, err)
	}
	sources, err := c.ListSources(ctx)
	if err != nil || len(sources) != 3 || !sources[0].Default {
		t.Errorf("%+v, %v", sources, err)
	}
	sites, err := c.ListSites(ctx, msp)
	if diff := cmp.Diff([]Site{{ID: 2001, Name: "Main", Primary: true}}, sites); diff != "" || err != nil {
		t.Error(diff, err)
	}
	cs, err := c.ListCompanyStatuses(ctx)
	if err != nil || len(cs) != 3 || !cs[2].DisallowSaving || !cs[1].Inactive || !cs[0].Default {
		t.Errorf("%+v, %v", cs, err)
	}
	ct, err := c.ListCompanyTypes(ctx)
	if err != nil || len(ct) != 3 || !ct[2].Vendor {
		t.Errorf("%+v, %v", ct, err)
	}
	srv.Edit(func(st *sandbox.State) { st.ClosedTables = []string{"boards"} })
	if boards, err = c.ListBoards(ctx); err != nil || len(boards) != 3 {
		t.Errorf("without the setup right: %+v, %v", boards, err)
	}
}
