"""Whatever is sold, and whoever needs it: the cheapest step that solves it is offered, at its prorated price."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.decide.recommendation import recommendation_for
from expansion_signals.model.accounts import Account
from expansion_signals.model.catalog import AddOn, Catalog, Entitlement, Feature, Meter, Plan, SeatPrice, SeatTier
from expansion_signals.model.events import Evidence
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import KINDS, RETENTION
from expansion_signals.model.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Collection

    from expansion_signals.decide.recommendation import Recommendation

START, END = parse_instant("2026-11-01T00:00:00Z"), parse_instant("2026-12-01T00:00:00Z")
PERIOD = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}

PRICES = st.decimals(0, 500, places=2)
PERS = st.sampled_from(["month", "year"])
TIMES = st.integers(START, END - 1)
ROOM = Fraction(4, 5)


@st.composite
def plans(draw: st.DrawFn, key: str) -> Plan:
    """Return a plan with calls, seats and perhaps sso, that may have no price."""
    limit = draw(st.none() | st.integers(0, 10_000).map(Decimal))
    includes = {"calls": Entitlement(limit), "seats": Entitlement(draw(st.none() | st.integers(0, 20).map(Decimal)))}
    if draw(st.booleans()):
        includes["sso"] = Entitlement()
    price = draw(st.none() | PRICES)
    tiers = SeatPrice(tiers=(SeatTier(10, draw(PRICES)), SeatTier(draw(st.none() | st.just(30)), draw(PRICES))))
    packs = SeatPrice(bundle=draw(st.integers(1, 7)), price=draw(PRICES))
    seat_price = draw(st.none() | st.just(tiers) | st.just(packs))
    return Plan(key, includes, price, draw(PERS), contact_sales=price is None, seat_price=seat_price)


@st.composite
def catalogs(draw: st.DrawFn) -> Catalog:
    """Return a catalog of four plans in any order of price, and two add-ons."""
    pieces = st.integers(1, 3000).map(Decimal)
    return Catalog(
        currency=draw(st.sampled_from(["USD", "JPY", "KWD"])),
        meters={"calls": Meter("calls", "com.acme.called", "count", "call")},
        features={"calls": Feature("calls", "calls"), "seats": Feature("seats", "seats"), "sso": Feature("sso")},
        plans={key: draw(plans(key)) for key in "abcd"},
        add_ons={key: AddOn(key, {"calls": draw(pieces)}, draw(st.none() | PRICES), draw(PERS)) for key in "xy"},
    )


@st.composite
def accounts(draw: st.DrawFn) -> Account:
    """Return an account on one of the plans, or on none that is sold."""
    own = st.integers(0, 12_000).map(str)
    return Account.model_validate(
        {
            "version": 1,
            "plan": draw(st.sampled_from(["a", "b", "c", "d", "retired"])),
            "add_ons": draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 3))),
            "limits": draw(st.dictionaries(st.sampled_from(["calls", "seats"]), own)),
            "period": draw(st.none() | st.just({"unit": "month", "anchor": "2026-01-01T00:00:00Z"})),
            "members": draw(st.none() | st.just(["ada", "bob"])),
        }
    )


DATA = st.fixed_dictionaries(
    {},
    optional={
        "meter": st.sampled_from(["calls", "gone"]),
        "feature": st.sampled_from(["sso", "calls", "gone"]),
        "features": st.lists(st.sampled_from(["sso", "gone"])),
        "product": st.sampled_from(["x", "sso", "gone"]),
        "usage": st.integers(-10, 20_000).map(str) | st.just("many"),
        "per_day": st.decimals(0, 500, places=2).map(str),
        "growth": st.integers(-100, 0).map(str),
        "reason": st.text(max_size=20) | st.sampled_from(["price", "reorganisation", "unused"]),
        "window": st.sampled_from(["7d", "24h", "soon"]),
        "period": st.none() | st.just(PERIOD) | st.just({"start": "soon"}) | st.just(dict(reversed(PERIOD.items()))),
        "used": st.integers(0, 40).map(str),
        "invites": st.integers(0, 5),
        "blocked": st.booleans(),
        "events": st.integers(0, 9),
    },
)


def signal(kind: str, time: int, data: dict[str, Any]) -> Signal:
    return Signal("0" * 32, kind, "acct-1", Evidence("e-1", "/apps/web", time), data)


def signals(kinds: Collection[str]) -> st.SearchStrategy[Signal]:
    return st.builds(signal, st.sampled_from(sorted(kinds)), TIMES, DATA)


CONTRACTION = {kind.type for kind in KINDS.values() if kind.family is RETENTION}
TIMELESS = KINDS.keys() - CONTRACTION - {"limit.reached", "usage.run_out_forecast"}
"""Kinds whose step does not depend on when in the period they come."""


def values(document: object) -> list[object]:
    """Return all that stands in a JSON document."""
    if isinstance(document, dict):
        return [value for each in document.values() for value in values(each)]
    return [value for each in document for value in values(each)] if isinstance(document, list) else [document]


@given(catalogs(), st.none() | accounts(), signals(KINDS), st.booleans())
def test_any_signal_is_answered_in_the_form_of_the_interface(
    catalog: Catalog,
    account: Account | None,
    told: Signal,
    by_day: bool,  # noqa: FBT001 -- Hypothesis passes it by name
) -> None:
    document = recommendation_for(told, account, catalog, by_day=by_day).document()
    assert json.loads(json.dumps(document)) == document
    assert not any(isinstance(value, float) for value in values(document))
    assert {"kind", "to", "price", "charge_now", "charge_next_period"} <= document.keys()


@given(catalogs(), st.none() | accounts(), signals(CONTRACTION))
def test_whoever_wants_less_is_never_sold_more(catalog: Catalog, account: Account | None, told: Signal) -> None:
    assert recommendation_for(told, account, catalog).kind in {"lower_plan", "pause", "re_engage"}


@given(catalogs(), accounts(), signals(CONTRACTION))
def test_a_lower_plan_costs_less(catalog: Catalog, account: Account, told: Signal) -> None:
    offered = catalog.plans.get(recommendation_for(told, account, catalog).to or "")
    if offered is not None:
        own = catalog.plans[account.plan]
        assert offered.price is not None
        assert own.price is None or monthly(offered.price, offered.price_per) < monthly(own.price, own.price_per)


def monthly(price: Decimal, per: str) -> Fraction:
    return Fraction(price) / (12 if per == "year" else 1)


class Lack(NamedTuple):
    """An account on plan `a` that uses 80 % of its limit or more; no plan sells seats."""

    catalog: Catalog
    account: Account
    limit: int
    usage: int

    @property
    def solutions(self) -> dict[tuple[str, int | None], Fraction]:
        """Every step with a price that leaves room, by aim and quantity: what it costs more a month. Told anew."""
        own, *above = self.catalog.plans.values()
        bought = self.limit - int(own.includes["calls"].limit or 0)
        found: dict[tuple[str, int | None], Fraction] = {}
        for plan in above:
            number = plan.includes["calls"].limit
            if plan.price is not None and (number is None or self.usage < ROOM * (int(number) + bought)):
                assert own.price is not None
                found[plan.key, None] = monthly(plan.price, plan.price_per) - monthly(own.price, own.price_per)
        for add_on in self.catalog.add_ons.values():
            pieces = 1
            while self.usage >= ROOM * (self.limit + pieces * int(add_on.adds["calls"])):
                pieces += 1
            if add_on.price is not None:
                found[add_on.key, pieces] = pieces * monthly(add_on.price, add_on.price_per)
        return found


@st.composite
def lacks(draw: st.DrawFn) -> Lack:
    catalog = draw(catalogs())
    number = draw(st.integers(0, 5000))
    own = replace(catalog.plans["a"], price=draw(PRICES), includes={"calls": Entitlement(Decimal(number))})
    sold = {key: replace(plan, seat_price=None) for key, plan in {**catalog.plans, "a": own}.items()}
    add_ons = draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 3)))
    limit = number + sum(int(catalog.add_ons[key].adds["calls"]) * pieces for key, pieces in add_ons.items())
    usage = -(-4 * limit // 5) + draw(st.integers(0, 3000))
    account = Account.model_validate({"version": 1, "plan": "a", "add_ons": add_ons})
    return Lack(replace(catalog, plans=sold), account, limit, usage)


def reached(lack: Lack, time: int) -> Recommendation:
    told = signal("limit.reached", time, {"meter": "calls", "usage": str(lack.usage), "period": PERIOD})
    return recommendation_for(told, lack.account, lack.catalog)


@given(lacks(), TIMES)
def test_a_cheaper_step_that_solves_it_never_loses_to_a_dearer_one(lack: Lack, time: int) -> None:
    offered, solutions = reached(lack, time), lack.solutions
    if solutions:
        assert solutions[offered.to or "", offered.quantity] == min(solutions.values())
    else:
        assert offered.kind in {"contact_sales", "plan", "none"}


@given(lacks(), st.integers(1, 500).map(Decimal))
def test_a_dearer_add_on_beside_it_changes_nothing(lack: Lack, more: Decimal) -> None:
    dearest = max([*map(abs, lack.solutions.values()), Fraction(0)])
    price = Decimal(dearest.numerator // dearest.denominator) + more
    beside = {**lack.catalog.add_ons, "z": AddOn("z", {"calls": Decimal(10**6)}, price)}
    crowded = lack._replace(catalog=replace(lack.catalog, add_ons=beside))
    assert reached(crowded, START).to == (reached(lack, START).to if lack.solutions else "z")


@given(catalogs(), accounts(), signals(TIMELESS), st.booleans())
def test_the_charge_now_is_a_part_of_that_of_a_whole_period(
    catalog: Catalog,
    account: Account,
    told: Signal,
    by_day: bool,  # noqa: FBT001 -- the same
) -> None:
    now = recommendation_for(told, account, catalog, by_day=by_day).charge_now
    at_its_start = replace(told, evidence=told.evidence._replace(time=START))
    whole = recommendation_for(at_its_start, account, catalog, by_day=by_day).charge_now
    assert (now is None) == (whole is None)
    if now is not None and whole is not None:
        part, all_of_it = Decimal(now["amount"]), Decimal(whole["amount"])
        assert min(all_of_it, Decimal(0)) <= part <= max(all_of_it, Decimal(0))
