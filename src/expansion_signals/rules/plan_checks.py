"""What plans and add-ons mean: entitlements against features and meters, prices against the currency."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expansion_signals.errors import RejectedRecord
from expansion_signals.model.amounts import plain, scale
from expansion_signals.model.catalog import AddOn, Capacity, Entitlement, Plan
from expansion_signals.rules.built_in import SEATS
from expansion_signals.rules.catalog_file import AddOnShape, PlanShape
from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.price_checks import check_money, check_seat_price, seat_price_of
from expansion_signals.rules.shapes import read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from expansion_signals.model.catalog import Feature, Meter
    from expansion_signals.rules.catalog_file import EntitlementShape
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.yaml_source import Path

_MONTHS = {"month": 1, "year": 12}


@dataclass(frozen=True, slots=True)
class Measured:
    """The meters and features that were right, the currency, and where problems go: what plans are checked against."""

    meters: Mapping[str, Meter]
    features: Mapping[str, Feature]
    currency: str
    findings: Findings


def unfit(amount: Decimal, meter: str | None, meters: Mapping[str, Meter]) -> str | None:
    """Return why a counter of this meter can never hold `amount`, or None where it can (semantics 2.1)."""
    if meter is None or (meter not in meters and meter != SEATS):
        return None
    precision = meters[meter].precision if meter in meters else 0
    try:
        scale(amount, precision)
    except RejectedRecord as rejected:
        if rejected.code == "precision":
            return f"{plain(amount)} has more than the {precision} digits after the point that meter `{meter}` counts"
        return f"{plain(amount)} is larger than a counter can hold"
    return None


def plans_of(measured: Measured) -> dict[str, Plan]:
    """Return the plans in the order of the file; every problem in them is reported."""
    findings = measured.findings
    plans: dict[str, Plan] = {}
    cheaper: tuple[Decimal, str] | None = None
    for index, node in enumerate(findings.entries("plans")):
        path: Path = ("plans", index)
        shape = read(PlanShape, node, path, findings)
        if shape is None:
            continue
        if shape.key in plans:
            findings.at((*path, "key"), f"the plan `{shape.key}` stands twice")
        _check_plan(shape, path, measured)
        cheaper = _check_order(shape, path, cheaper, findings)
        plans.setdefault(shape.key, _plan(shape))
    return plans


def add_ons_of(measured: Measured) -> dict[str, AddOn]:
    """Return the add-ons; every problem in them is reported."""
    findings = measured.findings
    add_ons: dict[str, AddOn] = {}
    for index, node in enumerate(findings.entries("add_ons")):
        path: Path = ("add_ons", index)
        shape = read(AddOnShape, node, path, findings)
        if shape is None:
            continue
        if shape.key in add_ons:
            findings.at((*path, "key"), f"the add-on `{shape.key}` stands twice")
        check_money(shape.price, (*path, "price"), measured.currency, findings)
        for name, amount in shape.adds.items():
            _check_addition(name, amount, (*path, "adds", name), measured)
        add_ons.setdefault(shape.key, AddOn(shape.key, shape.adds, shape.price, shape.per))
    return add_ons


def _check_plan(shape: PlanShape, path: Path, measured: Measured) -> None:
    findings, currency = measured.findings, measured.currency
    if not findings.has((*path, "contact_sales")) and not findings.has((*path, "price")):
        findings.at(path, f"plan `{shape.key}` needs a `price`, or `contact_sales: true`")
    check_money(shape.price, (*path, "price"), currency, findings)
    for name, entitlement in shape.includes.items():
        _check_entitlement(name, entitlement, (*path, "includes", name), measured)
    if shape.seat_price is not None:
        check_seat_price(shape.seat_price, (*path, "seat_price"), currency, findings)
    meters = findings.names("meters")
    for index, capacity in enumerate(shape.capacity):
        at: Path = (*path, "capacity", index)
        if capacity.meter not in meters:
            findings.at((*at, "meter"), f"unknown meter {shown(capacity.meter)}{meant(capacity.meter, meters)}")
        check_money(capacity.price, (*at, "price"), currency, findings)
        _check_more(capacity.amount, capacity.meter, (*at, "amount"), measured)


def _check_entitlement(name: str, entitlement: EntitlementShape, path: Path, measured: Measured) -> None:
    findings = measured.findings
    if name not in findings.members("features"):
        findings.at_key(path, f"unknown feature {shown(name)}{meant(name, findings.names('features'))}")
        return
    if name not in measured.features:
        return
    meter = measured.features[name].meter
    written = findings.written(path)
    terms = written if isinstance(written, dict) else {}
    if meter is None:
        if written is not True:
            findings.at(path, f"feature `{name}` is not metered: expected `true`")
        return
    if written is True or (isinstance(written, dict) and not findings.has((*path, "limit"))):
        findings.at(path, f"feature `{name}` is metered: expected a limit such as {{limit: 1000}}, or `unlimited`")
    wrong = unfit(entitlement.limit, meter, measured.meters) if entitlement.limit is not None else None
    if wrong:
        findings.at((*path, "limit"), wrong)
    if entitlement.beyond is not None and terms.get("kind", "hard") == "hard":
        findings.at((*path, "beyond"), "nothing goes on beyond a hard limit; expected `kind: soft` beside it")
    if entitlement.unit_price is not None and terms.get("beyond") in (None, "grace", "upgrade"):
        findings.at((*path, "unit_price"), "a unit price is charged for overage; expected `beyond: overage` beside it")


def _check_addition(name: str, amount: Decimal, path: Path, measured: Measured) -> None:
    findings = measured.findings
    if name not in findings.members("features"):
        findings.at_key(path, f"unknown feature {shown(name)}{meant(name, findings.names('features'))}")
    elif name in measured.features:
        meter = measured.features[name].meter
        if meter is None:
            findings.at_key(path, f"feature `{name}` is not metered: an add-on adds to a limit")
        else:
            _check_more(amount, meter, path, measured)


def _check_more(amount: Decimal, meter: str, path: Path, measured: Measured) -> None:
    wrong = "expected an amount above zero, got `0`" if amount == 0 else unfit(amount, meter, measured.meters)
    if wrong:
        measured.findings.at(path, wrong)


def _check_order(
    shape: PlanShape, path: Path, cheaper: tuple[Decimal, str] | None, findings: Findings
) -> tuple[Decimal, str] | None:
    """Warn of a plan cheaper than the one before it: the order of the file says which plan is the next step."""
    if shape.price is None:
        return cheaper
    monthly = shape.price / _MONTHS[shape.per]
    if cheaper is not None and monthly < cheaper[0]:
        findings.warn(path, f"plan `{shape.key}` costs less than `{cheaper[1]}` before it; plans stand cheapest first")
    return monthly, shape.key


def _plan(shape: PlanShape) -> Plan:
    return Plan(
        key=shape.key,
        includes={name: Entitlement(**dict(entitlement)) for name, entitlement in shape.includes.items()},
        price=shape.price,
        price_per=shape.per,
        contact_sales=shape.contact_sales,
        seat_price=seat_price_of(shape.seat_price) if shape.seat_price else None,
        capacity=tuple(Capacity(**dict(capacity)) for capacity in shape.capacity),
    )
