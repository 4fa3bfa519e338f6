"""A product that is used all the time, as a process of its own: each event is sent when its time has come.

`python -m benchmarks.sender KAFKA TOPIC RATE EVENTS SENT BEGIN FILE`: of a load of EVENTS the first SENT, RATE a
second, from BEGIN on (seconds since 1970). When each event was sent that reaches a
threshold is written to FILE.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import Producer

from benchmarks import workload

WAIT_SECONDS = 0.001


def send(bootstrap: str, topic: str, rate: float, load: workload.Workload, sent: int, begin: float) -> list[float]:  # noqa: PLR0913, PLR0917 -- the command's arguments
    """Send, and return when each event was handed to the producer."""
    producer = Producer(
        {"bootstrap.servers": bootstrap, "linger.ms": 5, "partitioner": "murmur2_random", "log_level": 0}
    )
    times: list[float] = []
    for place, (key, value) in enumerate(zip(load.keys, load.values[:sent], strict=False)):
        due = begin + place / rate
        while (now := time.time()) < due:
            producer.poll(0)
            time.sleep(min(WAIT_SECONDS, max(0.0, due - now)))
        producer.produce(topic, value, key)
        times.append(now)
    producer.flush(60)
    return times


def main() -> None:
    """Send as the arguments say."""
    bootstrap, topic, rate, events, sent, begin, file = sys.argv[1:]
    first = datetime.fromtimestamp(float(begin), UTC)
    load = workload.workload(int(events), first, first + timedelta(seconds=int(events) / float(rate)))
    times = send(bootstrap, topic, float(rate), load, int(sent), float(begin))
    due = [(*threshold, times[place]) for threshold, place in load.due.items() if place < len(times)]
    Path(file).write_text(json.dumps({"offered": (len(times) - 1) / (times[-1] - times[0]), "due": due}))


if __name__ == "__main__":
    main()
