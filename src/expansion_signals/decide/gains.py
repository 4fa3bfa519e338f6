"""What the person gains by a step, in plain English: what copy and people who talk to customers say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.amounts import grouped, plain
from expansion_signals.model.entitlements import limit_in_force, precision_of
from expansion_signals.model.units import counted
from expansion_signals.rules.built_in import SEATS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog

_MOST_NAMED = 3
"""Of what a plan brings: a sentence is no price list."""


def gain_of_limit(catalog: Catalog, meter: str, before: int, after: int | None) -> str:
    """Return for example `100,000 calls instead of 1,000`, `unlimited seats instead of 5`; amounts are scaled."""
    return f"{_amount(catalog, meter, after)} instead of {_number(catalog, meter, before)}"


def gain_of_more(catalog: Catalog, meter: str, added: int) -> str:
    """Return for example `50,000 more calls`, `5 more seats`; what is added is scaled."""
    number, _, unit = _amount(catalog, meter, added).partition(" ")
    return f"{number} more {unit}"


def gain_of_overage(catalog: Catalog, meter: str, limit: int, unit_price: Decimal) -> str:
    """Return for example `no stop at 200,000 calls; further ones at 0.0005 USD each`."""
    return f"no stop at {_amount(catalog, meter, limit)}; further ones at {plain(unit_price)} {catalog.currency} each"


def gain_of_features(catalog: Catalog, account: Account, features: Sequence[str]) -> str:
    """Return what the account has of these features: `sso and 200 exports`."""
    return _together([_feature(catalog, account, feature) for feature in features])


def gain_of_plan(catalog: Catalog, before: Account, after: Account) -> str | None:
    """Return what is more or new on the other plan, new features first, three of them at most; None where nothing is.

    `sso, 200,000 calls instead of 20,000 and 500 GB instead of 50`
    """
    included, offered = catalog.plans[before.plan].includes, catalog.plans[after.plan].includes
    new = [_feature(catalog, after, key) for key in offered if key not in included and offered[key].limit != 0]
    gains = [*new, *_raised(catalog, before, after)]
    return _together(gains[:_MOST_NAMED]) if gains else None


def _raised(catalog: Catalog, before: Account, after: Account) -> Iterator[str]:
    for feature in catalog.features.values():
        if feature.meter is None:
            continue
        old, new = limit_in_force(catalog, before, feature.meter), limit_in_force(catalog, after, feature.meter)
        if old is None or new is None or old.amount is None:
            continue
        if new.amount is None or new.amount > old.amount:
            yield gain_of_limit(catalog, feature.meter, old.amount, new.amount)


def _feature(catalog: Catalog, account: Account, key: str) -> str:
    meter = catalog.features[key].meter
    limit = limit_in_force(catalog, account, meter) if meter else None
    return key if meter is None or limit is None else _amount(catalog, meter, limit.amount)


def _amount(catalog: Catalog, meter: str, amount: int | None) -> str:
    unit = "seat" if meter == SEATS else catalog.meters[meter].unit
    if amount is None:
        return f"unlimited {counted(unit, one=False)}"
    return f"{_number(catalog, meter, amount)} {counted(unit, one=amount == 10 ** precision_of(catalog, meter))}"


def _number(catalog: Catalog, meter: str, amount: int) -> str:
    return grouped(amount, precision_of(catalog, meter))


def _together(gains: Sequence[str]) -> str:
    return " and ".join([", ".join(gains[:-1]), gains[-1]] if len(gains) > 1 else gains)
