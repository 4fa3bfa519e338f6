"""What is parked: a trigger that nobody could act on, untouched, with the reason in headers, on `expansion-parked`.

A record's key is that of the memory, group and trigger id: a group parks a trigger once, and what is handed back is
deleted by a record without a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.instants import format_instant, parse_instant
from expansion_signals.sdk.recollection import memory_key
from expansion_signals.sdk.transactions import Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.model.instants import Instant

TOPIC = "expansion-parked"

_PREFIX = "parked_"
_LONGEST_REASON = 1_000
"""In characters: the rest of a long story is in the log."""


class Failure(NamedTuple):
    """Why acting on a trigger failed last, how often it was tried, and when it failed first and last."""

    reason: str
    attempts: int
    first: Instant
    last: Instant


class Parked(NamedTuple):
    """What the headers of a parked trigger say: its failure, who parked it, and where its record stood, with which key.

    The group and the topic are named as the broker knows them.
    """

    failure: Failure
    group: str
    topic: str
    partition: int
    key: bytes | None


def park(topic: str, group: str, trigger: str, record: Any, failure: Failure) -> Write:  # noqa: ANN401 -- kafka-python has no types
    """Return the trigger's record as it came, with why, how often, by whom and when it was given up."""
    headers = {
        "reason": " ".join(failure.reason.split())[:_LONGEST_REASON],
        "attempts": str(failure.attempts),
        "group": group,
        "first_failed_at": format_instant(failure.first),
        "at": format_instant(failure.last),
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    own = [(_PREFIX + name, value.encode(errors="replace")) for name, value in headers.items()]
    if record.key is not None:
        own.append((_PREFIX + "key", record.key))
    return Write(topic, memory_key(group, trigger), record.value, (*foreign_headers(record), *own))


def foreign_headers(record: Any) -> Sequence[tuple[str, bytes]]:  # noqa: ANN401 -- kafka-python has no types
    """Return the headers that the trigger had on its own topic; a null is empty: the driver sends none."""
    return [(name, value or b"") for name, value in record.headers if not name.startswith(_PREFIX)]


def parked(record: Any) -> Parked:  # noqa: ANN401 -- kafka-python has no types
    """Return what `park` wrote into the headers.

    Raises:
        ValueError: they are not those of a parked trigger: anyone may write to the topic.
    """
    said = {
        name.removeprefix(_PREFIX): value
        for name, value in record.headers
        if name.startswith(_PREFIX) and value is not None
    }
    try:
        failure = Failure(
            said["reason"].decode(),
            int(said["attempts"]),
            parse_instant(said["first_failed_at"].decode()),
            parse_instant(said["at"].decode()),
        )
        return Parked(failure, said["group"].decode(), said["topic"].decode(), int(said["partition"]), said.get("key"))
    except KeyError as missing:
        raise ValueError(f"the header {_PREFIX}{missing.args[0]} is missing") from None
