"""What the events that nearly all are cost, in instructions and objects: neither hangs on how fast a machine is.

A bound is some tenth above what it was when it was set. Who passes one has made every event dearer: take it back, or
say in docs/performance.md what it buys.
"""

from __future__ import annotations

import gc
import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING
from zlib import crc32

from counted_steps import counted_steps
from expansion_signals.model.instants import DAY, parse_instant
from expansion_signals.model.records import Partition, Poll, Record
from expansion_signals.pipeline.asking import usage_asked
from expansion_signals.pipeline.decoding import Decoding
from expansion_signals.pipeline.just_applied import JustApplied
from expansion_signals.pipeline.lanes import Lanes
from expansion_signals.rules.loading import load
from expansion_signals.wire.codec import CloudEventsCodec
from sample_batches import profile
from sample_ground import CATALOG, RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expansion_signals.model.batches import AccountBatch
    from expansion_signals.pipeline.work import Work

EVENTS, ACCOUNTS, SHARDS = 400, 20, 4
NOW = parse_instant("2026-11-22T10:00:00Z")
CONFIGURATION = load({"catalog.yaml": CATALOG, "rules.yaml": RULES})
KNOWN = {f"acct-{number}": profile(1, "free") for number in range(ACCOUNTS)}
ALL_SHARDS = SimpleNamespace(starts=lambda _: dict.fromkeys(range(SHARDS), 0))
DECODING = Decoding(
    CloudEventsCodec(),
    SimpleNamespace(configuration=CONFIGURATION, current=1),  # type: ignore[arg-type]
    ALL_SHARDS,  # type: ignore[arg-type]
    lambda account: crc32(account.encode()) % SHARDS,
)
LANES = Lanes(CONFIGURATION, DAY)


def poll() -> Poll:
    partition = Partition("usage-events", 0)
    records = [Record(*partition, number, None, event(number), (), NOW) for number in range(EVENTS)]
    return Poll(records, {partition: 0}, {partition: EVENTS}, 0)


def event(number: int) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"019ab5e0-0000-7000-8000-{number:012x}",
            "source": "/apps/web",
            "type": "expansion.usage.recorded.v1",
            "subject": f"acct-{number % ACCOUNTS}",
            "time": f"2026-11-22T09:{number % 60:02}:00.{number:03}Z",
            "datacontenttype": "application/json",
            "data": {"meter": "api_calls", "value": str(number), "user": f"u-{number % 7}"},
        }
    ).encode()


def asked(works: Sequence[Work]) -> list[AccountBatch]:
    return [batch for work in works for batch in usage_asked(work.part(JustApplied())[0], KNOWN, LANES)]


def steps(step: Callable[[], object]) -> float:
    """Return how many instructions an event takes."""
    return counted_steps(step) / EVENTS


def blocks(step: Callable[[], object]) -> float:
    """Return how many blocks of memory an event holds on to until its poll is done."""
    gc.collect()
    gc.disable()
    try:
        before = sys.getallocatedblocks()
        kept = step()
        held = sys.getallocatedblocks() - before
        del kept
    finally:
        gc.enable()
    return held / EVENTS


def test_an_event_is_decoded_in_few_instructions_and_objects() -> None:
    brought = poll()
    DECODING.grouped(brought)
    assert steps(lambda: DECODING.grouped(brought)) <= 740
    assert blocks(lambda: DECODING.grouped(brought)) <= 21


def test_an_event_is_added_in_few_instructions_once_its_lane_is_known() -> None:
    (_, works), _ = DECODING.grouped(poll())
    assert asked(works)
    assert steps(lambda: asked(works)) <= 200
