// What franz-go sees of a broker: `franz-go BOOTSTRAP` prints it as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sort"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const topic = "franz-go"

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// client has Kafka's partitioner, and waits for nothing longer than it must.
func client(options ...kgo.Opt) *kgo.Client {
	base := []kgo.Opt{kgo.SeedBrokers(os.Args[1]), kgo.FetchMaxWait(200 * time.Millisecond)}
	made, err := kgo.NewClient(append(base, options...)...)
	must(err)
	return made
}

func createTopic(ctx context.Context, cl *kgo.Client) {
	request := kmsg.NewPtrCreateTopicsRequest()
	wanted := kmsg.NewCreateTopicsRequestTopic()
	wanted.Topic, wanted.NumPartitions, wanted.ReplicationFactor = topic, 3, 1
	request.Topics = append(request.Topics, wanted)
	response, err := request.RequestWith(ctx, cl)
	must(err)
	must(kerr.ErrorForCode(response.Topics[0].ErrorCode))
}

func records(count int, prefix string) []*kgo.Record {
	made := make([]*kgo.Record, count)
	for i := range made {
		key, value := fmt.Sprintf("k%d", i), fmt.Sprintf("%s%d", prefix, i)
		made[i] = &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	}
	return made
}

// take polls until count records came and returns them as "partition/key/value", sorted.
func take(ctx context.Context, cl *kgo.Client, count int) []string {
	taken := []string{}
	for len(taken) < count {
		fetches := cl.PollFetches(ctx)
		if errs := fetches.Errors(); len(errs) > 0 {
			must(errs[0].Err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			taken = append(taken, fmt.Sprintf("%d/%s/%s", r.Partition, r.Key, r.Value))
		})
	}
	sort.Strings(taken)
	return taken
}

// readAll reads as a new member of the group, commits and leaves.
func readAll(ctx context.Context, group string, count int, options ...kgo.Opt) []string {
	start := kgo.ConsumeResetOffset(kgo.NewOffset().AtStart())
	reader := client(append(options, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), start)...)
	defer reader.Close()
	taken := take(ctx, reader, count)
	must(reader.CommitUncommittedOffsets(ctx))
	return taken
}

// transactions commits one and aborts the next.
func transactions(ctx context.Context) {
	cl := client(kgo.TransactionalID("franz-go"))
	defer cl.Close()
	for _, commit := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort} {
		must(cl.BeginTransaction())
		prefix := map[kgo.TransactionEndTry]string{kgo.TryCommit: "committed", kgo.TryAbort: "aborted"}[commit]
		must(cl.ProduceSync(ctx, records(5, prefix)...).FirstErr())
		must(cl.EndTransaction(ctx, commit))
	}
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	producer := client()
	defer producer.Close()
	createTopic(ctx, producer)
	must(producer.ProduceSync(ctx, records(20, "v")...).FirstErr())
	seen := map[string]any{"first": readAll(ctx, "franz-go-group", 20)}

	zipped := client(kgo.ProducerBatchCompression(kgo.ZstdCompression()))
	must(zipped.ProduceSync(ctx, records(20, "zstd")...).FirstErr())
	zipped.Close()
	seen["afterCommit"] = readAll(ctx, "franz-go-group", 20, kgo.Balancers(kgo.CooperativeStickyBalancer()))
	seen["static"] = readAll(ctx, "franz-go-static", 40, kgo.InstanceID("member-1"))

	transactions(ctx)
	seen["committed"] = readAll(ctx, "franz-go-committed", 45, kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	seen["uncommitted"] = readAll(ctx, "franz-go-uncommitted", 50)

	oversize := &kgo.Record{Topic: topic, Value: make([]byte, 2_000_000)}
	large := client(kgo.ProducerBatchMaxBytes(4_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	err := large.ProduceSync(ctx, oversize).FirstErr()
	seen["tooLarge"] = errors.Is(err, kerr.MessageTooLarge)
	must(json.NewEncoder(os.Stdout).Encode(seen))
}
