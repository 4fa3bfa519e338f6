"""Whom a trigger is for: the product itself, somebody in sales, the account's owner, a partner, or retention.

By contract value a year, with the borders 1,000 and 25,000 (domain: PQL criteria):

    999.99       self_serve
    1,000.00     assisted
    25,000.00    assisted
    25,000.01    owner
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.model.kinds import KINDS, RETENTION

if TYPE_CHECKING:
    from decimal import Decimal

    from expansion_signals.decide.recommendation import Recommendation
    from expansion_signals.model.accounts import Account
    from expansion_signals.model.signals import Signal


def route_for(
    signal: Signal,
    account: Account | None,
    recommendation: Recommendation,
    catalog_currency: str,
    borders: tuple[Decimal, Decimal],
) -> dict[str, Any]:
    """Return the route as payloads carry it: `{"to": …, "owner": …}`.

    Contraction goes to retention, whoever owns the account; a partner's accounts go to the partner. Both borders belong
    to `assisted`. A value in another currency than the catalog's is not converted: the account has none. Where only
    sales can say the price, somebody must be asked whatever the value: `assisted` at least.
    """
    owner = account.owner if account else None
    if KINDS[signal.type].family is RETENTION:
        return {"to": "retention", "owner": owner}
    if account is not None and account.partner:
        return {"to": "partner", "owner": account.partner}
    value = _annual_value(account, catalog_currency)
    if value is not None and value > borders[1]:
        return {"to": "owner", "owner": owner}
    if (value is not None and value >= borders[0]) or recommendation.kind == "contact_sales":
        return {"to": "assisted", "owner": owner}
    return {"to": "self_serve", "owner": None}


def _annual_value(account: Account | None, currency: str) -> Decimal | None:
    if account is None or account.annual_value is None or account.annual_value.currency != currency:
        return None
    return account.annual_value.amount
