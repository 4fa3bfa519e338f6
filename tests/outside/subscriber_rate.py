"""How fast one subscriber goes, trigger by trigger: `python tests/outside/subscriber_rate.py KAFKA [TRIGGERS]`.

Figures, not claims: nothing is asserted. Each trigger is handed out and done before the next; once alone, and once
beside a second member of the group that is as busy.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from expansion_signals.sdk import Subscriber
from outside.subscribers import GROUP, PARTITIONS, TRIGGERS, Following

WARM = 20


def measured(following: Following, count: int) -> tuple[float, float, float]:
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


def main() -> None:
    kafka, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    for others in (0, 1):
        with (
            tempfile.TemporaryDirectory() as directory,
            Following(kafka, f"rate-{uuid.uuid4().hex[:8]}-", Path(directory)) as following,
        ):
            for number in range((others + 1) * (count + 2 * WARM) * 2):
                following.produce(f"t{number}", partition=number % PARTITIONS)
            following.flush()
            for number in range(others):
                following.service(f"other-{number}")
                following.until_members(others)
            rate, out, done = measured(following, count)
            print(f"beside {others} others: {rate:.0f} triggers/s; handed out {out:.1f} ms, done {done:.1f} ms")  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
