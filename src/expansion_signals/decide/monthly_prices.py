"""What an account pays a month by the catalog: its plan, the seats it bought, and its add-ons.

A plan's price holds the seats that it includes. Seats beyond them are charged by the plan's seat price, by their
number from the first seat of the account on:

    plan 249, includes 50 seats, seat_price {tiers: [{to: 60, price: 12}, {price: 9}]}
    limits {}              249
    limits {seats: 62}     249 + 10 x 12 + 2 x 9 = 387

    plan 0, seats unlimited, seat_price 12: each person is charged, so it must be known how many there are
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from expansion_signals.decide.money import MONTHS, monthly
from expansion_signals.model.entitlements import feature_of
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog, Plan, SeatPrice


def monthly_price(catalog: Catalog, account: Account) -> Fraction | None:
    """Return what plan, seats and add-ons cost together a month, exactly; None where the catalog does not say it."""
    plan, add_ons = plan_price(catalog, account), _add_ons(catalog, account)
    return None if plan is None or add_ons is None else plan + add_ons


def plan_price(catalog: Catalog, account: Account, people: int | None = None) -> Fraction | None:
    """Return what the account's plan costs a month, with the seats that are charged beside it; None if unknown.

    `people` are those who would have a seat, where that is known better than from the account's last update.
    """
    plan = catalog.plans.get(account.plan)
    if plan is None or plan.price is None:
        return None
    if plan.seat_price is None:
        return monthly(plan.price, plan.price_per)
    seats = _seats(catalog, account, plan, plan.seat_price, people)
    return None if seats is None else monthly(plan.price, plan.price_per) + seats


def seats_granted(catalog: Catalog, account: Account) -> int | None:
    """Return how many seats the account has by its plan or bought, without those of add-ons; None: no number."""
    plan, feature = catalog.plans.get(account.plan), feature_of(catalog, SEATS)
    entitlement = plan.includes.get(feature) if plan and feature else None
    number = account.limits.get(feature or "", entitlement.limit) if entitlement else None
    return None if number is None else int(number)


def _seats(catalog: Catalog, account: Account, plan: Plan, price: SeatPrice, people: int | None) -> Fraction | None:
    """Return what seats cost a month beside the plan's price; None where their number or their price is unknown."""
    included = seats_included(catalog, plan)
    held = seats_granted(catalog, account)
    if held is None:
        held = people if people is not None or account.members is None else len(account.members)
    if held is None:
        return None
    cost = cost_of_seats(price, included, held)
    return None if cost is None else cost / MONTHS[plan.price_per]


def seats_included(catalog: Catalog, plan: Plan) -> int:
    """Return how many seats the plan's price holds; where they are unlimited, each is charged."""
    feature = feature_of(catalog, SEATS)
    entitlement = plan.includes.get(feature) if feature else None
    return int(entitlement.limit) if entitlement and entitlement.limit is not None else 0


@lru_cache(maxsize=4096)
def cost_of_seats(price: SeatPrice, first: int, last: int) -> Fraction | None:
    """Return what the seats after number `first` up to `last` cost, per what the plan's price is per.

    None: the last tier ends before them, so only sales can say it. Packs are sold whole.
    """
    if price.bundle is not None and price.price is not None:
        return Fraction(price.price) * -(-max(0, last - first) // price.bundle)
    cost, below = Fraction(0), 0
    for tier in price.tiers:
        upto = last if tier.to is None else min(last, tier.to)
        cost += Fraction(tier.price) * max(0, upto - max(first, below))
        below = max(below, upto)
    return cost if last <= max(first, below) else None


def _add_ons(catalog: Catalog, account: Account) -> Fraction | None:
    """Return what all pieces cost a month; None where the catalog has no price for one that was bought."""
    total = Fraction(0)
    for key, pieces in account.add_ons.items():
        add_on = catalog.add_ons.get(key)
        if pieces and (add_on is None or add_on.price is None):
            return None
        if add_on is not None and add_on.price is not None:
            total += pieces * monthly(add_on.price, add_on.price_per)
    return total
