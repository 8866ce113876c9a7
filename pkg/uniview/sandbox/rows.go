package sandbox

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"net/url"
	"time"
)

// row is one JSON object with its members in order. Which of the allowed
// spellings a value gets (null or missing, how many digits of a second) depends
// on the row's id and the member's name only, so that a row reads the same twice.
type row struct {
	id  string
	buf *bytes.Buffer
}

func newRow(id string) row { return row{id, &bytes.Buffer{}} }

// MarshalJSON implements json.Marshaler.
func (r row) MarshalJSON() ([]byte, error) {
	return append(append([]byte{'{'}, r.buf.Bytes()...), '}'), nil
}

func (r row) pick(name string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(r.id + "/" + name))
	return int(h.Sum32()>>8) % n
}

func (r row) put(name string, v any) row {
	value, err := json.Marshal(v)
	if err != nil {
		return r
	}
	if r.buf.Len() > 0 {
		r.buf.WriteByte(',')
	}
	r.buf.WriteByte('"')
	r.buf.WriteString(name)
	r.buf.WriteString(`":`)
	r.buf.Write(value)
	return r
}

// none writes null, or leaves the member out.
func (r row) none(name string) row {
	if r.pick(name, 2) == 0 {
		return r
	}
	return r.put(name, nil)
}

// text writes a nullable text.
func (r row) text(name, v string) row {
	if v == "" {
		return r.none(name)
	}
	return r.put(name, v)
}

// at writes a nullable time with any fraction that tells it exactly.
func (r row) at(name string, t time.Time) row {
	if t.IsZero() {
		return r.none(name)
	}
	return r.put(name, r.stamp(name, t))
}

func (r row) stamp(name string, t time.Time) string {
	t = t.UTC()
	layouts := []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000000Z", "2006-01-02T15:04:05.0000000Z"}
	switch ns := t.Nanosecond(); {
	case ns == 0:
	case ns%1e6 == 0:
		layouts = layouts[1:]
	case ns%1e3 == 0:
		layouts = layouts[2:]
	default:
		layouts = layouts[3:]
	}
	return t.Format(layouts[r.pick(name, len(layouts))])
}

func entries[T any](rows []*T, write func(*T) row) []entry {
	out := make([]entry, len(rows))
	for i, v := range rows {
		out[i] = func() row { return write(v) }
	}
	return out
}

func (s *Server) customers(q url.Values) []entry {
	id, name := func(c *Customer) string { return c.ID }, func(c *Customer) string { return c.Name }
	rows := keep(s.state.Customers, equal(q, "id", id), equal(q, "name", name))
	order(rows, q, map[string]func(a, b *Customer) int{"id": byText(id), "name": byText(name)}, nil)
	return entries(rows, func(c *Customer) row { return newRow(c.ID).put("id", c.ID).text("name", c.Name) })
}

func (s *Server) appliances(q url.Values) []entry {
	type T = Appliance
	tag, customer, name := func(a *T) string { return a.AssetTag }, func(a *T) string { return a.CustomerID }, func(a *T) string { return a.Name }
	version, helix := func(a *T) string { return a.Version }, func(a *T) string { return a.HelixStatus }
	online := func(a *T) bool { return a.IsOnline }
	size, free := func(a *T) int64 { return a.TotalMBSize }, func(a *T) int64 { return a.TotalMBFree }
	rows := keep(s.state.Appliances,
		equal(q, "customer_id", customer), equal(q, "asset_tag", tag), contains(q, "name", name), is(q, "is_online", online),
		within(q, "total_mb_size", size), within(q, "total_mb_free", free), contains(q, "version", version), equal(q, "helix_status", helix))
	order(rows, q, map[string]func(a, b *T) int{
		"asset_tag": byText(tag), "customer_id": byText(customer), "name": byText(name), "version": byText(version),
		"is_online": byNumber(asNumber(online)), "total_mb_size": byNumber(size), "total_mb_free": byNumber(free),
	}, nil)
	return entries(rows, func(a *T) row {
		return newRow(a.AssetTag).put("customer_id", a.CustomerID).text("asset_tag", a.AssetTag).text("name", a.Name).
			put("is_online", a.IsOnline).put("total_mb_size", a.TotalMBSize).put("total_mb_free", a.TotalMBFree).
			text("version", a.Version).put("helix_status", a.HelixStatus)
	})
}

