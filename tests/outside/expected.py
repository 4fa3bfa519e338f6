"""What must come out, worked out from what was sent: a second opinion that shares no code with the program.

It takes an account's events in the order they were sent, which is the order of their partition.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from outside.reading import Found


class Crossing(NamedTuple):
    """A threshold of one account, in percent of its limit."""

    account: str
    percent: int


class Expected(NamedTuple):
    """Levels by account; thresholds that must be covered, and those that a poll may or may not have seen reached."""

    levels: Mapping[str, Decimal]
    must: frozenset[Crossing]
    may: frozenset[Crossing]
    unique: int


def expected(
    events: Iterable[Mapping[str, Any]], limit: int, percents: tuple[int, ...] = (80, 100), *, in_order: bool = True
) -> Expected:
    """Count each identity once; a threshold must be covered if the last level has reached it.

    Where an account's events do not stand `in_order`, any of them may have been counted before any other.
    """
    seen: set[tuple[str, str]] = set()
    levels: dict[str, Decimal] = defaultdict(Decimal)
    highest: dict[str, Decimal] = defaultdict(Decimal)
    for event in events:
        if (event["source"], event["id"]) in seen:
            continue
        seen.add((event["source"], event["id"]))
        account = event["subject"]
        levels[account] += Decimal(str(event["data"]["value"]))
        if in_order:
            highest[account] = max(highest[account], levels[account])
        else:
            highest[account] += max(Decimal(0), Decimal(str(event["data"]["value"])))

    def reached(levels: Mapping[str, Decimal]) -> frozenset[Crossing]:
        return frozenset(
            Crossing(account, percent)
            for account, level in levels.items()
            for percent in percents
            if level * 100 >= percent * limit
        )

    return Expected(dict(levels), reached(levels), reached(highest), len(seen))


def covered(triggers: Iterable[Found]) -> dict[Crossing, set[str]]:
    """Return the ids of the triggers that cover each threshold, directly or in `crossed`; a withdrawal covers none."""
    ids: dict[Crossing, set[str]] = defaultdict(set)
    for record in triggers:
        if record.is_withdrawal:
            continue
        event = record.event
        for threshold in event["data"]["crossed"]:
            assert threshold["kind"] == "percent"
            ids[Crossing(event["subject"], int(threshold["value"]))].add(event["id"])
    return ids


def lost(wanted: Expected, triggers: Iterable[Found]) -> frozenset[Crossing]:
    """Return the thresholds that must be covered and are not."""
    return wanted.must - covered(triggers).keys()


def doubled(triggers: Iterable[Found]) -> dict[Crossing, set[str]]:
    """Return the thresholds that more than one trigger id covers."""
    return {crossing: ids for crossing, ids in covered(triggers).items() if len(ids) > 1}


def invented(wanted: Expected, triggers: Iterable[Found]) -> set[Crossing]:
    """Return the thresholds that were covered and never reached."""
    return covered(triggers).keys() - wanted.may
