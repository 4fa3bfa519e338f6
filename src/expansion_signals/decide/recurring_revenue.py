"""By how much monthly recurring revenue changes from one profile of an account to the next (semantics 7.8)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from expansion_signals.decide.money import rounded
from expansion_signals.decide.monthly_prices import monthly_price

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.model.accounts import Account
    from expansion_signals.model.catalog import Catalog

_CHARGED = frozenset({"active", "past_due"})
"""Accounts in trial, paused, cancelled or our own pay nothing."""


def mrr_change(before: Account | None, after: Account | None, catalog: Catalog) -> Decimal | None:
    """Return the change, negative for a contraction, rounded half up in the digits of its currency; None if unknown.

    mrr 1000 → mrr 1200, both USD                  200.00
    mrr 1000 USD → mrr 900 EUR                     by the catalog
    pro → business, one of them without mrr        by the catalog: plan, seats and add-ons after, less those before
    free, active → pro, cancelled                  by the catalog 0.00: who does not pay brings no revenue
    no profile before, or a tombstone              None
    enterprise, for which the catalog has no price None
    """
    if before is None or after is None:
        return None
    if before.mrr and after.mrr and before.mrr.currency == after.mrr.currency:
        return rounded(Fraction(after.mrr.amount) - Fraction(before.mrr.amount), after.mrr.currency)
    were, are = _by_catalog(before, catalog), _by_catalog(after, catalog)
    return None if were is None or are is None else rounded(are - were, catalog.currency)


def _by_catalog(account: Account, catalog: Catalog) -> Fraction | None:
    return monthly_price(catalog, account) if account.status in _CHARGED else Fraction(0)
