"""How long what is counted is kept: until no record to come can ask for it (semantics 2.3, 2.5, 2.9).

Judged by the append time reached, never by the clock: after a long outage, or a roll-back of Redis, the records that
are read again still find what they ask for. With an acceptance window of 24 h:

    counter of hour 10:00 ─ 11:00, 22 Nov         kept for records appended before 11:00, 23 Nov
    counter of the period 1 Nov ─ 1 Dec           kept for records appended before 2 Dec
    day buckets of September 2026                 folded into totals on 2 Dec, 62 days past the month's end
    total of September 2026                       kept through October 2027, which is 13 months later
    hour buckets of 1 Nov, account not yet known  kept for 36 days past their end
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.model.instants import DAY, HOUR, day_of
from expansion_signals.model.months import month_of
from expansion_signals.model.windows import DAYS_KEPT
from expansion_signals.pipeline.places import period_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expansion_signals.model.accounts import Profile
    from expansion_signals.model.catalog import Catalog, Per
    from expansion_signals.model.instants import Duration, Instant
    from expansion_signals.model.months import Month
    from expansion_signals.model.readings import Counter, Period

LAG_ALLOWED: Duration = HOUR
"""How far partitions may lag behind one another, and a broker's clock behind another's, where old counters go."""

MONTHS_KEPT = 13

_LONGEST_PERIOD: Duration = 366 * DAY
_UNKNOWN_KEPT: Duration = 35 * DAY


def kept_after(per: Per, acceptance: Duration) -> Duration:
    """Return how long a counter is kept after its end: the acceptance window; of an hour 24 h, of a day 35 d at most.

    Without that bound an hourly meter would keep 840 counters an account, and its hash lose its compact form.
    """
    match per:
        case "hour":
            return min(acceptance, DAY)
        case "day":
            return min(acceptance, 35 * DAY)
        case _:
            return acceptance


def is_gone(period: Period | None, per: Per, appended: Instant, acceptance: Duration) -> bool:
    """Say whether the counter of this period is kept no more for a record appended then; a stock always is."""
    return period is not None and appended >= period.end + kept_after(per, acceptance)


@dataclass(frozen=True, slots=True)
class Retention:
    """What is old once every partition has reached the append time `reached`; `catalog` says what was counted how."""

    catalog: Catalog
    acceptance: Duration
    reached: Instant

    def counters_gone(self, counters: Iterable[Counter], profile: Profile | None) -> set[Counter]:
        """Return those of an account's counters that no record to come can ask for."""
        return {counter for counter in counters if counter.start is not None and self._is_gone(counter, profile)}

    def _is_gone(self, counter: Counter, profile: Profile | None) -> bool:
        meter = self.catalog.meters.get(counter.meter)
        period = period_in(meter.per, profile, counter.start or 0) if meter else None
        if meter is None or period is None:
            # Of a meter that is gone or counts otherwise by now, or of an account whose profile was taken away:
            # its period was a year at the most.
            return (counter.start or 0) + _LONGEST_PERIOD + self.acceptance <= self.reached - LAG_ALLOWED
        return is_gone(period, meter.per, self.reached - LAG_ALLOWED, self.acceptance)

    def are_stocks(self, counters: Iterable[Counter]) -> bool:
        """Say whether all are stocks whose every move leaves a trace in a day: of meters in the catalog."""
        return all(counter.start is None and counter.meter in self.catalog.meters for counter in counters)

    @property
    def hours_from(self) -> int:
        """The first UTC day whose hour buckets are kept of an account not known, and whose use keeps it."""
        return day_of(self.reached - self.acceptance - _UNKNOWN_KEPT)

    def is_over(self, month: Month) -> bool:
        """Say whether a month's day buckets are in no window any more, and no late event corrects them."""
        return month.end + DAYS_KEPT * DAY <= self.reached

    @property
    def totals_from(self) -> Month:
        """The first month whose total is kept."""
        return month_of(day_of(self.reached)).later(-MONTHS_KEPT)
