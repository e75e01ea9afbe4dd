"""Reads retail-events in a group of its own until EVENTS have come; prints each event_id.

usage: group_consumer.py BOOTSTRAP EVENTS GROUP
"""
import json
import sys
import time

from confluent_kafka import Consumer

bootstrap, count, group = sys.argv[1], int(sys.argv[2]), sys.argv[3]
consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest"})
consumer.subscribe(["retail-events"])
deadline = time.time() + 30
seen = 0
while seen < count and time.time() < deadline:
    message = consumer.poll(0.5)
    if message is None:
        continue
    if message.error():
        sys.exit(str(message.error()))
    print(json.loads(message.value())["event_id"], flush=True)
    seen += 1
consumer.close()
sys.exit(0 if seen == count else f"{seen} of {count} came")
