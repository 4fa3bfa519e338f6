"""What must come out: every record of a simulated log applied once, in order, by the simplest code there is."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.model.events import USAGE_IMPORTED, USAGE_RECORDED
from expansion_signals.model.instants import DAY, HOUR, day_of
from simulated_log import MIDNIGHT, UPDATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.events import UsageEvent
    from simulated_log import SimulatedLog

WIDTHS = {"hourly": HOUR, "files": None, "size": None}
"""How long a period of a meter is, where it is not a day; None for a stock."""

LIVES = ("opened",)
"""Meters that are counted over the account's life beside their periods: a milestone rule watches them."""

FED = {
    USAGE_RECORDED: (),
    USAGE_IMPORTED: (),
    "com.acme.opened": ("opened", "daily", "hourly"),
    "com.acme.measured": ("peak", "size", "users"),
}


class Place(NamedTuple):
    """One level: an account, a meter, and where its period begins; None for a stock."""

    account: str
    meter: str
    start: int | None


class Counted(NamedTuple):
    """An event that counts once. Its copies may be re-stamped within their hour: any of them is the first to come."""

    event: UsageEvent
    earliest: int
    latest: int

    @property
    def value(self) -> int:
        return self.event.data.get("value", 1)


def place_of(account: str, meter: str, time: int) -> Place:
    width = WIDTHS.get(meter, DAY)
    return Place(account, meter, None if width is None else time // width * width)


def counted(log: SimulatedLog) -> Iterator[Counted]:
    """Return the events that count: each identity once, whole numbers only, of a kind that somebody named."""
    copies: defaultdict[tuple[str, str, str], list[UsageEvent]] = defaultdict(list)
    for _, event in log.events():
        if event.type in FED and event.data.get("value", 1) == int(event.data.get("value", 1)):
            copies[event.account, event.source, event.id].append(event)
    for same in copies.values():
        times = [event.time for event in same]
        yield Counted(same[0], min(times), max(times))


def fed(log: SimulatedLog) -> Iterator[tuple[str, Counted]]:
    """Return each meter with each event that feeds it."""
    for each in counted(log):
        for meter in FED[each.event.type] or (each.event.data["meter"],):
            yield meter, each


def levels(log: SimulatedLog) -> Mapping[Place, int]:
    """Return every level after the whole log, but those of `size`: see `latest`."""
    found: defaultdict[Place, list[Counted]] = defaultdict(list)
    for meter, each in fed(log):
        if each.event.type != USAGE_IMPORTED or meter != "hourly":  # a day's total says nothing of an hour
            found[place_of(each.event.account, meter, each.event.time)].append(each)
        if meter in LIVES:
            found[Place(each.event.account, meter, None)].append(each)
    based: defaultdict[Place, list[int]] = defaultdict(list)
    for update in updates(log):
        for meter, baseline in update.snapshot.usage.items() if update.snapshot else ():
            based[place_of(update.account, meter, MIDNIGHT)].append(int(baseline.value))
    return {
        place: _level(place.meter, found[place], based.get(place, []))
        for place in found.keys() | based.keys()
        if place.meter != "size"
    }


def _level(meter: str, events: list[Counted], baselines: list[int]) -> int:
    if meter == "users":
        return len({each.event.data["user"] for each in events})
    if meter == "peak":
        return max([each.value for each in events] + baselines)
    # The last baseline stands for all before it; whatever was counted since is added.
    return sum(baselines[-1:]) + sum(each.value for each in events if not baselines or each.event.time >= MIDNIGHT)


def latest(log: SimulatedLog) -> Mapping[str, set[int]]:
    """Return what each account's `size` may be: one of its latest events, of which invariant 1 leaves ties open."""
    found: defaultdict[str, list[Counted]] = defaultdict(list)
    for meter, each in fed(log):
        if meter == "size":
            found[each.event.account].append(each)
    return {account: _latest_of(events) for account, events in found.items()}


def _latest_of(events: list[Counted]) -> set[int]:
    last = max(each.earliest for each in events)
    return {each.value for each in events if each.latest >= last}


def days(log: SimulatedLog) -> Mapping[tuple[str, str, int], set[int]]:
    """Return what each day bucket may hold after the whole log: account, meter and number of the UTC day."""
    found: defaultdict[tuple[str, str, int], list[Counted]] = defaultdict(list)
    for meter, each in fed(log):
        if meter != "users":
            found[each.event.account, meter, day_of(each.event.time)].append(each)
    return {
        place: _latest_of(events) if place[1] == "size" else {_level(place[1], events, [])}
        for place, events in found.items()
    }


def updates(log: SimulatedLog) -> list[Any]:
    return [log.meanings[record] for record in log.records[UPDATES] if record]


def profiles(log: SimulatedLog) -> Mapping[str, Account | None]:
    """Return the last snapshot of each account that counts: a version that is not greater is passed over."""
    found: defaultdict[str, Account | None] = defaultdict(lambda: None)
    for update in updates(log):
        before = found[update.account]
        if update.snapshot is None or before is None or update.snapshot.version > before.version:
            found[update.account] = update.snapshot
    return found
