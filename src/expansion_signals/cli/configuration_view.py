"""A configuration as people and scripts see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from expansion_signals.cli.rules_view import document_of, rules_in_force
from expansion_signals.model.amounts import plain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from expansion_signals.model.catalog import Catalog, Entitlement, Meter, Plan
    from expansion_signals.rules.configuration import Configuration


def view_of(configuration: Configuration) -> dict[str, Any]:
    """Return the JSON of `config show`: amounts as decimal strings, ages in seconds, `limit` null where unlimited."""
    catalog = configuration.catalog
    return {
        "fingerprint": configuration.fingerprint,
        "currency": catalog.currency,
        "meters": [
            {
                "key": meter.key,
                "event": meter.event,
                "where": dict(meter.where),
                "aggregation": meter.aggregation,
                "value": meter.value,
                "per": meter.per,
                "precision": meter.precision,
                "unit": meter.unit,
                "dimensions": list(meter.dimensions),
            }
            for meter in catalog.meters.values()
        ],
        "features": [{"key": feature.key, "meter": feature.meter} for feature in catalog.features.values()],
        "plans": [_plan_view(catalog, plan) for plan in catalog.plans.values()],
        "add_ons": [
            {
                "key": add_on.key,
                "price": _number(add_on.price),
                "per": add_on.price_per,
                "adds": {feature: plain(amount) for feature, amount in add_on.adds.items()},
            }
            for add_on in catalog.add_ons.values()
        ],
        "rules": document_of(configuration),
        "warnings": list(configuration.warnings),
    }


def _plan_view(catalog: Catalog, plan: Plan) -> dict[str, Any]:
    return {
        "key": plan.key,
        "price": _number(plan.price),
        "per": plan.price_per,
        "contact_sales": plan.contact_sales,
        "includes": {
            feature: {
                "limit": _number(entitlement.limit),
                "kind": entitlement.kind,
                "beyond": entitlement.beyond,
                "unit_price": _number(entitlement.unit_price),
            }
            if _is_metered(catalog, feature)
            else True
            for feature, entitlement in plan.includes.items()
        },
    }


def tables_of(configuration: Configuration) -> Iterator[Table]:
    """Yield what a person reads: meters, plans with limits, add-ons, and the rules in force."""
    catalog = configuration.catalog
    meters = _table("Meters", "Meter", "Counts", "Per", "Unit")
    for meter in catalog.meters.values():
        _add_row(meters, meter.key, _counts(meter), meter.per, meter.unit)
    yield meters
    plans = _table("Plans, cheapest first", "Plan", "Price", "Feature", "Limit")
    for plan in catalog.plans.values():
        labels = [plan.key, _price(catalog, plan)]
        for feature, entitlement in plan.includes.items() or [("", None)]:
            _add_row(plans, *labels, feature, _limit(catalog, feature, entitlement) if entitlement else "")
            labels = ["", ""]
        plans.add_section()
    yield plans
    if catalog.add_ons:
        add_ons = _table("Add-ons", "Add-on", "Price", "Adds")
        for add_on in catalog.add_ons.values():
            added = ", ".join(f"{_grouped(amount)} {feature}" for feature, amount in add_on.adds.items())
            _add_row(add_ons, add_on.key, _money(catalog, add_on.price, add_on.price_per), added)
        yield add_ons
    rules = _table("Rules in force", "Rule", "Signal", "Fires")
    for rule in rules_in_force(configuration):
        _add_row(rules, rule.id, f"{rule.signal} {rule.about}".rstrip(), "\n".join((*rule.at, *rule.options)))
    yield rules


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, style="cyan" if index == 0 else None, overflow="fold")
    return table


def _add_row(table: Table, *cells: str) -> None:
    """Add a row as it is written: `[bold]` in a unit is its name, not markup."""
    table.add_row(*(Text(cell) for cell in cells))


def _counts(meter: Meter) -> str:
    counted = "events" if meter.value is None else f"{meter.aggregation} of {meter.value}"
    only = "".join(f", {name} = {value}" for name, value in meter.where.items())
    return f"{counted}: {meter.event}{only}"


def _is_metered(catalog: Catalog, feature: str) -> bool:
    return catalog.features[feature].meter is not None


def _limit(catalog: Catalog, feature: str, entitlement: Entitlement) -> str:
    if not _is_metered(catalog, feature):
        return "included"
    if entitlement.limit is None:
        return "unlimited"
    beyond = f", then {entitlement.beyond}" if entitlement.beyond else ""
    charged = f" at {plain(entitlement.unit_price)} {catalog.currency}" if entitlement.unit_price is not None else ""
    return f"{_grouped(entitlement.limit)} {entitlement.kind}{beyond}{charged}"


def _price(catalog: Catalog, plan: Plan) -> str:
    return "contact sales" if plan.contact_sales else _money(catalog, plan.price, plan.price_per)


def _money(catalog: Catalog, price: Decimal | None, per: str) -> str:
    return "" if price is None else f"{_grouped(price)} {catalog.currency} a {per}"


def _number(number: Decimal | None) -> str | None:
    return None if number is None else plain(number)


def _grouped(number: Decimal) -> str:
    whole, _, fraction = plain(number).partition(".")
    return f"{int(whole):,}" + (f".{fraction}" if fraction else "")
