package aws

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// The table's attributes. Several of these are reserved words in expressions, so
// expressions call them by #name only.
const (
	attrPK      = "pk"
	attrSK      = "sk"
	attrVersion = "version"
	attrExpires = "expires"
	attrData    = "data"
	attrWrite   = "write"
)

// Conditions. An item at the second :now has not expired before it.
const (
	condAbsent  = "attribute_not_exists(#pk) OR #expires <= :now"
	condVersion = "#version = :version AND (attribute_not_exists(#expires) OR #expires > :now)"
	condLive    = "attribute_not_exists(#expires) OR #expires > :now" // or absent
)

type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue   { return &types.AttributeValueMemberS{Value: s} }
func binary(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func keyAttributes(k state.Key) attributes { return attributes{attrPK: text(k.PK), attrSK: text(k.SK)} }

// names gives the expression names of the attributes that the expressions mention;
// DynamoDB refuses unused ones.
func names(expressions ...string) map[string]string {
	found := map[string]string{}
	for _, name := range []string{attrPK, attrSK, attrVersion, attrExpires, attrData, attrWrite} {
		if strings.Contains(strings.Join(expressions, " "), "#"+name) {
			found["#"+name] = name
		}
	}
	return found
}

// item reads a stored item; live says whether it has not expired.
func (p *Platform) item(a attributes) (it state.Item, live bool, err error) {
	pk, _ := a[attrPK].(*types.AttributeValueMemberS)
	sk, _ := a[attrSK].(*types.AttributeValueMemberS)
	version, _ := a[attrVersion].(*types.AttributeValueMemberN)
	data, _ := a[attrData].(*types.AttributeValueMemberB)
	if pk == nil || sk == nil || version == nil || data == nil {
		return state.Item{}, false, errors.New("the table holds an item that the bridge did not write")
	}
	it = state.Item{Key: state.Key{PK: pk.Value, SK: sk.Value}, Data: data.Value}
	if it.Version, err = strconv.ParseInt(version.Value, 10, 64); err != nil {
		return state.Item{}, false, fmt.Errorf("the version of a stored item: %w", err)
	}
	expires := int64(0)
	if n, ok := a[attrExpires].(*types.AttributeValueMemberN); ok {
		if expires, err = strconv.ParseInt(n.Value, 10, 64); err != nil {
			return state.Item{}, false, fmt.Errorf("the expiry of a stored item: %w", err)
		}
	}
	it.Expires = limits.Time(expires)
	return it, limits.Live(expires, p.config.Now()), nil
}

// Get implements state.Table.
func (p *Platform) Get(ctx context.Context, key state.Key) (state.Item, error) {
	if err := limits.Key(key); err != nil {
		return state.Item{}, fmt.Errorf("get: %w", err)
	}
	out, err := p.dynamo.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &p.config.Table, Key: keyAttributes(key), ConsistentRead: awssdk.Bool(true),
	})
	if err != nil {
		return state.Item{}, failure("dynamodb GetItem", err)
	}
	if len(out.Item) == 0 {
		return state.Item{}, state.ErrNotFound
	}
	it, live, err := p.item(out.Item)
	if err != nil {
		return state.Item{}, fmt.Errorf("get: %w", err)
	}
	if !live {
		return state.Item{}, state.ErrNotFound
	}
	return it, nil
}

// batchGet is the most keys in one BatchGetItem.
const batchGet = 100

