package local

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// Secrets is the state.Secrets of one machine: a JSON file that only its owner may
// read, in a folder of the same kind. It is replaced as a whole, so that a kill at
// any moment leaves the old or the new one.
type Secrets struct {
	path string

	mu     sync.Mutex
	stored map[string]storedSecret
}

var _ state.Secrets = (*Secrets)(nil)

// String hides the values.
func (*Secrets) String() string { return "[redacted]" }

// GoString hides the values.
func (*Secrets) GoString() string { return "[redacted]" }

type storedSecret struct {
	Value   []byte `json:"value"`
	Version string `json:"version"`
}

// OpenSecrets opens the secrets kept in a data folder. Close is not needed: every
// change is written whole before Put returns.
func OpenSecrets(dir string) (*Secrets, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for secrets: %w", err)
	}
	s := &Secrets{path: filepath.Join(dir, "secrets.json"), stored: map[string]storedSecret{}}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a folder, not a file
		return nil, fmt.Errorf("protect the folder for secrets: %w", err)
	}
	// What a kill in the middle of replaceFile left holds secrets, too.
	leftovers, err := filepath.Glob(filepath.Join(dir, ".new-*"))
	for _, name := range leftovers {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return nil, fmt.Errorf("remove unfinished secrets: %w", err)
	}
	b, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the stored secrets: %w", err)
	}
	if err := os.Chmod(s.path, 0o600); err != nil {
		return nil, fmt.Errorf("protect the stored secrets: %w", err)
	}
	// The decoder's error may quote what it read, so it stays inside.
	if json.Unmarshal(b, &s.stored) != nil || s.stored == nil {
		return nil, fmt.Errorf("%s is not readable as stored secrets: restore it from a copy, or remove it and enter the credentials again", s.path)
	}
	return s, nil
}

// Get implements state.Secrets.
func (s *Secrets) Get(ctx context.Context, name string) (state.Secret, error) {
	if err := ctx.Err(); err != nil {
		return state.Secret{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.stored[name]
	if !ok || limits.NoSecret(found.Value) {
		return state.Secret{}, fmt.Errorf("secret %q: %w", name, state.ErrNotFound)
	}
	return state.Secret{Value: bytes.Clone(found.Value), Version: found.Version}, nil
}

// Put implements state.Secrets.
func (s *Secrets) Put(ctx context.Context, name string, value []byte) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := limits.Secret(name, value); err != nil {
		return "", fmt.Errorf("store secret %q: %w", name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := maps.Clone(s.stored)
	next[name] = storedSecret{Value: bytes.Clone(value), Version: rand.Text()}
	b, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return "", fmt.Errorf("store secret %q: %w", name, err)
	}
	if err := replaceFile(s.path, b); err != nil {
		return "", fmt.Errorf("store secret %q: %w", name, err)
	}
	s.stored = next
	return next[name].Version, nil
}

// replaceFile writes a file that only its owner may read in place of the one at
// path: beside it, to disk, renamed, and the folder to disk.
func replaceFile(path string, content []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
