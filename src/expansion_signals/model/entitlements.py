"""The limit that an account's plan, its own numbers and its add-ons put on a meter."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.readings import Limit

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Entitlement


def limit_in_force(catalog: Catalog, account: Account | None, meter_key: str) -> Limit | None:
    """Return the limit on this meter, scaled by the meter's precision.

    The plan's number is replaced by the account's own (`limits`); add-ons come on top of either, once per piece.
    Digits beyond the meter's precision round down: nobody is granted a part of a unit that cannot be counted. A limit
    beyond what a counter holds can never be reached and counts as unlimited.

    None: the account or its plan is not known, or the plan does not include the feature that measures the meter,
    even where an add-on or `limits` names it.
    """
    plan = catalog.plans.get(account.plan) if account else None
    feature = feature_of(catalog, meter_key)
    if account is None or plan is None or feature is None or feature not in plan.includes:
        return None
    entitlement = plan.includes[feature]
    granted = _granted(catalog, account, feature, entitlement)
    return Limit(feature, _scaled(granted, precision_of(catalog, meter_key)), entitlement.kind)


def is_included(catalog: Catalog, account: Account | None, feature: str) -> bool:
    """Say whether the account's plan includes the feature; not where the account or its plan is not known."""
    plan = catalog.plans.get(account.plan) if account else None
    return plan is not None and feature in plan.includes


def features_of_higher_plans(catalog: Catalog, account: Account | None) -> frozenset[str]:
    """Return what plans above the account's include and its own does not; nothing where its plan is not known."""
    if account is None or account.plan not in catalog.plans:
        return frozenset()
    keys = list(catalog.plans)
    above = keys[keys.index(account.plan) + 1 :]
    offered = {feature for key in above for feature in catalog.plans[key].includes}
    return frozenset(offered - catalog.plans[account.plan].includes.keys())


def feature_of(catalog: Catalog, meter_key: str) -> str | None:
    """Return the metered feature that the meter measures, if there is one."""
    return catalog.features_by_meter.get(meter_key)


def precision_of(catalog: Catalog, meter_key: str) -> int:
    """Return the meter's precision; `seats` is built in, stands in no catalog, and counts whole people."""
    meter = catalog.meters.get(meter_key)
    return meter.precision if meter else 0


def _granted(catalog: Catalog, account: Account, feature: str, entitlement: Entitlement) -> Decimal | Fraction | None:
    base = account.limits.get(feature, entitlement.limit)
    if base is None or not account.add_ons:
        return base
    return Fraction(base) + _added(catalog, account, feature)


def _added(catalog: Catalog, account: Account, feature: str) -> Fraction:
    """Return what the account's add-ons bring; one that the catalog does not sell brings nothing."""
    bought = ((catalog.add_ons[key], pieces) for key, pieces in account.add_ons.items() if key in catalog.add_ons)
    return sum((Fraction(add_on.adds.get(feature, 0)) * pieces for add_on, pieces in bought), Fraction(0))


def _scaled(granted: Decimal | Fraction | None, precision: int) -> int | None:
    if granted is None:
        return None
    numerator, denominator = granted.as_integer_ratio()
    amount: int = numerator * 10**precision // denominator
    return amount if amount <= LARGEST else None