// GetMany implements state.Table.
func (p *Platform) GetMany(ctx context.Context, keys []state.Key) (map[state.Key]state.Item, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// A batch with a repeated key is refused as a whole.
	seen := make(map[state.Key]bool, len(keys))
	var distinct []attributes
	for _, key := range keys {
		if err := limits.Key(key); err != nil {
			return nil, fmt.Errorf("get many: %w", err)
		}
		if !seen[key] {
			seen[key] = true
			distinct = append(distinct, keyAttributes(key))
		}
	}
	items := make(map[state.Key]state.Item, len(distinct))
	attempt := 0
	for len(distinct) > 0 {
		n := min(len(distinct), batchGet)
		out, err := p.dynamo.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
			RequestItems: map[string]types.KeysAndAttributes{
				p.config.Table: {Keys: distinct[:n], ConsistentRead: awssdk.Bool(true)},
			},
		})
		if err != nil {
			return nil, failure("dynamodb BatchGetItem", err)
		}
		got := out.Responses[p.config.Table]
		for _, a := range got {
			it, live, err := p.item(a)
			if err != nil {
				return nil, fmt.Errorf("get many: %w", err)
			}
			if live {
				items[it.Key] = it
			}
		}
		rest := out.UnprocessedKeys[p.config.Table].Keys
		distinct = slices.Concat(rest, distinct[n:])
		switch {
		case len(rest) == 0 || len(got) > 0:
			attempt = 0 // an answer of 16 MB leaves keys over, too: that is progress
		case attempt == repetitions:
			return nil, &Error{Op: "dynamodb BatchGetItem", Code: "UnprocessedKeys"}
		default:
			if err := p.pause(ctx, attempt); err != nil {
				return nil, err
			}
			attempt++
		}
	}
	return items, nil
}

// Put implements state.Table.
func (p *Platform) Put(ctx context.Context, item state.Item) (state.Item, error) {
	if err := limits.Item(item); err != nil {
		return state.Item{}, fmt.Errorf("put: %w", err)
	}
	if item.Version != state.Any {
		return p.putAt(ctx, item)
	}
	for range repetitions {
		stored, err := p.putAny(ctx, item)
		if !errors.Is(err, state.ErrConflict) {
			return stored, err
		}
		// What is there has expired: create over it, unless another writer just did.
		fresh := item
		fresh.Version = state.New
		if stored, err = p.putAt(ctx, fresh); !errors.Is(err, state.ErrConflict) {
			return stored, err
		}
	}
	return state.Item{}, fmt.Errorf("put: %w on every one of %d attempts", state.ErrConflict, repetitions)
}

// putAt writes item if the stored one is at its version.
func (p *Platform) putAt(ctx context.Context, item state.Item) (state.Item, error) {
	expires := limits.Seconds(item.Expires)
	mark := []byte(rand.Text())
	in := &dynamodb.PutItemInput{
		TableName: &p.config.Table,
		Item: attributes{
			attrPK: text(item.PK), attrSK: text(item.SK), attrVersion: number(item.Version + 1),
			attrData: binary(notNil(item.Data)), attrWrite: binary(mark),
		},
		ExpressionAttributeValues:           attributes{":now": number(p.config.Now().Unix())},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if expires != 0 {
		in.Item[attrExpires] = number(expires)
	}
	condition := condAbsent
	if item.Version != state.New {
		condition = condVersion
		in.ExpressionAttributeValues[":version"] = number(item.Version)
	}
	in.ConditionExpression, in.ExpressionAttributeNames = &condition, names(condition)
	_, err := p.dynamo.PutItem(ctx, in)
	var lost *types.ConditionalCheckFailedException
	switch {
	case err == nil, errors.As(err, &lost) && isMark(lost.Item, mark):
		return stored(item, item.Version+1), nil
	case lost != nil:
		return state.Item{}, state.ErrConflict
	default:
		return state.Item{}, failure("dynamodb PutItem", err)
	}
}

// putAny writes item over a live one or none; ErrConflict when an expired one is there.
func (p *Platform) putAny(ctx context.Context, item state.Item) (state.Item, error) {
	update := "SET #version = if_not_exists(#version, :zero) + :one, #data = :data, #write = :write"
	values := attributes{
		":zero": number(0), ":one": number(1), ":data": binary(notNil(item.Data)), ":write": binary([]byte(rand.Text())),
		":now": number(p.config.Now().Unix()),
	}
	if expires := limits.Seconds(item.Expires); expires != 0 {
		update += ", #expires = :expires"
		values[":expires"] = number(expires)
	} else {
		update += " REMOVE #expires"
	}
	out, err := p.dynamo.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &p.config.Table, Key: keyAttributes(item.Key),
		UpdateExpression: &update, ConditionExpression: awssdk.String(condLive),
		ExpressionAttributeNames: names(update, condLive), ExpressionAttributeValues: values,
		ReturnValues: types.ReturnValueUpdatedNew,
	})
	if _, lost := errors.AsType[*types.ConditionalCheckFailedException](err); lost {
		return state.Item{}, state.ErrConflict
	}
	if err != nil {
		return state.Item{}, failure("dynamodb UpdateItem", err)
	}
	n, _ := out.Attributes[attrVersion].(*types.AttributeValueMemberN)
	if n == nil {
		return state.Item{}, errors.New("put: DynamoDB did not tell the new version")
	}
	version, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil {
		return state.Item{}, fmt.Errorf("put: the new version: %w", err)
	}
	return stored(item, version), nil
}

