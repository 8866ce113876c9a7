package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"uniview-bridge/pkg/httpapi/access"
)

// asset is one file that pages refer to. Its address holds a digest of its content,
// so that browsers may keep it for good.
type asset struct {
	kind string
	body []byte
}

// bundles are the assets that are made of several files, in the order of their names.
var bundles = []struct{ name, files, kind, between string }{
	{"console.css", "static/css/*.css", "text/css; charset=utf-8", "\n"},
	{"console.js", "static/js/*.js", "text/javascript; charset=utf-8", ";\n"}, // a file may end without a semicolon
	{"mark.svg", "static/mark.svg", "image/svg+xml", "\n"},
}

func (c *Console) loadStatic() {
	for _, b := range bundles {
		names, err := fs.Glob(files, b.files)
		if err != nil || len(names) == 0 {
			panic(fmt.Sprintf("console: embedded files %s: %v", b.files, err))
		}
		var body bytes.Buffer
		for _, name := range names {
			one, err := files.ReadFile(name)
			if err != nil {
				panic(fmt.Sprintf("console: embedded file %s: %v", name, err))
			}
			body.Write(one)
			body.WriteString(b.between)
		}
		sum := sha256.Sum256(body.Bytes())
		ext := path.Ext(b.name)
		url := "/static/" + strings.TrimSuffix(b.name, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		c.static[url] = asset{b.kind, body.Bytes()}
		c.urls[b.name] = url
	}
}

func (c *Console) file(w http.ResponseWriter, r *http.Request) {
	f, ok := c.static[r.URL.Path]
	if !ok {
		c.Refuse(w, r, access.Refusal{Status: http.StatusNotFound, Title: "Not found", Detail: "There is nothing at this address."})
		return
	}
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	send(w, r, http.StatusOK, f.body)
}

func (c *Console) favicon(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, c.urls["mark.svg"], http.StatusSeeOther)
}

// worth is the size in bytes from which an answer is compressed.
const worth = 1 << 10

// send writes a body, compressed for browsers that take it. Nothing secret stands in
// a page beside text of the request, so its length tells nothing.
func send(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(body) < worth || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.WriteHeader(status)
		_, _ = w.Write(body) // the browser may have gone
		return
	}
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzip.NewWriter(w)
	_, _ = z.Write(body) // the browser may have gone
	_ = z.Close()
}
