"""What an account pays a month: as billing tells it, else by the catalog."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple

from expansion_signals.decide.monthly_prices import monthly_price

if TYPE_CHECKING:
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog

_PAYING = frozenset({"active", "past_due"})
"""Who is in trial, paused, cancelled or our own brings no revenue (semantics 7.8)."""


class Revenue(NamedTuple):
    """Exactly, a month; `source` says who told it."""

    amount: Fraction
    currency: str
    source: Literal["billing", "catalog"]


def revenue_of(account: Account | None, catalog: Catalog) -> Revenue | None:
    """Return what an account pays; None where neither billing nor the catalog says it."""
    if account is None or account.status not in _PAYING:
        return Revenue(
            Fraction(0), catalog.currency if account is None or account.mrr is None else account.mrr.currency, "catalog"
        )
    if account.mrr is not None:
        return Revenue(Fraction(account.mrr.amount), account.mrr.currency, "billing")
    price = monthly_price(catalog, account)
    return None if price is None else Revenue(price, catalog.currency, "catalog")
