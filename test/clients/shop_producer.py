"""A shop's own producer, knowing nothing of Freshet: one JSON event every tenth of a second, key = user_id.

usage: shop_producer.py BOOTSTRAP EVENTS [COMPRESSION]
"""
import json
import random
import sys
import time
import uuid
from datetime import datetime, timezone

from confluent_kafka import Producer

bootstrap, count = sys.argv[1], int(sys.argv[2])
compression = sys.argv[3] if len(sys.argv) > 3 else "none"
producer = Producer({"bootstrap.servers": bootstrap, "compression.type": compression})
failed = []

for _ in range(count):
    user_id = random.randint(1000, 9999)
    event = {
        "event_id": str(uuid.uuid4()),
        "event_type": random.choice(["purchase", "view", "cart_add", "checkout"]),
        "user_id": user_id,
        "product_id": random.randint(1, 500),
        "amount": round(random.uniform(5.0, 850.0), 2),
        "timestamp": datetime.now(timezone.utc).replace(tzinfo=None).isoformat(),
        "region": random.choice(["AU-NSW", "AU-VIC", "AU-WA", "AU-QLD"]),
    }
    producer.produce(
        "retail-events",
        key=str(user_id),
        value=json.dumps(event),
        callback=lambda error, _: failed.append(error) if error else print(event["event_id"], flush=True),
    )
    producer.poll(0)
    time.sleep(0.01)

producer.flush(10)
sys.exit(f"not delivered: {failed}" if failed else 0)
