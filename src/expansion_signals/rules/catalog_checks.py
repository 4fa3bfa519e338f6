"""What `catalog.yaml` means: every part read, checked against the others, and built into the `Catalog`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.model.catalog import Catalog, Feature, Meter
from expansion_signals.model.dimensions import LONGEST_DIMENSION, MOST_DIMENSIONS
from expansion_signals.model.events import USAGE_RECORDED
from expansion_signals.rules.built_in import SEATS, misspelt
from expansion_signals.rules.catalog_file import CatalogShape, FeatureShape, MeterShape
from expansion_signals.rules.currencies import MINOR_DIGITS
from expansion_signals.rules.findings import meant, shown
from expansion_signals.rules.plan_checks import Measured, add_ons_of, plans_of
from expansion_signals.rules.shapes import read
from expansion_signals.rules.spellings import read_name

if TYPE_CHECKING:
    from expansion_signals.rules.findings import Findings
    from expansion_signals.rules.yaml_source import Path


def catalog_of(findings: Findings) -> Catalog:
    """Return the catalog as far as it is right; whoever takes it looks at the findings' problems first."""
    head = read(CatalogShape, findings.root, (), findings)
    currency = head.currency if head else ""
    if head and currency not in MINOR_DIGITS:
        near = f"; did you mean `{currency.upper()}`?" if currency.upper() in MINOR_DIGITS else ""
        findings.at(("currency",), f"unknown currency {shown(currency)}{near or '; expected ISO 4217, such as USD'}")
    meters = _meters(findings)
    features = _features(findings)
    measured = Measured(meters, features, currency, findings)
    return Catalog(currency, meters, features, plans_of(measured), add_ons_of(measured))


def _check_names(part: str, findings: Findings) -> None:
    for name in findings.names(part):
        try:
            read_name(name)
        except ValueError as error:
            findings.at_key((part, name), str(error))


def _meters(findings: Findings) -> dict[str, Meter]:
    _check_names("meters", findings)
    meters: dict[str, Meter] = {}
    for key, node in findings.members("meters").items():
        path: Path = ("meters", key)
        if key == SEATS:
            findings.at_key(path, "the meter `seats` is built in (members and pending invites); take this one out")
            continue
        shape = read(MeterShape, node, path, findings)
        if shape is not None:
            _check_meter(key, shape, path, findings)
            meters[key] = _meter(key, shape)
    return meters


def _meter(key: str, shape: MeterShape) -> Meter:
    return Meter(
        key=key,
        event=shape.event,
        aggregation=shape.aggregation,
        unit=shape.unit or key,
        value=None if shape.aggregation == "count" else shape.value,
        where=shape.where,
        per=shape.per or ("never" if shape.aggregation == "latest" else "period"),
        precision=shape.precision,
        dimensions=tuple(shape.dimensions),
    )


def _check_meter(key: str, shape: MeterShape, path: Path, findings: Findings) -> None:
    built_in = misspelt(shape.event)
    if built_in is not None:
        findings.at((*path, "event"), f"unknown built-in event type {shown(shape.event)}; did you mean `{built_in}`?")
    if shape.aggregation != "count" and not findings.has((*path, "value")):
        findings.at(
            path, f"`{shape.aggregation}` needs `value`: the property of the event's data that holds the amount"
        )
    if shape.aggregation == "unique" and shape.precision:
        findings.at((*path, "precision"), "`unique` counts whole members; leave `precision` out")
    _check_dimensions(shape, (*path, "dimensions"), findings)
    _warn_of_meter(key, shape, path, findings)


def _check_dimensions(shape: MeterShape, path: Path, findings: Findings) -> None:
    names = shape.dimensions
    for name in sorted({name for name in names if names.count(name) > 1}):
        findings.at(path, f"dimension `{name}` stands twice")
    for place, name in enumerate(names):
        if len(name) > LONGEST_DIMENSION:
            said = f"dimension {shown(name)} has {len(name)} characters; at most {LONGEST_DIMENSION}"
            findings.at((*path, place), said)
    if len(names) > MOST_DIMENSIONS:
        findings.at(path, f"{len(names)} dimensions; a meter is split by at most {MOST_DIMENSIONS}")
    if names and shape.aggregation == "unique":
        findings.at(path, "`unique` is not split: the members of its parts would not add up; take `dimensions` out")


def _warn_of_meter(key: str, shape: MeterShape, path: Path, findings: Findings) -> None:
    if shape.aggregation == "count" and shape.value is not None:
        findings.warn((*path, "value"), f"meter `{key}`: count takes each event as one; `value` is not looked at")
    if shape.event == USAGE_RECORDED and not findings.has((*path, "where", "meter")):
        said = f"meter `{key}` takes every {USAGE_RECORDED}; its own are those `where: {{meter: {key}}}`"
        findings.warn(path, said)


def _features(findings: Findings) -> dict[str, Feature]:
    _check_names("features", findings)
    meters = (*findings.names("meters"), SEATS)
    features: dict[str, Feature] = {}
    first_of: dict[str, str] = {}
    for key, node in findings.members("features").items():
        shape = read(FeatureShape, node, ("features", key), findings)
        if shape is None:
            continue
        features[key] = Feature(key, shape.meter)
        if shape.meter is None:
            continue
        if shape.meter not in meters:
            findings.at(("features", key, "meter"), f"unknown meter {shown(shape.meter)}{meant(shape.meter, meters)}")
        first = first_of.setdefault(shape.meter, key)
        if first != key:
            said = f"features `{first}` and `{key}` share the meter `{shape.meter}`; the limit of `{first}` is judged"
            findings.warn(("features", key), said)
    return features
