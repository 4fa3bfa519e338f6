"""What the look of a closed day leaves in the note of activity: so what comes later knows of days and levels."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from expansion_signals.detect.growth import usage_growth
from expansion_signals.detect.levels_used import most_used
from expansion_signals.model.entitlements import limit_in_force

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expansion_signals.detect.days import Day
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog
    from expansion_signals.model.instants import Duration

_IN_USE_WITHIN = 30
"""Closed days within which a metered feature must have been counted to be in use."""


class Looked(NamedTuple):
    """The closed day `day`: `growth` by window, where it is known, and the meter that is `used` most of its limit.

    `first` is the first day on which anything was counted; `metered` are the features with a meter that are in use.
    """

    day: int
    growth: Mapping[Duration, Fraction]
    used: tuple[str, int, int] | None = None
    first: int | None = None
    metered: Sequence[str] = ()

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Looked:
        """Read what `parts` returned."""
        growth = {int(window): Fraction(*each) for window, each in kept["growth"].items()}
        meter = kept["used"]
        return cls(kept["day"], growth, tuple(meter) if meter else None, kept["first"], tuple(kept["metered"]))

    def parts(self) -> Mapping[str, Any]:
        """Return it as parts of a note."""
        growth = {window: each.as_integer_ratio() for window, each in self.growth.items()}
        return {**self._asdict(), "growth": growth}

    def utilization(self, catalog: Catalog, account: Account | None) -> Fraction | None:
        """Return the highest utilization; None where there was no limit, or it is another by now."""
        if self.used is None:
            return None
        meter, level, limit = self.used
        in_force = limit_in_force(catalog, account, meter)
        return Fraction(level, limit) if in_force is not None and in_force.amount == limit else None


def looked_at(day: Day, windows: Iterable[Duration]) -> Looked:
    """Return what the look of a day finds out, with growth in these windows."""
    growth = {window: usage_growth(day, window) for window in sorted(windows)}
    used = most_used(day)
    return Looked(
        day.number,
        {window: each for window, each in growth.items() if each is not None},
        (used.meter.key, used.level, used.limit) if used else None,
        day.first,
        tuple(_in_use(day)),
    )


def _in_use(day: Day) -> Iterable[str]:
    days = day.last(_IN_USE_WITHIN)
    counted = {meter for (meter, number), amount in day.amounts.items() if amount and number in days}
    return sorted(feature.key for feature in day.catalog.features.values() if feature.meter in counted)
