"""What an account's state means under the configuration in force: counters against limits, thresholds, what waits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.cli.threshold_overview import CountedLevel, ThresholdOverview, threshold_overview
from expansion_signals.detect.completeness import incomplete
from expansion_signals.detect.unknown_names import UnknownNames, unknown_names
from expansion_signals.model.entitlements import limit_in_force
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import HOUR, hour_of
from expansion_signals.model.levels import changed
from expansion_signals.model.windows import last_days, last_hours, total_of
from expansion_signals.pipeline.places import counter_for, has_lifetime_beside, period_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.last_seen import Active
    from expansion_signals.model.levels import Level
    from expansion_signals.model.readings import Counter, Limit, Period
    from expansion_signals.model.standing import AccountStanding
    from expansion_signals.model.thresholds import ArmKey, Guard
    from expansion_signals.rules.configuration import Configuration, MeterRule


@dataclass(frozen=True, slots=True)
class CounterOverview:
    """One counter of the period that runs now, of a stock, or of the account's life; `limit` None: nothing limits it.

    `shares` are the values of each dimension with their levels, highest first. `active` tells how many members of a
    `unique` meter were seen, by number of days up to today. `incomplete_since` is set where the counter lacks what came
    before: it fires nothing until its period ends or a baseline arrives.
    """

    meter: Meter
    counter: Counter
    period: Period | None
    level: int
    limit: Limit | None
    thresholds: Sequence[ThresholdOverview]
    guard: tuple[int, Guard] | None
    shares: Mapping[str, Sequence[tuple[str, int]]]
    active: Mapping[int, Active]
    incomplete_since: Instant | None

    @property
    def is_of_life(self) -> bool:
        """Whether it counts over the account's life, beside its periods: for milestones."""
        return self.period is None and self.meter.per != "never"


@dataclass(frozen=True, slots=True)
class OtherCounter:
    """A counter of a period that is over or yet to come, or one that no catalog or no profile explains any more.

    `meter` is None where the catalog does not name it: its amounts stand as they are kept. `limit` is the amount it
    was last judged under, `fired` the thresholds that fired on it.
    """

    meter: Meter | None
    counter: Counter
    period: Period | None
    level: int
    limit: int | None
    fired: Sequence[ArmKey]


class Within(NamedTuple):
    """What a meter comes to within a window that ends now: so many days or hours."""

    width: int
    unit: Literal["days", "hours"]
    total: int | None


class HourSum(NamedTuple):
    """What is counted of a meter for an account not yet known, and the instant its first hour begins."""

    meter: Meter | None
    key: str
    total: int
    since: Instant


@dataclass(frozen=True, slots=True)
class Overview:
    """One account at the instant `now`. `days` holds day sums by meter and day, of the UTC days in `shown_days`."""

    standing: AccountStanding
    configuration: Configuration
    now: Instant
    shown_days: range
    counters: Sequence[CounterOverview]
    others: Sequence[OtherCounter]
    hours: Sequence[HourSum]

    @property
    def plan_known(self) -> bool:
        """Say whether the catalog knows the account's plan; without, it counts and has no limits (semantics 2.8)."""
        return self.standing.profile is not None and self.unknown.plan is None

    @property
    def unknown(self) -> UnknownNames:
        """Return what the account's profile names that the catalog does not have."""
        profile = self.standing.profile
        return unknown_names(profile.account, self.configuration.catalog) if profile else UnknownNames(None, (), ())

    def day_sums(self, meter: Meter) -> Sequence[int]:
        """Return the meter's sum of each shown day, oldest first."""
        return [self.standing.days.get((meter.key, day), 0) for day in self.shown_days]

    def within(self, meter: Meter) -> Sequence[Within]:
        """Return what the meter comes to in each window in which anything was counted (semantics 2.5)."""
        if meter.aggregation == "unique":  # its members of a window are counted where they are kept
            return []
        days = {day: total for (key, day), total in self.standing.days.items() if key == meter.key}
        told = [Within(n, "days", total_of(meter.aggregation, days, last_days(self.now, n))) for n in WITHIN_DAYS]
        if meter.per == "hour":
            hours = {
                hour_of(counter.start): level
                for counter, level in self.standing.levels.items()
                if counter.meter == meter.key and counter.start is not None and not counter.dimension
            }
            total = total_of(meter.aggregation, hours, last_hours(self.now, WITHIN_HOURS))
            told.insert(0, Within(WITHIN_HOURS, "hours", total))
        return [each for each in told if each.total is not None]


WITHIN_DAYS, WITHIN_HOURS = (7, 30), 24
"""The windows that are told, in days; and of a meter that counts hours one in hours."""