func (s *Server) assets(q url.Values) []entry {
	type T = Asset
	col := map[string]func(*T) string{
		"customer_id": func(a *T) string { return a.CustomerID }, "asset_tag": func(a *T) string { return a.AssetTag },
		"name": func(a *T) string { return a.Name }, "type": func(a *T) string { return a.Type },
		"ip": func(a *T) string { return a.IP }, "mac": func(a *T) string { return a.MAC }, "key": func(a *T) string { return a.Key },
	}
	rows := keep(s.state.Assets,
		equal(q, "key", col["key"]), equal(q, "customer_id", col["customer_id"]), equal(q, "asset_tag", col["asset_tag"]),
		contains(q, "name", col["name"]), equal(q, "type", col["type"]), equal(q, "ip", col["ip"]), equal(q, "mac", col["mac"]))
	orders := map[string]func(a, b *T) int{}
	for name, of := range col {
		orders[name] = byText(of)
	}
	order(rows, q, orders, nil)
	backups, links := q.Has("include[backups]"), q.Has("include[links]")
	return entries(rows, func(a *T) row {
		r := newRow(a.Key).put("customer_id", a.CustomerID).text("asset_tag", a.AssetTag).text("name", a.Name).
			text("type", a.Type).text("ip", a.IP).text("mac", a.MAC).put("key", a.Key)
		if backups && a.LastBackup != nil {
			r.put("last_backup", a.LastBackup.fields(newRow(a.Key+"/last")))
		}
		if links {
			r.put("links", []any{map[string]string{"rel": "WebInterface", "href": "https://unitrends.backup.net/links/asset/" + a.Key}})
		}
		return r
	})
}

func (b *Backup) fields(r row) row {
	return r.put("start_time", r.stamp("start_time", b.StartTime)).at("complete_time", b.CompleteTime).put("size", b.SizeMB).
		text("type", b.Type).put("status", b.Status).put("replication_status", b.ReplicationStatus)
}

func (s *Server) backups(q url.Values) []entry {
	type T = Backup
	key := func(b *T) string { return b.AssetKey }
	of := func(f func(*Asset) string) func(*T) string {
		return func(b *T) string {
			if a := s.state.Asset(b.AssetKey); a != nil {
				return f(a)
			}
			return ""
		}
	}
	customer, tag := of(func(a *Asset) string { return a.CustomerID }), of(func(a *Asset) string { return a.AssetTag })
	start, end := func(b *T) time.Time { return b.StartTime }, func(b *T) time.Time { return b.CompleteTime }
	size := func(b *T) int64 { return b.SizeMB }
	kind, status := func(b *T) string { return b.Type }, func(b *T) string { return b.Status }
	replication := func(b *T) string { return b.ReplicationStatus }
	rows := keep(s.state.Backups,
		equal(q, "asset_key", key), equal(q, "customer_id", customer), equal(q, "asset_tag", tag),
		during(q, "start_time", start), during(q, "complete_time", end), within(q, "size", size),
		equal(q, "type", kind), equal(q, "status", status), equal(q, "replication_status", replication))
	order(rows, q, map[string]func(a, b *T) int{
		"asset_tag": byText(tag), "customer_id": byText(customer), "asset_key": byText(key), "type": byText(kind), "status": byText(status),
		"replication_status": byText(replication), "start_time": byTime(start), "complete_time": byTime(end), "size": byNumber(size),
	}, nil)
	return entries(rows, func(b *T) row {
		r := newRow(b.AssetKey+b.StartTime.String()).put("customer_id", customer(b)).text("asset_tag", tag(b))
		return b.fields(r).put("asset_key", b.AssetKey)
	})
}

