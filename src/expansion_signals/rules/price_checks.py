"""Prices: what they may be in their currency, and how seats are charged."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from expansion_signals.model.amounts import plain
from expansion_signals.model.catalog import SeatPrice, SeatTier
from expansion_signals.rules.currencies import MINOR_DIGITS

if TYPE_CHECKING:
    from expansion_signals.rules.catalog_file import SeatPriceShape
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.yaml_source import Path


def check_money(price: Decimal | None, path: Path, currency: str, findings: Findings) -> None:
    """Report a price with more digits than its currency counts; only prices of one unit of usage may be finer."""
    digits = MINOR_DIGITS.get(currency)
    if price is not None and digits is not None and price != round(price, digits):
        findings.at(path, f"{plain(price)} has more than the {digits} digits after the point that {currency} counts")


def check_seat_price(shape: SeatPriceShape, path: Path, currency: str, findings: Findings) -> None:
    """Report a seat price of two forms or of none, and tiers that do not rise."""
    check_money(shape.price, (*path, "price"), currency, findings)
    if shape.tiers is not None and (shape.bundle is not None or shape.price is not None):
        findings.at(path, "expected either `tiers`, or `bundle` with `price`, not both")
    if not any(findings.has((*path, key)) for key in ("tiers", "price")) and isinstance(findings.written(path), dict):
        findings.at(path, "expected a price a seat, `tiers`, or `bundle` with `price`")
    highest = 0
    tiers = shape.tiers or []
    for index, tier in enumerate(tiers):
        check_money(tier.price, (*path, "tiers", index, "price"), currency, findings)
        if tier.to is None and index < len(tiers) - 1:
            findings.at((*path, "tiers", index), "only the last tier may go without `to`")
        if tier.to is not None and tier.to <= highest:
            findings.at((*path, "tiers", index, "to"), f"tiers rise: expected more than {highest}, got `{tier.to}`")
        highest = max(highest, tier.to or 0)


def seat_price_of(shape: SeatPriceShape) -> SeatPrice:
    """Return the price; one price for each seat is one tier without end."""
    if shape.bundle is not None:
        return SeatPrice(bundle=shape.bundle, price=shape.price)
    if shape.tiers is None:
        return SeatPrice(tiers=(SeatTier(None, shape.price or Decimal(0)),))
    return SeatPrice(tiers=tuple(SeatTier(tier.to, tier.price) for tier in shape.tiers))