def overview_of(account: AccountStanding, configuration: Configuration, now: Instant, shown_days: range) -> Overview:
    """Return what the account's state means now."""
    current = list(_current(account, account.profile, configuration, now)) if account.profile else []
    shown = {each.counter for each in current}
    return Overview(
        standing=account,
        configuration=configuration,
        now=now,
        shown_days=shown_days,
        counters=current,
        others=[_other(account, counter, configuration) for counter in _latest_first(account.levels.keys() - shown)],
        hours=_hour_sums(account, configuration),
    )


def _current(
    account: AccountStanding, profile: Profile, configuration: Configuration, now: Instant
) -> Iterator[CounterOverview]:
    """Yield every counter of the catalog's meters that stands now, also where nothing was counted yet."""
    for meter in configuration.catalog.meters.values():
        period = period_in(meter.per, profile, now)
        whole = counter_for(meter, period)
        parts = {each for each in account.levels if (each.meter, each.start) == (meter.key, whole.start)}
        for counter in sorted({whole, *parts}, key=_dimension):
            yield _counter(account, meter, counter, period, (profile, configuration, now))
        life = counter_for(meter, None)
        if life in account.levels and has_lifetime_beside(configuration, meter):
            yield replace(_counter(account, meter, life, None, (profile, configuration, now)), active={})


def _counter(
    account: AccountStanding,
    meter: Meter,
    counter: Counter,
    period: Period | None,
    under: tuple[Profile, Configuration, Instant],
) -> CounterOverview:
    profile, configuration, now = under
    of_life = counter.start is None
    beside = of_life and meter.per != "never"
    level, marks = account.levels.get(counter, 0), account.marks.get(counter, Marks())
    limit = None if beside else limit_in_force(configuration.catalog, profile.account, meter.key)
    limits = () if beside else configuration.limit_rules_by_meter.get(meter.key, ())
    milestones = configuration.milestone_rules_by_meter.get(meter.key, ()) if of_life else ()
    rules: Sequence[MeterRule] = (*limits, *milestones)
    on = CountedLevel(level, limit, meter, now)
    return CounterOverview(
        meter=meter,
        counter=counter,
        period=period,
        level=level,
        limit=limit,
        thresholds=[
            threshold_overview(rule, threshold, on, marks.arms)
            for rule in rules
            for threshold in {str(each): each for each in rule.at}.values()
        ],
        guard=account.guards.get(counter),
        shares=_shares(account, counter),
        incomplete_since=account.since if incomplete(meter, period, profile.account, account.since) else None,
        active={days: each for (key, days), each in sorted(account.active.items()) if key == meter.key},
    )


def _shares(account: AccountStanding, counter: Counter) -> Mapping[str, Sequence[tuple[str, int]]]:
    shares: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for (dimension, value), level in account.shares.get(counter, {}).items():
        shares[dimension].append((value, level))
    return {dimension: sorted(values, key=_highest_first) for dimension, values in sorted(shares.items())}


def _highest_first(share: tuple[str, int]) -> tuple[int, str]:
    value, level = share
    return (-level, value)


def _other(account: AccountStanding, counter: Counter, configuration: Configuration) -> OtherCounter:
    meter = configuration.catalog.meters.get(counter.meter)
    marks = account.marks.get(counter, Marks())
    return OtherCounter(
        meter=meter,
        counter=counter,
        period=_period_from(counter.start, meter, account.profile),
        level=account.levels[counter],
        limit=marks.limit,
        fired=sorted(key for key, arm in marks.arms.items() if arm.state == "fired"),
    )


def _period_from(start: Instant | None, meter: Meter | None, profile: Profile | None) -> Period | None:
    if start is None or meter is None or profile is None:
        return None
    return period_in(meter.per, profile, start)


def _hour_sums(account: AccountStanding, configuration: Configuration) -> Sequence[HourSum]:
    if account.hours is None:
        return []
    levels: dict[str, Level | None] = {}
    first: dict[str, int] = {}
    for (key, hour), (quiet, firing) in account.hours.totals.items():
        levels[key] = changed(changed(levels.get(key), quiet), firing)
        first[key] = min(first.get(key, hour), hour)
    meters = configuration.catalog.meters
    return [
        HourSum(meters.get(key), key, level.amount if level else 0, first[key] * HOUR)
        for key, level in sorted(levels.items())
    ]


def _latest_first(counters: set[Counter]) -> Sequence[Counter]:
    return sorted(counters, key=_age)


def _age(counter: Counter) -> tuple[str, int, str]:
    return (counter.meter, -(counter.start or 0), counter.dimension)


def _dimension(counter: Counter) -> str:
    return counter.dimension
