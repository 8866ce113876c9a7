package review

import (
	"context"
	"errors"
	"time"

	"uniview-bridge/pkg/state"
)

// claim takes the right to create; an attempt on its way elsewhere is a refusal.
// An attempt that ran out of its lease is lost, never free.
func (s *Service) claim(ctx context.Context, by, owner string, about subject) (claim, error) {
	now := s.Now().UTC()
	return state.Update(ctx, s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != "" && now.Before(c.Until) {
			return refuse(Clash, "action", "%s is creating this right now", c.By)
		}
		c.Owner, c.By, c.Until = owner, by, now.Add(createLease)
		return nil
	})
}

// hold writes the claim before the create is sent, if it is still ours.
func (s *Service) hold(ctx context.Context, owner string, about subject, next claim) error {
	_, err := state.Update(ctx, s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != owner {
			return refuse(Clash, "action", "somebody else is creating this right now")
		}
		*c = next
		return nil
	})
	return err
}

// release lets go of the claim but keeps what is known of earlier attempts, and
// returns why.
func (s *Service) release(ctx context.Context, owner string, about subject, next claim, why error) error {
	next.Owner, next.Until = "", time.Time{}
	if _, err := state.Update(context.WithoutCancel(ctx), s.Table, claimKey(about), func(c *claim) error {
		if c.Owner != owner {
			return state.Unchanged()
		}
		*c = next
		return nil
	}); err != nil {
		return errors.Join(why, err)
	}
	return why
}

// unclaim forgets the claim once its outcome is known. Failing to is harmless:
// the record is then found by its name.
func (s *Service) unclaim(ctx context.Context, owner string, about subject) {
	item, err := s.Table.Get(ctx, claimKey(about))
	if err != nil {
		return
	}
	var c claim
	if state.Decode(item.Data, &c) == nil && (c.Owner == owner || c.Owner == "") {
		_ = s.Table.Delete(ctx, item.Key, item.Version) // somebody else's now: theirs to end
	}
}
