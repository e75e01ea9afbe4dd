"""What librdkafka, through confluent-kafka, sees of a broker: `confluent.py BOOTSTRAP` prints it as JSON."""
import json
import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, NewPartitions, NewTopic, OffsetSpec

bootstrap = sys.argv[1]
topic = "confluent"
client = {"bootstrap.servers": bootstrap}
admin = AdminClient(client)


def outcome(future):
    """The name of what went wrong, or none."""
    try:
        future.result(20)
        return None
    except KafkaException as failure:
        return failure.args[0].name()


def produce(producer, count, prefix):
    for n in range(count):
        producer.produce(topic, key=f"k{n}", value=f"{prefix}{n}", headers={"n": str(n)})


def take(group, count, **options):
    """Reads as a member of the group until `count` records came, commits and leaves."""
    settings = {"auto.offset.reset": "earliest", "enable.auto.commit": False, "fetch.wait.max.ms": 200}
    consumer = Consumer({**client, **settings, "group.id": group, **{k.replace("_", "."): v for k, v in options.items()}})
    consumer.subscribe([topic])
    taken = []
    while len(taken) < count:
        message = consumer.poll(20)
        if message is None or message.error():
            raise SystemExit(f"{group}: {message and message.error()} after {len(taken)} of {count}")
        taken.append((message.partition(), message.offset(), message.key().decode(), message.value().decode()))
    consumer.commit(asynchronous=False)
    consumer.close()
    return sorted(taken)


def transactions():
    """Commits one with its offsets, aborts the next; returns what the group committed."""
    consumer = Consumer({**client, "group.id": "confluent-moved"})
    producer = Producer({**client, "transactional.id": "confluent"})
    producer.init_transactions(30)
    for offset, end in [(3, producer.commit_transaction), (1, producer.abort_transaction)]:
        producer.begin_transaction()
        produce(producer, 5, end.__name__)
        # An abort drops what was not sent yet.
        producer.flush(20)
        producer.send_offsets_to_transaction([TopicPartition(topic, 0, offset)], consumer.consumer_group_metadata())
        end(30)
    [committed] = consumer.committed([TopicPartition(topic, 0)], timeout=20)
    consumer.close()
    return committed.offset


def newest():
    """The offset of the record with the newest time, which is not the last one."""
    timed = "confluent-times"
    outcome(admin.create_topics([NewTopic(timed, 1, 1)])[timed])
    producer = Producer(client)
    for time in [1_000, 3_000, 3_000, 2_000]:
        producer.produce(timed, value=str(time), timestamp=time)
    producer.flush(20)
    at = TopicPartition(timed, 0)
    return admin.list_offsets({at: OffsetSpec.max_timestamp()})[at].result(20).offset


def settings():
    """The topic's settings that differ from the defaults."""
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    entries = admin.describe_configs([resource])[resource].result(20)
    return {name: entry.value for name, entry in entries.items() if not entry.is_default and entry.source == 1}


seen = {}
new = NewTopic(topic, num_partitions=2, replication_factor=1, config={"max.message.bytes": "100000"})
seen["created"] = outcome(admin.create_topics([new])[topic])
seen["again"] = outcome(admin.create_topics([NewTopic(topic, 2, 1)])[topic])
for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
    producer = Producer({**client, "compression.type": codec, "enable.idempotence": True, "linger.ms": 20})
    produce(producer, 10, codec)
    seen[codec] = producer.flush(20)
seen["taken"] = take("confluent-group", 50)
seen["cooperative"] = take("confluent-cooperative", 50, partition_assignment_strategy="cooperative-sticky")
seen["static"] = take("confluent-static", 50, group_instance_id="member-1")
seen["moved"] = transactions()
seen["committed"] = take("confluent-committed", 55)
seen["uncommitted"] = take("confluent-uncommitted", 60, isolation_level="read_uncommitted")

errors = []
large = Producer({**client, "message.max.bytes": 1_000_000})
large.produce(topic, value=b"x" * 200_000, on_delivery=lambda error, _: errors.append(error and error.name()))
large.flush(20)
seen["tooLarge"] = errors

seen["settings"] = settings()
ends = {TopicPartition(topic, p): OffsetSpec.latest() for p in range(2)}
seen["ends"] = sorted((at.partition, future.result(20).offset) for at, future in admin.list_offsets(ends).items())
seen["newest"] = newest()
seen["grown"] = outcome(admin.create_partitions([NewPartitions(topic, 3)])[topic])
described = admin.describe_consumer_groups(["confluent-group"])["confluent-group"].result(20)
seen["group"] = [described.group_id, described.state.name, len(described.members)]
seen["groupDeleted"] = outcome(admin.delete_consumer_groups(["confluent-group"])["confluent-group"])
seen["deleted"] = outcome(admin.delete_topics([topic])[topic])
print(json.dumps(seen))
