"""What must come out: every record of a simulated log applied once, in order, by the simplest code there is."""

from __future__ import annotations

from collections import Counter as Tally
from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.model.events import USAGE_RECORDED
from expansion_signals.model.instants import DAY, day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.events import UsageEvent
    from simulated_log import SimulatedLog

KINDS = {USAGE_RECORDED, "com.acme.opened"}


class Place(NamedTuple):
    """One level: an account, a meter, and where its day begins; None for a stock."""

    account: str
    meter: str
    start: int | None


def counted(log: SimulatedLog) -> Iterator[UsageEvent]:
    """Return the events that count: each identity once, whole numbers only, of a kind that somebody named."""
    seen = set()
    for _, event in log.events():
        identity = (event.account, event.source, event.id)
        if (
            event.type in KINDS
            and event.data.get("value", 1) == int(event.data.get("value", 1))
            and identity not in seen
        ):
            seen.add(identity)
            yield event


def levels(log: SimulatedLog) -> Mapping[Place, int]:
    """Return every level after the whole log."""
    found: Tally[Place] = Tally()
    for event in counted(log):
        meter = event.data.get("meter", "opened")
        start = None if meter == "files" else day_of(event.time) * DAY
        found[Place(event.account, meter, start)] += event.data.get("value", 1)
    return found


def days(log: SimulatedLog) -> Mapping[tuple[str, str, int], int]:
    """Return every day bucket after the whole log: account, meter and number of the UTC day."""
    found: Tally[tuple[str, str, int]] = Tally()
    for event in counted(log):
        found[event.account, event.data.get("meter", "opened"), day_of(event.time)] += event.data.get("value", 1)
    return found
