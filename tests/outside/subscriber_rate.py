"""How fast one subscriber goes: `python tests/outside/subscriber_rate.py KAFKA [TRIGGERS]`.

Figures, not claims: nothing is asserted. One by one, each trigger is handed out and done before the next: alone, and
beside a second member of the group that is as busy. With a handler, several at once, of 100 accounts: one that
returns at once, and one that takes 20 ms, as an HTTP request does.
"""

from __future__ import annotations

import itertools
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from expansion_signals.sdk import Subscriber, Trigger
from outside.subscribers import GROUP, PARTITIONS, TRIGGERS, Following, trigger_event
from servers.waiting import lasting

if TYPE_CHECKING:
    from collections.abc import Iterator

WARM = 20
ACCOUNTS = 100
REQUEST_SECONDS = 0.02


@contextmanager
def following(kafka: str, triggers: int) -> Iterator[Following]:
    """Publish so many triggers."""
    with (
        tempfile.TemporaryDirectory() as directory,
        Following(kafka, f"rate-{uuid.uuid4().hex[:8]}-", Path(directory)) as following,
    ):
        for number in range(triggers):
            account = number % ACCOUNTS
            event = trigger_event(f"t{number}", subject=f"acct-{account}")
            following.produce(event, partition=account % PARTITIONS)
        following.flush()
        yield following


def one_by_one(following: Following, count: int) -> tuple[float, float, float]:
    """Return triggers a second, and the median milliseconds of handing one out and of `done()`."""
    out, done = [], []
    with Subscriber(following.kafka, GROUP, [TRIGGERS], prefix=following.prefix) as subscriber:
        for _ in range(WARM):
            next(subscriber).done()
        began = at = time.perf_counter()
        for _ in range(count):
            trigger = next(subscriber)
            handed_out = time.perf_counter()
            trigger.done()
            out.append(handed_out - at)
            at = time.perf_counter()
            done.append(at - handed_out)
    return count / (at - began), statistics.median(out) * 1e3, statistics.median(done) * 1e3


def at_once(following: Following, count: int, workers: int, seconds: float) -> float:
    """Return triggers a second of a handler that takes so long, once it is warm."""
    numbers, began = itertools.count(1), 0.0

    def handler(_: Trigger) -> None:
        nonlocal began
        lasting(seconds)
        number = next(numbers)
        if number == WARM:
            began = time.perf_counter()
        if number == count:
            subscriber.stop()

    with Subscriber(following.kafka, GROUP, [TRIGGERS], prefix=following.prefix) as subscriber:
        subscriber.run(handler, workers=workers)
        return (count - WARM) / (time.perf_counter() - began)


def main() -> None:
    kafka, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    for others in (0, 1):
        with following(kafka, (others + 1) * (count + 2 * WARM) * 2) as triggers:
            for number in range(others):
                triggers.service(f"other-{number}")
                triggers.until_members(others)
            rate, out, done = one_by_one(triggers, count)
            print(f"beside {others} others: {rate:.0f} triggers/s; handed out {out:.1f} ms, done {done:.1f} ms")  # noqa: T201 -- what it is for
    for workers, seconds in itertools.product((8, 32), (0.0, REQUEST_SECONDS)):
        with following(kafka, 2 * count) as triggers:
            rate = at_once(triggers, count, workers, seconds)
            print(f"{workers} workers, {seconds * 1e3:.0f} ms each: {rate:.0f} triggers/s")  # noqa: T201 -- the same


if __name__ == "__main__":
    main()
