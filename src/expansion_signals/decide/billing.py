"""The period that an account is charged for when a signal comes, and what a price comes to in it.

20 a month, an add-on; period 1 Nov ─ 1 Dec, signal at 22 Nov 00:00
charge_now 6.00, the 9 days of 30 that are left; charge_next_period 20.00

150 a year, periods of a month: charge_next_period 12.50
20 a month, periods of a quarter: charge_next_period 60.00
periods of a week or of a day: how many of them a month has is no whole number, so no charge is said
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from expansion_signals.decide.money import money
from expansion_signals.decide.proration import prorated
from expansion_signals.decide.told import period_told, text_told
from expansion_signals.model.accounts import Anchor
from expansion_signals.model.periods import period_at

if TYPE_CHECKING:
    from fractions import Fraction

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Meter
    from expansion_signals.model.instants import Instant
    from expansion_signals.model.readings import Period
    from expansion_signals.model.signals import Signal

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


class Billing(NamedTuple):
    """`period` None: nobody said when it begins. `months`: how many it has; None for weeks and days."""

    currency: str
    time: Instant
    period: Period | None
    months: int | None
    by_day: bool

    def of_period(self, monthly: Fraction | None) -> Fraction | None:
        """Return what a monthly price comes to in a whole period; None where either is unknown."""
        return None if monthly is None or self.months is None else monthly * self.months

    def charge_now(self, monthly: Fraction | None) -> dict[str, str] | None:
        """Return what a monthly price comes to for the rest of the period, as payloads carry it."""
        whole = self.of_period(monthly)
        if whole is None or self.period is None:
            return None
        return money(prorated(whole, self.period, self.time, by_day=self.by_day), self.currency)

    def charge_next_period(self, monthly: Fraction | None) -> dict[str, str] | None:
        """Return what a monthly price comes to in each period from the next on, as payloads carry it."""
        whole = self.of_period(monthly)
        return None if whole is None else money(whole, self.currency)


def billing_of(signal: Signal, account: Account, catalog: Catalog, *, by_day: bool) -> Billing:
    """Return the period that a signal tells of, else the account's own one at that time.

    The period of a meter that is counted per day or hour is none that anybody is charged for.
    """
    meter = catalog.meters.get(text_told(signal, "meter") or "")
    told = counted_period(signal, meter) if meter else None
    own = account.period
    time = signal.evidence.time
    if told is None and own is not None:
        told = period_at(Anchor(valid_from=0, anchor=own.anchor, unit=own.unit), account.time_zone, time)
    return Billing(catalog.currency, time, told, _MONTHS.get(own.unit if own else "month"), by_day)


def counted_period(signal: Signal, meter: Meter) -> Period | None:
    """Return the usage period that a signal of this meter names, where it is counted per period."""
    return period_told(signal) if meter.per == "period" else None
