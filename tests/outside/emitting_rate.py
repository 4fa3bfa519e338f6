"""What an event costs whoever emits it: `python tests/outside/emitting_rate.py [KAFKA]`, microseconds a call.

Figures, not claims: nothing is asserted. With a broker, if one is named, and without; one call every millisecond, as
requests come, and as fast as it goes.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from expansion_signals.log.topics import create_topics
from expansion_signals.sdk import Emitter
from expansion_signals.wire.topic_files import topics
from servers.waiting import lasting

CALLS = 5_000
PAUSE_SECONDS = 0.001
NOBODY = "127.0.0.1:1"


def measured(emit: Emitter, pause: float) -> tuple[list[float], float]:
    """Return the microseconds of each call, the quickest first, and those of CPU of a call on average."""
    taken, computed = [], 0.0
    for _ in range(CALLS):
        computing, began = time.thread_time(), time.perf_counter()
        emit.usage("acct-1", meter="api_calls", value=1, user="u-42")
        taken.append((time.perf_counter() - began) * 1e6)
        computed += time.thread_time() - computing
        if pause:
            lasting(pause)
    return sorted(taken), computed / CALLS * 1e6


def main() -> None:
    """Measure, and print a line each."""
    prefix = f"rate-{uuid.uuid4().hex[:8]}-"
    places = {"the broker is away": NOBODY} | ({"the broker is there": sys.argv[1]} if len(sys.argv) > 1 else {})
    for where, kafka in places.items():
        if kafka != NOBODY:
            create_topics(kafka, prefix, topics())
        for how, pause in {"one each millisecond": PAUSE_SECONDS, "in one go": 0.0}.items():
            with (
                tempfile.TemporaryDirectory() as spool,
                Emitter(kafka, source="/apps/web", prefix=prefix, spool=spool) as emit,
            ):
                taken, computed = measured(emit, pause)
                emit.close(0 if kafka == NOBODY else 10)
                median, high = statistics.median(taken), taken[int(0.99 * CALLS)]
                figures = f"p50 {median:.1f} µs, p99 {high:.1f} µs, CPU {computed:.1f} µs"
                print(f"{where}, {how}: {figures}; {dict(emit.counts)}")  # noqa: T201 -- what it is for


if __name__ == "__main__":
    main()
