// Package web puts the JSON API and the console's pages over a bridge: one
// handler, on Lambda and on one machine.
package web

import (
	"net/http"
	"runtime/debug"

	"uniview-bridge/pkg/bridge"
	"uniview-bridge/pkg/console"
	"uniview-bridge/pkg/httpapi"
	"uniview-bridge/pkg/httpapi/access"
	"uniview-bridge/pkg/httpapi/view"
	"uniview-bridge/pkg/review"
)

// Options are what differs between platforms.
type Options struct {
	Policy access.Policy
	// Local signs people in by one-time links; nil: there is no such sign-in.
	Local *access.Local
	// Connections, when given, takes the place of the bridge's own.
	Connections httpapi.Connections
	// Secure says that a request came by https; nil: it did when Go terminates TLS.
	Secure func(r *http.Request) bool
}

// Handler is everything the bridge serves over HTTP.
func Handler(b *bridge.Bridge, o Options) http.Handler {
	if o.Connections == nil {
		o.Connections = b.Connections
	}
	directory := review.NewDirectory(b.Table)
	model := &view.Model{Table: b.Table, Directory: directory, Letters: b.Letters, Now: b.Now, Version: Version()}
	deps := httpapi.Deps{
		Table: b.Table, Letters: b.Letters, Connections: o.Connections, Syncs: b.Account, Model: model,
		Review: &review.Service{
			Table: b.Table, Directory: directory, Now: b.Now, Random: bridge.Random, Request: b.Account.Request,
			Creator: review.ITGlue{Open: b.Connections.ITGlue}, Log: b.Log,
		},
		ConnectWise: b.Connections.ConnectWise, Installation: b.Account.Installation,
		Policy: o.Policy, Secure: o.Secure, Now: b.Now, Random: bridge.Random, Version: Version(), Log: b.Log,
	}
	pages := console.New(console.Deps{
		API: httpapi.NewClient(deps), Model: model, Connections: b.Connections.List, Syncs: b.Account, Local: o.Local, Log: b.Log,
	})
	deps.Pages, deps.PageRefuse = pages.Routes(), pages.Refuse
	return httpapi.New(deps)
}

// version is set by the linker for releases.
var version = ""

// Version names this build.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "development"
}
