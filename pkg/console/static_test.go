package console

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// htmxDigest is the sha256 of dist/htmx.min.js in the package htmx.org 2.0.11.
const htmxDigest = "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717"

func TestTheEmbeddedHtmxIsThePublishedOne(t *testing.T) {
	t.Parallel()
	body, err := files.ReadFile("static/js/htmx.min.js")
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != htmxDigest {
		t.Errorf("htmx.min.js has the digest %x; after an update pin the new one and name its version", sum)
	}
}
