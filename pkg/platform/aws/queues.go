package aws

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"uniview-bridge/pkg/platform/limits"
	"uniview-bridge/pkg/state"
)

// SQS takes and gives at most ten messages per request.
const batchQueue = 10

func isFIFO(url string) bool { return strings.HasSuffix(url, ".fifo") }

// Send implements state.Sender. Entries that SQS refused for reasons of its own are
// sent again; then those of one group may change their order.
func (p *Platform) Send(ctx context.Context, queue string, messages ...state.Outgoing) error {
	url, ok := p.config.Queues[queue]
	if !ok {
		return fmt.Errorf("send: %w", missing("queue", queue))
	}
	entries := make([]types.SendMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		if err := limits.Message(isFIFO(url), m); err != nil {
			return fmt.Errorf("send to %s: message %d: %w", queue, i, err)
		}
		e := types.SendMessageBatchRequestEntry{Id: awssdk.String(strconv.Itoa(i)), MessageBody: awssdk.String(string(m.Body))}
		if isFIFO(url) {
			e.MessageGroupId, e.MessageDeduplicationId = awssdk.String(m.Group), awssdk.String(m.DedupID)
		} else {
			e.DelaySeconds = int32((m.Delay + time.Second - 1) / time.Second)
		}
		entries[i] = e
	}
	for start := 0; start < len(entries); start += batchQueue {
		if err := p.sendBatch(ctx, url, entries[start:min(start+batchQueue, len(entries))]); err != nil {
			return fmt.Errorf("send to %s: %w", queue, err)
		}
	}
	return nil
}

func (p *Platform) sendBatch(ctx context.Context, url string, entries []types.SendMessageBatchRequestEntry) error {
	for attempt := 0; ; attempt++ {
		out, err := p.sqs.SendMessageBatch(ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: entries})
		if err != nil {
			return failure("sqs SendMessageBatch", err)
		}
		if len(out.Failed) == 0 {
			return nil
		}
		refused := map[string]bool{}
		for _, f := range out.Failed {
			if f.SenderFault || attempt == repetitions {
				return &Error{Op: "sqs SendMessageBatch", Code: plainCode(awssdk.ToString(f.Code))}
			}
			refused[awssdk.ToString(f.Id)] = true
		}
		var again []types.SendMessageBatchRequestEntry
		for _, e := range entries {
			if refused[*e.Id] {
				again = append(again, e)
			}
		}
		entries = again
		if err := p.pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// How dead letters are read: they stay invisible to other readers for letterHold at
// most, and are given back as soon as the reading is over.
const (
	letterHold = 20 * time.Second
	letterWait = time.Second // long polls ask all of SQS's servers
)

// Letters implements state.DeadLetters. Of one group of a FIFO queue it shows the
// ten oldest at most: SQS hands out no more while those are looked at.
func (p *Platform) Letters(ctx context.Context, queue string, limit int) ([]state.Letter, error) {
	url, ok := p.config.DeadLetterQueues[queue]
	if !ok {
		return nil, fmt.Errorf("dead letters: %w", missing("dead-letter queue", queue))
	}
	var letters []state.Letter
	err := p.eachLetter(ctx, url, limit, func(m types.Message) (bool, error) {
		letters = append(letters, letter(queue, m))
		return len(letters) < limit, nil
	})
	if err != nil {
		return nil, fmt.Errorf("dead letters of %s: %w", queue, err)
	}
	return letters, nil
}

func letter(queue string, m types.Message) state.Letter {
	l := state.Letter{
		Queue: queue, ID: awssdk.ToString(m.MessageId), Body: []byte(awssdk.ToString(m.Body)),
		Group: m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)],
	}
	l.Receives, _ = strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		l.SentAt = time.UnixMilli(ms).UTC()
	}
	return l
}

// eachLetter receives at most limit letters of a dead-letter queue and hands them to
// visit until that returns false. What visit did not delete is visible again after.
func (p *Platform) eachLetter(ctx context.Context, url string, limit int, visit func(types.Message) (more bool, err error)) error {
	var held []types.Message
	defer func() {
		// Also when ctx has ended: else nobody sees the letters for letterHold.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), letterHold/2)
		defer cancel()
		p.giveBack(ctx, url, held)
	}()
	for len(held) < limit {
		out, err := p.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: int32(min(batchQueue, limit-len(held))),
			VisibilityTimeout: int32(letterHold / time.Second), WaitTimeSeconds: int32(letterWait / time.Second),
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		})
		if err != nil {
			return failure("sqs ReceiveMessage", err)
		}
		if len(out.Messages) == 0 {
			return nil
		}
		held = append(held, out.Messages...)
		for _, m := range out.Messages {
			if more, err := visit(m); err != nil || !more {
				return err
			}
		}
	}
	return nil
}

// giveBack makes received letters visible again. Its failures are no matter: SQS
// refuses the ones deleted meanwhile, and the others come back after letterHold.
func (p *Platform) giveBack(ctx context.Context, url string, held []types.Message) {
	for len(held) > 0 {
		n := min(batchQueue, len(held))
		in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url}
		for i, m := range held[:n] {
			in.Entries = append(in.Entries, types.ChangeMessageVisibilityBatchRequestEntry{
				Id: awssdk.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle,
			})
		}
		if _, err := p.sqs.ChangeMessageVisibilityBatch(ctx, in); err != nil {
			return
		}
		held = held[n:]
	}
}

// maxSearched bounds the letters that Replay looks through.
const maxSearched = 2000

// Replay implements state.DeadLetters.
func (p *Platform) Replay(ctx context.Context, queue, id string) error {
	url, ok := p.config.DeadLetterQueues[queue]
	if !ok {
		return fmt.Errorf("replay: %w", missing("dead-letter queue", queue))
	}
	found, searched := false, 0
	err := p.eachLetter(ctx, url, maxSearched, func(m types.Message) (bool, error) {
		if searched++; awssdk.ToString(m.MessageId) != id {
			return true, nil
		}
		found = true
		out := state.Outgoing{Body: []byte(awssdk.ToString(m.Body))}
		if isFIFO(url) {
			// Not the first message's id, which SQS may still remember; the same one for
			// every attempt to replay this letter.
			out.Group, out.DedupID = letter(queue, m).Group, "replay-"+id
		}
		if err := p.Send(ctx, queue, out); err != nil {
			return false, err
		}
		_, err := p.sqs.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: m.ReceiptHandle})
		if err != nil {
			return false, failure("sqs DeleteMessage", err)
		}
		return false, nil
	})
	if err == nil && !found {
		err = p.whyNot(ctx, url, searched)
	}
	if err != nil {
		return fmt.Errorf("replay to %s: letter %q: %w", queue, id, err)
	}
	return nil
}

// whyNot tells why a letter was not among those searched: not there, or not to be
// had at the moment.
func (p *Platform) whyNot(ctx context.Context, url string, searched int) error {
	out, err := p.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}})
	if err != nil {
		return failure("sqs GetQueueAttributes", err)
	}
	total := 0
	for _, v := range out.Attributes {
		n, _ := strconv.Atoi(v)
		total += n
	}
	if total > searched {
		return fmt.Errorf("not within reach: %d letters are there and %d could be read; someone may be reading them just now (try again in a minute), or older ones of the same customer must be replayed first", total, searched)
	}
	return state.ErrNotFound
}
