"""What the usage events of a part ask of their accounts: moves of counters and buckets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expansion_signals.detect.dimensions import values_of
from expansion_signals.detect.watches import evidence_of
from expansion_signals.model.batches import AccountBatch, DayMove, HourMove, Move
from expansion_signals.model.instants import Duration, Instant, day_of, hour_of
from expansion_signals.model.periods import closed
from expansion_signals.pipeline.admission import counter_takes
from expansion_signals.pipeline.lanes import FOREVER, Lane
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
from expansion_signals.pipeline.sums import part_of
from expansion_signals.pipeline.totals import Total

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.detect.metering import Contribution
    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.batches import Identity
    from expansion_signals.model.catalog import Aggregation, Meter
    from expansion_signals.model.changes import Change
    from expansion_signals.model.events import Evidence, UsageEvent
    from expansion_signals.model.readings import Counter, Period
    from expansion_signals.pipeline.sums import Part
    from expansion_signals.pipeline.work import Item
    from expansion_signals.rules.configuration import Configuration


@dataclass(slots=True)
class _Asked:
    """What is summed for one account. `loaded` is when the last of its history was appended, 0 where none came."""

    profile: Profile | None
    loaded: Instant = 0
    counters: dict[Counter, Total] = field(default_factory=dict)
    days: dict[tuple[str, int], Part] = field(default_factory=dict)
    hours: dict[tuple[str, int], Total] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)


def usage_asked(
    part: Iterable[Item], profiles: Mapping[str, Profile | None], configuration: Configuration, acceptance: Duration
) -> list[AccountBatch]:
    """Return what the counted events of a part ask of each account, summed."""
    asked: dict[str, _Asked] = {}
    for item in part:
        event = item.event
        if item.outcome != "counted" or event is None:
            continue
        account = asked.get(event.account)
        if account is None:
            account = asked[event.account] = _Asked(profiles[event.account])
        if event.backfill:
            account.loaded = max(account.loaded, item.record.appended)
        offset, appended = item.record.offset, item.record.appended
        for contribution in item.contributions:
            meter, amount = contribution
            lane = account.lanes.get(meter.key)
            if lane is None or not lane.takes(event, amount, offset, appended):
                _add(account, contribution, item, configuration, acceptance)
    return [_batch(name, account) for name, account in asked.items()]


def _add(
    account: _Asked, contribution: Contribution, item: Item, configuration: Configuration, acceptance: Duration
) -> None:
    meter, amount = contribution
    event, (_, _, offset, *_, appended) = item.event, item.record
    assert event is not None  # noqa: S101 -- the caller looks at events only
    day = (meter.key, day_of(event.time))
    part = account.days.get(day)
    if part is None:
        part = account.days[day] = part_of(meter.aggregation)
    part.add(amount, event.time, offset)
    if account.profile is None and meter.per == "period":
        quiet = may_not_fire(firing_age_of_hours(configuration, meter), event, appended)
        hours = account.hours.setdefault((meter.key, hour_of(event.time)), Total(meter.aggregation))
        hours.part(quiet=quiet).add(amount, event.time, offset)
        return
    beside = has_lifetime_beside(configuration, meter)
    of_life = _count(account, contribution, item, None, configuration) if beside else None
    period = period_in(meter.per, account.profile, event.time)
    if not counter_takes(event, meter, account.profile, period, (appended, acceptance)):
        return
    total = _count(account, contribution, item, period, configuration)
    if period is not None and not total.kept[0]:
        total.kept = _kept(meter, account.profile, appended - LAG_ALLOWED - kept_after(meter.per, acceptance))
    if meter.dimensions:
        total.split(values_of(event, meter.dimensions), amount, event.time, offset)
    else:
        _leave_lane(account, meter, item, period, [part], [total, of_life] if of_life else [total], configuration)


def _leave_lane(  # noqa: PLR0913 -- what the lane is made of
    account: _Asked,
    meter: Meter,
    item: Item,
    period: Period | None,
    days: Sequence[Part],
    totals: Sequence[Total],
    configuration: Configuration,
) -> None:
    """Leave a lane for events like this one, if it may fire wherever it counts and a rule looks."""
    event, appended = item.event, item.record.appended
    assert event is not None  # noqa: S101 -- the caller looks at events only
    if account.profile is None or event.backfill or closed(period, appended):
        return
    counters = [counter_for(meter, period), counter_for(meter, None)]
    ages = [firing_age(configuration, meter, counter) for counter, _ in zip(counters, totals, strict=False)]
    age = min((each for each in ages if each is not None), default=FOREVER)
    if appended - event.time > age:
        return
    parts = [total.part(quiet=of is None) for total, of in zip(totals, ages, strict=True)]
    account.lanes[meter.key] = Lane(
        event.time, period, account.profile.level_set(meter.key), age, [*days, *parts], totals
    )


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
    total = account.counters.get(counter)
    if total is None:
        total = account.counters[counter] = Total(meter.aggregation)
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


def _kept(meter: Meter, profile: Profile | None, reached: Instant) -> tuple[Instant, Counter | None]:
    """Return from which start on counters of the meter are kept, and the last one that is not (semantics 2.3)."""
    period = period_in(meter.per, profile, reached)
    if period is None:
        return (0, None)
    return (period.start, counter_for(meter, period_in(meter.per, profile, period.start - 1)))


def _batch(name: str, account: _Asked) -> AccountBatch:
    return AccountBatch(
        account=name,
        profile=account.profile,
        moves=[
            Move(
                counter,
                *total.changes(),
                total.watched,
                _evidence(total.event),
                total.appended,
                *total.kept,
                total.shared(),
            )
            for counter, total in account.counters.items()
        ],
        days=[DayMove(meter, day, part.change()) for (meter, day), part in account.days.items()],
        hours=[HourMove(meter, hour, *total.changes()) for (meter, hour), total in account.hours.items()],
        # Of an account not yet known nothing is judged; its profile's arrival looks at it.
        look=look_once_loaded(account.loaded) if account.loaded and account.profile else None,
    )


def _evidence(event: UsageEvent | None) -> Evidence:
    assert event is not None  # noqa: S101 -- a sum exists because an event was added to it
    return evidence_of(event)