func (s *Server) alerts(q url.Values) []entry {
	type T = Alert
	customerName := func(a *T) string {
		if c := s.state.Customer(a.CustomerID); c != nil {
			return c.Name
		}
		return ""
	}
	applianceName := func(a *T) string {
		if ap := s.state.Appliance(a.AssetTag); ap != nil {
			return ap.Name
		}
		return ""
	}
	assetName := func(a *T) string {
		if as := s.state.Asset(a.AssetKey); as != nil {
			return as.Name
		}
		return ""
	}
	col := map[string]func(*T) string{
		"type": func(a *T) string { return a.Type }, "severity": func(a *T) string { return a.Severity },
		"customer_id": func(a *T) string { return a.CustomerID }, "customer_name": customerName,
		"asset_tag": func(a *T) string { return a.AssetTag }, "appliance_name": applianceName,
		"asset_key": func(a *T) string { return a.AssetKey }, "asset_name": assetName,
		"job_name": func(a *T) string { return a.JobName }, "job_type": func(a *T) string { return a.JobType },
	}
	dismissed, created := func(a *T) bool { return a.Dismissed }, func(a *T) time.Time { return a.Created }
	muted, now := q.Get("is_muted"), s.o.Now()
	rows := keep(s.state.Alerts,
		func(a *T) bool { // muted alerts are hidden by default (uniview.md §4.1)
			return muted == "all" || a.Muted == (muted == "true")
		},
		func(a *T) bool { return !s.state.vanished(a, now) },
		is(q, "is_dismissed", dismissed),
		equal(q, "type", col["type"]), equal(q, "severity", col["severity"]), equal(q, "customer_id", col["customer_id"]),
		equal(q, "asset_tag", col["asset_tag"]), equal(q, "asset_key", col["asset_key"]),
		contains(q, "customer_name", customerName), contains(q, "appliance_name", applianceName), contains(q, "asset_name", assetName),
		contains(q, "job_name", col["job_name"]), contains(q, "job_type", col["job_type"]))
	orders := map[string]func(a, b *T) int{"is_dismissed": byNumber(asNumber(dismissed))}
	for name, of := range col {
		orders[name] = byText(of)
	}
	second := byTime(created)
	if q.Get("created_time_direction") == "desc" {
		second = func(a, b *T) int { return byTime(created)(b, a) }
	}
	order(rows, q, orders, second)
	return entries(rows, func(a *T) row {
		r := newRow(a.ID).put("type", a.Type).text("appliance_name", applianceName(a)).text("asset_tag", a.AssetTag).
			put("customer_id", a.CustomerID).text("customer_name", customerName(a)).text("message", a.Message).put("severity", a.Severity)
		r.put("created_time", r.stamp("created_time", a.Created)).put("is_dismissed", a.Dismissed).put("is_muted", a.Muted)
		switch a.Type {
		case "job":
			r.text("job_name", a.JobName).text("job_type", a.JobType)
		case "conditional":
			r.text("interrogation_message", a.Interrogated)
		}
		if s.o.RichAlerts {
			r.put("id", a.ID).text("asset_key", a.AssetKey).text("asset_name", assetName(a))
		}
		return r
	})
}

// vanished says that a dismissed alert is no longer listed.
func (st *State) vanished(a *Alert, now time.Time) bool {
	return a.Dismissed && st.DismissedFor != 0 && now.Sub(a.DismissedAt) >= max(st.DismissedFor, 0)
}

func (s *Server) endpoints(q url.Values) []entry {
	type T = Endpoint
	id, name, customer := func(e *T) string { return e.ID }, func(e *T) string { return e.Name }, func(e *T) string { return e.CustomerID }
	customerName := func(e *T) string {
		if c := s.state.Customer(e.CustomerID); c != nil && !e.HasNoCustomer {
			return c.Name
		}
		return ""
	}
	rows := keep(s.state.Endpoints, equal(q, "id", id), equal(q, "name", name), equal(q, "customer_id", customer))
	order(rows, q, map[string]func(a, b *T) int{
		"id": byText(id), "name": byText(name), "customerName": byText(customerName),
		"licenseType": byText(func(e *T) string { return e.LicenseType }), "status": byText(func(e *T) string { return e.Status }),
		"oS": byText(func(e *T) string { return e.OS }), "storageUsedBytes": byNumber(func(e *T) int64 { return e.StorageUsed }),
	}, nil)
	return entries(rows, func(e *T) row {
		r := newRow(e.ID).text("id", e.ID).text("name", e.Name).text("licenseType", e.LicenseType).text("customerName", customerName(e)).
			put("customerId", e.CustomerID).put("policyId", e.PolicyID).put("storageUsedBytes", e.StorageUsed).text("status", e.Status).text("os", e.OS)
		if e.BackupEnabled == nil {
			r.none("backupEnabled")
		} else {
			r.put("backupEnabled", *e.BackupEnabled)
		}
		r.put("hasCustomerManagedKey", e.CustomerKey).text("mac", e.MAC).put("timeZoneOffsetMinutes", e.TimeZoneOffset)
		r.put("createdTimestamp", r.stamp("createdTimestamp", e.Created))
		return r.at("lastSuccessfulBackupTimestamp", e.LastSuccess).at("lastOnlineTimestamp", e.LastOnline)
	})
}
