"""What copy may say of a recommendation: its name, its price, what is charged today, what is gained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expansion_signals.decide.plain_text import in_a_line
from expansion_signals.model.kinds import KINDS, RETENTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.decide.wordings import Wording
    from expansion_signals.model.signals import Signal

UPSELLS = frozenset({"plan", "add_on", "seats", "capacity", "overage", "contact_sales"})
"""Kinds of recommendation that no trigger of the family `retention` is shown with."""


def offered_by(signal: Signal, recommendation: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the recommendation (interfaces, Records out) as far as it may be shown, empty where it may not.

    It is not where there is none, where its kind is `none`, and where it would sell more to a customer to be kept.
    """
    kind = recommendation.get("kind") if recommendation else None
    if recommendation is None or not isinstance(kind, str) or kind == "none":
        return {}
    return {} if kind in UPSELLS and KINDS[signal.type].family is RETENTION else recommendation


def values_offered(offered: Mapping[str, Any], wording: Wording) -> Mapping[str, str | None]:
    """Return the fields of a recommendation; one that it does not have is None."""
    gain = offered.get("gain")
    return {
        "offer": _offer(offered, wording),
        "price": _price(offered.get("price"), wording),
        "charge_now": _money(offered.get("charge_now"), wording),
        "gain": wording.number(gain) or (in_a_line(gain) if isinstance(gain, str) else None),
    }


def _offer(offered: Mapping[str, Any], wording: Wording) -> str | None:
    """Return the name of what is recommended: `pro`, `extra-api`, `2 x extra-api`, `3 seats`."""
    kind, to = offered.get("kind"), offered.get("to")
    quantity = wording.number(offered.get("quantity"))
    name = in_a_line(to) if isinstance(to, str) else None
    if kind == "seats" and quantity:
        return f"{quantity} {wording.seat if quantity == '1' else wording.seats}"
    several = kind == "add_on" and quantity not in (None, "1")
    return f"{quantity} x {name}" if several and name else name


def _price(price: object, wording: Wording) -> str | None:
    money = _money(price, wording)
    per = price.get("per") if isinstance(price, dict) else None
    return money and money + {"month": wording.month, "year": wording.year}.get(str(per), "")


def _money(money: object, wording: Wording) -> str | None:
    if not isinstance(money, dict):
        return None
    amount, currency = wording.number(money.get("amount")), money.get("currency")
    name = in_a_line(currency) if isinstance(currency, str) else None
    return f"{amount} {name}" if amount and name else None
