"""What was offered, to whom it went and what came of it, in words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from expansion_signals.model.instants import DAY, HOUR, MINUTE
from expansion_signals.model.units import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expansion_signals.model.instants import Duration


def money(amount: Mapping[str, Any] | None, *, signed: bool = False) -> str | None:
    """Return an amount of money: `1,049.00 USD`, `20.00 USD a month`, with its sign `+49.00 USD`."""
    if amount is None:
        return None
    per = f" a {amount['per']}" if amount.get("per") else ""
    return f"{format(Decimal(amount['amount']), '+,f' if signed else ',f')} {amount['currency']}{per}"


_STEPS: Mapping[str, tuple[str, str]] = {
    "plan": ("plan {to}", "another plan"),
    "add_on": ("add-on {to}", "an add-on"),
    "capacity": ("capacity for {to}, bought ahead", "capacity, bought ahead"),
    "overage": ("paying on for {to} beyond the limit", "paying on beyond the limit"),
    "contact_sales": ("a talk with sales about {to}", "a talk with sales"),
    "lower_plan": ("the lower plan {to}", "a lower plan"),
    "pause": ("a pause", "a pause"),
    "re_engage": ("help to get going again", "help to get going again"),
}
"""What each kind of recommendation recommends: with its name, and where it has none."""


def step(offered: Mapping[str, Any] | None) -> str | None:
    """Return what a recommendation recommends, without its price: `plan pro`, `3 more seats`; None for nothing."""
    if offered is None or offered["kind"] == "none":
        return None
    kind, to, quantity = str(offered["kind"]), offered.get("to"), offered.get("quantity") or 1
    if kind == "seats":
        return f"{quantity:,} more {counted('seat', one=quantity == 1)}"
    if kind == "add_on" and to and quantity > 1:
        return f"{quantity:,} pieces of add-on {to}"
    named, unnamed = _STEPS.get(kind, ("{to}", kind))
    return named.format(to=to) if to else unnamed


def offer(offered: Mapping[str, Any] | None) -> str:
    """Return a recommendation with its price: `plan pro at 49.00 USD a month (14.70 USD now)`."""
    named = step(offered)
    if offered is None or named is None:
        return "nothing to offer"
    price, now = money(offered.get("price")), money(offered.get("charge_now"))
    return named + (f" at {price}" if price else "") + (f" ({now} now)" if price and now else "")


def way(route: Mapping[str, Any] | None) -> str | None:
    """Return who acts on a trigger; None where nobody was named."""
    if route is None:
        return None
    owner = route.get("owner")
    match route["to"]:
        case "self_serve":
            return "self-serve"
        case "assisted":
            return f"assisted by {owner}" if owner else "assisted"
        case "owner":
            return f"for the account's owner, {owner}" if owner else "for the account's owner"
        case "partner":
            return f"for the partner {owner}" if owner else "for the partner"
        case other:
            return f"for {other}"


def outcome(found: Mapping[str, Any]) -> str:
    """Return what an account bought or gave up: `Moved up from plan free to plan pro, +49.00 USD a month`."""
    change = money(found.get("mrr_change"), signed=True)
    return _bought(found["kind"], found.get("from"), found.get("to")) + (f", {change} a month" if change else "")


def _bought(kind: str, before: str | None, after: str | None) -> str:
    match kind:
        case "upgrade":
            return f"Moved up from plan {before} to plan {after}"
        case "add_on":
            return f"Bought {'more of ' if before else ''}add-on {after}"
        case "seats":
            return f"Bought seats: {after} in place of {before}"
        case _ if after is None:
            return f"Gave up {before}"
        case _:
            return f"Went down from {before} to {after}"


def lasted(duration: Duration) -> str:
    """Return how long that is, rounded down: `2 days`, `3 hours`, `5 minutes`, `a moment`."""
    for length, unit in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if duration >= length:
            number = duration // length
            return f"{number:,} {counted(unit, one=number == 1)}"
    return "a moment"
