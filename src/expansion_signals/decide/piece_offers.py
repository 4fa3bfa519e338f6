"""Steps that leave the plan as it is: more seats, add-ons, capacity bought ahead; as many pieces as are needed.

1,000 calls, 4,500 needed; add-on `extra` adds 2,000 for 20     2 pieces for 40
5 seats, 7 needed; seat_price 12                                2 seats for 24
5 seats, 7 needed; packs of 5 for 50                            5 seats for 50
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.decide.gains import gain_of_more
from expansion_signals.decide.money import MONTHS, monthly
from expansion_signals.decide.monthly_prices import cost_of_seats, seats_granted, seats_included
from expansion_signals.decide.steps import Step
from expansion_signals.model.amounts import scale
from expansion_signals.model.entitlements import feature_of, precision_of
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from expansion_signals.decide.needs import MoreOf
    from expansion_signals.decide.steps import StepKind
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import AddOn, Catalog


def pieces_for(need: MoreOf, account: Account, catalog: Catalog) -> Iterator[Step]:
    """Yield every step that solves the need without leaving the plan; prices are those of all pieces together."""
    if need.meter == SEATS:
        yield from _seats(need, account, catalog)
    yield from _add_ons(need, catalog)
    yield from _capacity(need, account, catalog)


def add_on_step(add_on: AddOn, quantity: int, gain: str | None, limit: int | None = None) -> Step:
    """Return the step of buying so many pieces; of an add-on without a price only sales can say it."""
    price = None if add_on.price is None else quantity * monthly(add_on.price, add_on.price_per)
    kind: StepKind = "contact_sales" if price is None else "add_on"
    return Step(kind, add_on.key, gain, price, add_on.price_per, extra=price, quantity=quantity, limit=limit)


def _seats(need: MoreOf, account: Account, catalog: Catalog) -> Iterator[Step]:
    plan = catalog.plans[account.plan]
    granted = seats_granted(catalog, account)
    if plan.seat_price is None or granted is None:
        return
    missing, pack = need.least - need.current, plan.seat_price.bundle or 1
    quantity = -(-missing // pack) * pack
    included = seats_included(catalog, plan)
    before = cost_of_seats(plan.seat_price, included, granted)
    after = cost_of_seats(plan.seat_price, included, granted + quantity)
    if before is not None and after is not None:
        price = (after - before) / MONTHS[plan.price_per]
        gain, limit = gain_of_more(catalog, SEATS, quantity), need.current + quantity
        yield Step("seats", SEATS, gain, price, plan.price_per, extra=price, quantity=quantity, limit=limit)


def _add_ons(need: MoreOf, catalog: Catalog) -> Iterator[Step]:
    feature = feature_of(catalog, need.meter) or ""
    for add_on in catalog.add_ons.values():
        if feature in add_on.adds:
            quantity, limit = _pieces(need, add_on.adds[feature], catalog)
            yield add_on_step(add_on, quantity, _gain(need, limit, catalog), limit)


def _capacity(need: MoreOf, account: Account, catalog: Catalog) -> Iterator[Step]:
    plan = catalog.plans[account.plan]
    for capacity in plan.capacity:
        if capacity.meter == need.meter:
            quantity, limit = _pieces(need, capacity.amount, catalog)
            price = quantity * monthly(capacity.price, plan.price_per)
            gain = _gain(need, limit, catalog)
            yield Step("capacity", need.meter, gain, price, plan.price_per, extra=price, quantity=quantity, limit=limit)


def _pieces(need: MoreOf, adds: Decimal, catalog: Catalog) -> tuple[int, int]:
    """Return how many pieces are needed, and the limit with them; a catalog's amounts are whole when scaled."""
    each = scale(adds, precision_of(catalog, need.meter))
    quantity = -(-(need.least - need.current) // each)
    return quantity, need.current + quantity * each


def _gain(need: MoreOf, limit: int, catalog: Catalog) -> str:
    return gain_of_more(catalog, need.meter, limit - need.current)
