"""Paying on: what usage beyond a soft limit comes to, where the plan charges for it by the unit.

plan with 200,000 calls, then 0.0005 a call; period 1 Nov ─ 1 Dec

    16 Nov   160,000 used: at this pace 320,000 by 1 December, 120,000 beyond the limit: 60
    16 Nov   220,000 used: 440,000, of which 220,000 are still to come: 110; what is past is owed either way
    29 Nov   160,000 used: 171,428 by 1 December: nothing
    16 Nov   a stock, or a largest value: nobody knows how it goes on, so no sum is said
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.decide.gains import gain_of_overage
from expansion_signals.decide.steps import Step
from expansion_signals.model.entitlements import feature_of, precision_of

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.decide.billing import Billing
    from expansion_signals.decide.needs import MoreOf
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog


def paying_on(need: MoreOf, account: Account, catalog: Catalog, billing: Billing) -> Step | None:
    """Return the step of staying, where the plan lets usage go on for a price.

    Its price is the overage that is still to come in the period, spread over the months of the period, so that it
    compares to prices that recur.
    """
    entitlement = catalog.plans[account.plan].includes.get(feature_of(catalog, need.meter) or "")
    if entitlement is None or entitlement.beyond != "overage" or entitlement.unit_price is None:
        return None
    sum_to_come = _to_come(need, entitlement.unit_price, catalog)
    price = None if sum_to_come is None or not billing.months else sum_to_come / billing.months
    gain = gain_of_overage(catalog, need.meter, need.current, entitlement.unit_price)
    return Step("overage", need.meter, gain, price, per=None, extra=price)


def _to_come(need: MoreOf, unit_price: Decimal, catalog: Catalog) -> Fraction | None:
    if need.usage is None or need.expected is None:
        return None
    units = need.expected - max(need.usage, Fraction(need.current))
    return max(Fraction(0), units) * Fraction(unit_price) / int(10 ** precision_of(catalog, need.meter))