// stored is item as the table now holds it.
func stored(item state.Item, version int64) state.Item {
	return state.Item{
		Key: item.Key, Version: version,
		Expires: limits.Time(limits.Seconds(item.Expires)), Data: bytes.Clone(item.Data),
	}
}

// notNil makes empty data of none: the attribute must be there.
func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func isMark(a attributes, mark []byte) bool {
	b, ok := a[attrWrite].(*types.AttributeValueMemberB)
	return ok && bytes.Equal(b.Value, mark)
}

// Delete implements state.Table.
func (p *Platform) Delete(ctx context.Context, key state.Key, version int64) error {
	if err := limits.Key(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	in := &dynamodb.DeleteItemInput{TableName: &p.config.Table, Key: keyAttributes(key)}
	switch {
	case version == state.Any:
	case version < 1:
		return fmt.Errorf("delete: version %d has no meaning", version)
	default:
		in.ConditionExpression, in.ExpressionAttributeNames = awssdk.String(condVersion), names(condVersion)
		in.ExpressionAttributeValues = attributes{":version": number(version), ":now": number(p.config.Now().Unix())}
	}
	_, err := p.dynamo.DeleteItem(ctx, in)
	var lost *types.ConditionalCheckFailedException
	switch {
	case err == nil:
		return nil
	case errors.As(err, &lost):
		return state.ErrConflict
	default:
		return failure("dynamodb DeleteItem", err)
	}
}

// Query implements state.Table.
func (p *Platform) Query(ctx context.Context, q state.Query) ([]state.Item, error) {
	if err := limits.Query(q); err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	condition := "#pk = :pk"
	values := attributes{":pk": text(q.PK)}
	if q.Prefix != "" {
		condition += " AND begins_with(#sk, :prefix)"
		values[":prefix"] = text(q.Prefix)
	}
	var start attributes
	if q.After != "" {
		// A start key outside the prefix would be refused, so it is answered here.
		switch before := q.After < q.Prefix; {
		case strings.HasPrefix(q.After, q.Prefix):
			start = keyAttributes(state.Key{PK: q.PK, SK: q.After})
		case before == q.Descending:
			return nil, ctx.Err() // the whole prefix lies behind
		}
	}
	var found []state.Item
	for {
		in := &dynamodb.QueryInput{
			TableName: &p.config.Table, ConsistentRead: awssdk.Bool(true),
			KeyConditionExpression: &condition, ExpressionAttributeNames: names(condition), ExpressionAttributeValues: values,
			ScanIndexForward: awssdk.Bool(!q.Descending), ExclusiveStartKey: start,
		}
		if q.Limit > 0 {
			in.Limit = awssdk.Int32(int32(min(q.Limit-len(found), 1000)))
		}
		out, err := p.dynamo.Query(ctx, in)
		if err != nil {
			return nil, failure("dynamodb Query", err)
		}
		for _, a := range out.Items {
			it, live, err := p.item(a)
			if err != nil {
				return nil, fmt.Errorf("query: %w", err)
			}
			if live {
				found = append(found, it)
			}
		}
		if start = out.LastEvaluatedKey; len(start) == 0 || (q.Limit > 0 && len(found) == q.Limit) {
			return found, nil
		}
	}
}
