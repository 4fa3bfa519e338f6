"""What the usage events of a part ask of their accounts: moves of counters and buckets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.detect.dimensions import values_of
from expansion_signals.model.batches import AccountBatch, DayMove, HourMove, Move
from expansion_signals.model.events import evidence_of
from expansion_signals.model.instants import Instant, day_of, hour_of
from expansion_signals.model.lanes import LaneMove
from expansion_signals.model.periods import closed
from expansion_signals.pipeline.admission import counter_takes
from expansion_signals.pipeline.lanes import Filled, kept_from
from expansion_signals.pipeline.looks import look_once_loaded
from expansion_signals.pipeline.places import (
    counter_for,
    firing_age,
    firing_age_of_hours,
    has_lifetime_beside,
    may_not_fire,
    period_in,
)
from expansion_signals.pipeline.retention import LAG_ALLOWED, kept_after
from expansion_signals.pipeline.sums import part_of, take
from expansion_signals.pipeline.totals import Total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expansion_signals.detect.metering import Contribution
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.events import Evidence, UsageEvent
    from expansion_signals.model.lanes import Lane
    from expansion_signals.model.readings import Counter, Period
    from expansion_signals.pipeline.lanes import Lanes
    from expansion_signals.pipeline.sums import Part
    from expansion_signals.pipeline.work import Item
    from expansion_signals.rules.configuration import Configuration


@dataclass(slots=True)
class _Apart:
    """What is summed for one account of events that no lane takes."""

    counters: dict[Counter, Total] = field(default_factory=dict)
    days: dict[tuple[str, int], Part] = field(default_factory=dict)
    hours: dict[tuple[str, int], Total] = field(default_factory=dict)


class _Asked:
    """What is summed for one account. `loaded` is when the last of its history was appended, 0 where none came.

    `lanes` are the account's by meter, `filled` those that events of this part went.
    """

    __slots__ = ("apart", "filled", "lanes", "loaded", "profile")

    def __init__(self, profile: Profile | None, lanes: dict[str, Lane]) -> None:
        self.profile = profile
        self.lanes = lanes
        self.filled: dict[str, Filled] = {}
        self.apart: _Apart | None = None
        self.loaded: Instant = 0

    @property
    def long_way(self) -> _Apart:
        """What goes the long way."""
        if self.apart is None:
            self.apart = _Apart()
        return self.apart


def usage_asked(part: Iterable[Item], profiles: Mapping[str, Profile | None], lanes: Lanes) -> list[AccountBatch]:
    """Return what the counted events of a part ask of each account, summed."""
    asked: dict[str, _Asked] = {}
    for item in part:
        event = item.event
        if item.outcome != "counted" or event is None:
            continue
        name = event.account
        account = asked.get(name)
        if account is None:
            account = asked[name] = _Asked(profiles[name], lanes.of(name))
        _, _, offset, _, _, _, appended = item.record
        if event.backfill:
            account.loaded = max(account.loaded, appended)
        for contribution in item.contributions:
            meter, amount = contribution
            filled = account.filled.get(meter.key)
            if filled is None or not filled.lane.takes(event, appended):
                lane = _lane(account, meter, event, appended, lanes)
                if lane is None:
                    _add(account, contribution, item, lanes)
                    continue
                if amount in lane.told:
                    continue
                filled = account.filled[meter.key] = Filled(lane, part_of(meter.aggregation), event, appended)
            elif amount in filled.lane.told:
                continue
            filled.part.add(amount, event.time, offset)
            filled.event, filled.appended = event, appended
    return [_batch(name, account) for name, account in asked.items()]


def _lane(account: _Asked, meter: Meter, event: UsageEvent, appended: Instant, lanes: Lanes) -> Lane | None:
    """Return the lane that the event goes, and those after it; None where it must go the long way."""
    _pour(account, meter)
    profile = account.profile
    if profile is None or event.backfill:
        return None
    lane = account.lanes.get(meter.key)
    if lane is None or lane.profile is not profile or not lane.takes(event, appended):
        lane = lanes.for_events_like(event, meter, profile, appended)
        if lane is not None:
            account.lanes[meter.key] = lane
    return lane


def _pour(account: _Asked, meter: Meter) -> None:
    """Add what has come in a lane to what goes the long way: both move the same counters."""
    filled = account.filled.pop(meter.key, None)
    if filled is None:
        return
    lane, change = filled.lane, filled.part.change()
    take(_day(account.long_way, meter, lane.day), change)
    for counter, watched in lane.counters:
        total = _total(account.long_way, meter, counter)
        take(total.part(quiet=not watched), change)
        total.watched |= watched
        total.event = filled.event
        total.appended = filled.appended if watched else max(total.appended, filled.appended)
        if counter.start is not None and not total.kept[0]:
            total.kept = lane.keep_from, lane.forgotten


def _day(account: _Apart, meter: Meter, day: int) -> Part:
    part = account.days.get((meter.key, day))
    if part is None:
        part = account.days[meter.key, day] = part_of(meter.aggregation)
    return part


def _total(account: _Apart, meter: Meter, counter: Counter) -> Total:
    total = account.counters.get(counter)
    if total is None:
        total = account.counters[counter] = Total(meter.aggregation)
    return total


def _add(account: _Asked, contribution: Contribution, item: Item, lanes: Lanes) -> None:
    """Add what no lane takes: it may not fire, or what it counts for is not told apart by day and period alone."""
    meter, amount = contribution
    configuration, acceptance = lanes.configuration, lanes.acceptance
    event, (_, _, offset, *_, appended) = item.event, item.record
    assert event is not None  # noqa: S101 -- the caller looks at events only
    apart = account.long_way
    _day(apart, meter, day_of(event.time)).add(amount, event.time, offset)
    if account.profile is None and meter.per == "period":
        quiet = may_not_fire(firing_age_of_hours(configuration, meter), event, appended)
        hours = apart.hours.setdefault((meter.key, hour_of(event.time)), Total(meter.aggregation))
        hours.part(quiet=quiet).add(amount, event.time, offset)
        return
    if has_lifetime_beside(configuration, meter):
        _count(account, contribution, item, None, configuration)
    period = period_in(meter.per, account.profile, event.time)
    if not counter_takes(event, meter, account.profile, period, (appended, acceptance)):
        return
    total = _count(account, contribution, item, period, configuration)
    if period is not None and not total.kept[0]:
        reached = appended - LAG_ALLOWED - kept_after(meter.per, acceptance)
        total.kept = kept_from(meter, account.profile, period_in(meter.per, account.profile, reached))
    if meter.dimensions:
        total.split(values_of(event, meter.dimensions), amount, event.time, offset)


def _count(
    account: _Asked, contribution: Contribution, item: Item, period: Period | None, configuration: Configuration
) -> Total:
    """Add an event to the counter of this period, or to that of the account's life; return what it comes to."""
    meter, amount = contribution
    event, (_, _, offset, *_, appended) = item.event, item.record
    assert event is not None  # noqa: S101 -- the caller looks at events only
    counter = counter_for(meter, period)
    age = firing_age(configuration, meter, counter)
    # A correction of a period that is over moves its counter and fires nothing (semantics 2.6).
    over = closed(period, appended)
    quiet = over or may_not_fire(age, event, appended)
    total = _total(account.long_way, meter, counter)
    total.part(quiet=quiet).add(amount, event.time, offset)
    if not over:
        # Nothing is judged of an account that is not known; its profile's arrival looks at all its counters.
        total.watched |= age is not None and account.profile is not None
    if not quiet:
        total.event, total.appended = event, appended
    elif total.firing is None:
        total.event = event
        total.appended = total.appended if over else max(total.appended, appended)
    return total


