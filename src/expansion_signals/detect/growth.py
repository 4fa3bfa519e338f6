"""Growth and decline: complete windows of days against those before them (semantics 6.1).

rule usage_accelerated {meter: calls}, 7 days against the 7 before; the earlier window needs 100 units

    8 ─ 14 Nov   15 ─ 21 Nov      looked at on 22 Nov, when 21 Nov has closed
    1,000        1,100            10 % more, not above it: silent
    1,000        1,101            `usage.accelerated`, growth 10.1
    99           500              the base is too small: silent
    1,000        1,500            first used on 9 Nov: the earlier window is not whole, silent
    23 Nov, still growing         silent for 7 days
    29 Nov, 22 ─ 28 Nov are 10 % above 15 ─ 21 Nov again: `usage.accelerated` once more

rule usage_declined {meter: calls}, 30 days against the 30 before: a fall by 30 % or more fires, then not for 30 days.
rule volume_grown {meter: storage}: as accelerated; a rule that names no meter looks at those whose unit is of data.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.days import about, cools, meters_of, signal_of_day
from expansion_signals.detect.why import shown
from expansion_signals.model.amounts import plain, unscale
from expansion_signals.model.instants import DAY
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expansion_signals.detect.days import Day, Told
    from expansion_signals.model.catalog import Meter
    from expansion_signals.model.instants import Duration
    from expansion_signals.model.signals import Signal
    from expansion_signals.rules.configuration import WatchRule

WEEK, MONTH = 7 * DAY, 30 * DAY
"""Windows, and cooldowns, of growth and of decline where a rule says nothing else."""

MORE_THAN, AT_LEAST = 10, 30
"""Percent by which usage must have grown, or fallen."""

BASE = 100
"""Units that the earlier window must hold: of little use, any change is a great one."""

DATA_UNITS = frozenset({"byte", *(f"{size}{unit}" for size in ("k", "m", "g", "t", "p") for unit in ("b", "ib"))})
"""Units that measure data, in lower case: `GB`, `MiB`."""

_EXACT = Context(prec=64)
_PERCENT = Decimal("0.01")


class Change(NamedTuple):
    """What a meter came to in a window of so many days, and in as many before it; scaled amounts."""

    meter: Meter
    days: int
    usage: int
    previous: int

    @property
    def percent(self) -> Fraction:
        """By how much it has grown; negative where it has fallen."""
        return Fraction((self.usage - self.previous) * 100, self.previous)

    @property
    def has_base(self) -> bool:
        """Whether the earlier window holds enough to be compared with."""
        return self.previous >= BASE * int(10**self.meter.precision)


def accelerated(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find usage that grows by more than 10 % from one window to the next."""
    for change in _grown(rule, day, told):
        yield _signal("usage.accelerated", rule, day, told, change)


def volume_grown(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find data that grows by more than 10 % from one window to the next."""
    for change in _grown(rule, day, told):
        if rule.meter is not None or change.meter.unit.lower() in DATA_UNITS:
            yield _signal("volume.grown", rule, day, told, change)


def declined(rule: WatchRule, day: Day, told: Told) -> Iterator[Signal]:
    """Find usage that has fallen by 30 % or more from one window to the next."""
    for change in _changes(rule, day, told, MONTH):
        if change.percent <= -AT_LEAST:
            yield _signal("usage.declined", rule, day, told, change)


def _grown(rule: WatchRule, day: Day, told: Told) -> Iterator[Change]:
    return (change for change in _changes(rule, day, told, WEEK) if change.percent > MORE_THAN)


def usage_growth(day: Day, window: Duration) -> Fraction | None:
    """Return by which part the meter that grows fastest has grown, 1/2 for 50 %; None where no growth is known."""
    days = -(-window // DAY)
    earlier, later = day.last(days, before=days), day.last(days)
    if not day.knows(earlier):
        return None
    meters = [meter for meter in day.catalog.meters.values() if meter.aggregation in ("sum", "count")]
    changes = [Change(each, days, day.total(each.key, later), day.total(each.key, earlier)) for each in meters]
    return max((change.percent / 100 for change in changes if change.has_base), default=None)


def _changes(rule: WatchRule, day: Day, told: Told, window: Duration) -> Iterator[Change]:
    """Yield what may be compared: both windows known, the earlier one large enough, the rule not cooling down."""
    days = (rule.within or window) // DAY
    earlier, later = day.last(days, before=days), day.last(days)
    if not day.knows(earlier):
        return
    for meter in meters_of(rule, day.catalog):
        change = Change(meter, days, day.total(meter.key, later), day.total(meter.key, earlier))
        if change.has_base and not cools(rule, told, day, meter.key, window):
            yield change


def _signal(kind: str, rule: WatchRule, day: Day, told: Told, change: Change) -> Signal:
    told[about(rule, change.meter.key)] = day.number
    return signal_of_day(kind, rule, day, change.meter.key, _content(change))


def _content(change: Change) -> dict[str, Any]:
    meter = change.meter
    return {
        "meter": meter.key,
        "unit": meter.unit,
        "usage": unscale(change.usage, meter.precision),
        "previous": unscale(change.previous, meter.precision),
        "growth": rounded(change.percent),
        "window": f"{change.days}d",
        "why": _why(change),
    }


def rounded(number: Fraction) -> str:
    """Return a number rounded half up to 2 digits, as a decimal string: `10.01`, `-30`."""
    exact = _EXACT.divide(Decimal(number.numerator), Decimal(number.denominator))
    return plain(exact.quantize(_PERCENT, rounding=ROUND_HALF_UP, context=_EXACT))


def _why(change: Change) -> str:
    meter = change.meter
    more = "more" if change.percent > 0 else "less"
    unit = counted(meter.unit, one=change.usage == 10**meter.precision)
    usage, previous = shown(change.usage, meter), shown(change.previous, meter)
    by = rounded(abs(change.percent))
    return f"{usage} {unit} in {change.days} days, {by} % {more} than the {previous} in the {change.days} days before"
