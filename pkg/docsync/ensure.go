package docsync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"uniview-bridge/pkg/itglue"
	"uniview-bridge/pkg/state"
	"uniview-bridge/pkg/vendorhttp"
)

// specDigest names the fields of this version of the type.
var specDigest = state.Digest(Spec)

// waitError says that our flexible asset type cannot be made yet.
type waitError struct {
	reason string
	until  time.Time
}

func (e *waitError) Error() string { return e.reason }

// ensureType returns our flexible asset type, making it first if need be. It is made
// once: one worker claims it; after a lost answer or an interrupted one it is searched
// for in growing distances, and nobody makes another before the search window is over
// and IT Glue still does not list it.
func (s *Service) ensureType(ctx context.Context, client ITGlue, settings Settings) (Type, error) {
	known, version, now, err := s.awaitType(ctx, settings)
	if err != nil || known.usable() {
		return known, err
	}
	if lost := known.lostAt(); !lost.IsZero() && now.Before(lost.Add(settings.window())) {
		return s.searchType(ctx, client, settings, known, version)
	}
	claim := known
	claim.Claimed, claim.Lost, claim.Searched = now, time.Time{}, time.Time{}
	if version, err = state.Save(ctx, s.Table, typeKey, claim, version, time.Time{}); errors.Is(err, state.ErrConflict) {
		return s.ensureType(ctx, client, settings) // another worker was faster: wait for what it makes
	} else if err != nil {
		return Type{}, fmt.Errorf("claim the flexible asset type: %w", err)
	}
	made, ensureErr := client.EnsureFlexibleAssetType(ctx, Spec)
	ctx = context.WithoutCancel(ctx)
	after := known
	after.Claimed, after.Lost, after.Searched = time.Time{}, time.Time{}, time.Time{}
	switch {
	case ensureErr == nil:
		after = typeOf(made)
	case vendorhttp.IsUncertain(ensureErr):
		after.Lost = s.Now().UTC()
	}
	if _, err := state.Save(ctx, s.Table, typeKey, after, version, time.Time{}); err != nil && !errors.Is(err, state.ErrConflict) {
		return Type{}, fmt.Errorf("record the flexible asset type: %w", err)
	}
	if ensureErr != nil {
		return Type{}, &vendorError{ensureErr}
	}
	return after, nil
}

// searchType looks for a type that may have been made.
func (s *Service) searchType(ctx context.Context, client ITGlue, settings Settings, known Type, version int64) (Type, error) {
	found, ok, ferr := client.FindFlexibleAssetType(ctx, Spec)
	if ferr != nil {
		return Type{}, &vendorError{ferr}
	}
	now := s.Now().UTC()
	after := known
	after.Searched = now
	if ok {
		after = typeOf(found)
	}
	_, err := state.Save(context.WithoutCancel(ctx), s.Table, typeKey, after, version, time.Time{})
	if err != nil && !errors.Is(err, state.ErrConflict) {
		return Type{}, fmt.Errorf("record the flexible asset type: %w", err)
	}
	if ok {
		return after, nil
	}
	if err := after.wait(settings, now); err != nil {
		return Type{}, err
	}
	return Type{}, &waitError{"the flexible asset type may have been made; it is looked for once more", now} // the clock moved on
}

// lostAt is since when it is not known whether the type was made; zero: it is known.
func (t Type) lostAt() time.Time {
	if t.Lost.IsZero() {
		return t.Claimed
	}
	return t.Lost
}

// wait is until when the type is not looked for again.
func (t Type) wait(settings Settings, now time.Time) error {
	due := settings.searchDue(t.lostAt(), later(t.Searched, t.lostAt()))
	if !now.Before(due) {
		return nil
	}
	return &waitError{"the flexible asset type may have been made; it is looked for at " + moment(due), due}
}

// usable says whether the type is as this version needs it.
func (t Type) usable() bool { return t.ID != "" && t.Fields == specDigest }

// typeTries is how often a worker looks whether another one has made the type.
const typeTries = 30

// awaitType reads the type; while another worker is making it, it waits a little, so
// that the first sync of an account does not leave all customers but one undone. It
// returns when the type is usable, to be searched for, or free to be claimed.
func (s *Service) awaitType(ctx context.Context, settings Settings) (Type, int64, time.Time, error) {
	for try := 0; ; try++ {
		now := s.Now().UTC()
		known, version, err := LoadType(ctx, s.Table)
		if err != nil {
			return Type{}, 0, now, fmt.Errorf("flexible asset type: %w", err)
		}
		lost := known.lostAt()
		if known.usable() || lost.IsZero() || !now.Before(lost.Add(settings.window())) {
			return known, version, now, nil
		}
		if !known.Lost.IsZero() || !now.Before(known.Claimed.Add(settings.Lease)) {
			return known, version, now, known.wait(settings, now)
		}
		busy := &waitError{"the flexible asset type is being made by another worker", now.Add(time.Minute)}
		if try == typeTries {
			return Type{}, 0, now, busy
		}
		if err := s.pause(ctx, time.Second); err != nil {
			return Type{}, 0, now, busy
		}
	}
}

func (s *Service) pause(ctx context.Context, d time.Duration) error {
	if s.Sleep != nil {
		return s.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// vendorError marks an error of IT Glue's among those of our own store.
type vendorError struct{ err error }

func (e *vendorError) Error() string { return e.err.Error() }
func (e *vendorError) Unwrap() error { return e.err }

func typeOf(made itglue.FlexibleAssetType) Type {
	t := Type{ID: made.ID, Keys: map[string]string{}, Fields: specDigest}
	for _, f := range Spec.Fields {
		t.Keys[f.Name], _ = made.Key(f.Name)
	}
	for _, f := range made.Unkeepable(t.ours()) {
		t.Others = append(t.Others, f.Name)
	}
	return t
}

// forgetType makes the next worker look at the type again: somebody changed it.
func (s *Service) forgetType(ctx context.Context, t Type) error {
	known, version, err := LoadType(ctx, s.Table)
	if err != nil || known.Fields == "" || known.ID != t.ID {
		return err
	}
	known.Fields = ""
	if _, err := state.Save(ctx, s.Table, typeKey, known, version, time.Time{}); err != nil && !errors.Is(err, state.ErrConflict) {
		return err
	}
	return nil
}
