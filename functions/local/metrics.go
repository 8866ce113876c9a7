package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// maxLines is the size at which a file of lines is put aside, in bytes.
const maxLines = 5 << 20

// lines is a file that lines are added to. When it is full, it takes the place of
// the one that was put aside before, and a new one begins.
type lines struct {
	path string
	max  int64

	mu   sync.Mutex
	file *os.File
	size int64
}

func openLines(path string, limit int64) (*lines, error) {
	l := &lines{path: path, max: limit}
	return l, l.open()
}

func (l *lines) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("metrics: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("metrics: %w", err), f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write adds whole lines.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size > 0 && l.size+int64(len(b)) > l.max {
		if err := errors.Join(l.file.Close(), os.Rename(l.path, l.path+".old")); err != nil {
			return 0, errors.Join(fmt.Errorf("metrics: %w", err), l.open())
		}
		if err := l.open(); err != nil {
			return 0, err
		}
	}
	n, err := l.file.Write(b)
	l.size += int64(n)
	return n, err
}

// Close closes the file.
func (l *lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