def _batch(name: str, account: _Asked) -> AccountBatch:
    # Of an account not yet known nothing is judged; its profile's arrival looks at it.
    look = look_once_loaded(account.loaded) if account.loaded and account.profile else None
    apart = account.apart
    for lane in [filled.lane for filled in account.filled.values()] if apart is not None else ():
        if any(meter == lane.meter.key for meter, _ in account.long_way.days):
            _pour(account, lane.meter)
    moved = [
        LaneMove(filled.lane, filled.part.change(), filled.event, filled.appended) for filled in account.filled.values()
    ]
    if apart is None:
        return AccountBatch(name, account.profile, look=look, lanes=moved)
    return AccountBatch(
        name,
        account.profile,
        [_move(counter, total) for counter, total in apart.counters.items()],
        [DayMove(meter, day, part.change()) for (meter, day), part in apart.days.items()],
        [HourMove(meter, hour, *total.changes()) for (meter, hour), total in apart.hours.items()],
        look=look,
        lanes=moved,
    )


def _move(counter: Counter, total: Total) -> Move:
    quiet, firing = total.changes()
    keep_from, forgotten = total.kept
    return Move(
        counter,
        quiet,
        firing,
        total.watched,
        _evidence(total.event),
        total.appended,
        keep_from,
        forgotten,
        total.shared(),
    )


def _evidence(event: UsageEvent | None) -> Evidence:
    assert event is not None  # noqa: S101 -- a sum exists because an event was added to it
    return evidence_of(event)
