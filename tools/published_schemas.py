"""The JSON Schemas of what is published, but for decisions, made of `schemas/sources/` and the table of kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.kinds import FAMILIES, KINDS, PQL
from expansion_signals.wire.published import dataschema
from expansion_signals.wire.signals import TOPIC as SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from expansion_signals.model.kinds import Family, Kind

SCHEMAS = Path(__file__).parents[1] / "schemas"
SHARED = "shared"

_PRIMITIVES: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "count": {"type": "integer", "minimum": 0},
}
_REFERENCE = "#/definitions/"

Schema = dict[str, Any]


def published_schemas() -> Iterator[tuple[str, Schema]]:
    """Return each schema that is made of a source, with its path below `schemas/`."""
    shared = _source(SHARED)
    for path in sorted((SCHEMAS / "sources").glob("*.yaml")):
        if path.stem != SHARED:
            yield from _schemas(path.stem, _source(path.stem), shared)


def _source(name: str) -> Mapping[str, Any]:
    source: Mapping[str, Any] = yaml.safe_load((SCHEMAS / "sources" / f"{name}.yaml").read_text(encoding="utf-8"))
    return source


def _schemas(name: str, source: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[tuple[str, Schema]]:
    """Return a schema for each place where a type is published."""
    kind = KINDS.get(name)
    if "signal" in source:
        yield _schema(SIGNALS, f"signal.{name}", source["signal"], _found(kind, source, shared, "signal"), shared)
    if "trigger" in source:
        topic = KINDS[name].family.topic
        yield _schema(topic, name, source["trigger"], _found(kind, source, shared, "trigger"), shared)
    if "each_family" in source:
        for family in FAMILIES:
            yield _schema(family.topic, name, source["each_family"], _object(_told(family), source), shared)
    if "record" in source:
        yield _schema(source["topic"], name, source["record"], _object(source), shared)


def _found(kind: Kind | None, source: Mapping[str, Any], shared: Mapping[str, Any], side: str) -> Schema:
    """Return the data of a signal or of a trigger, in short; what no rule finds has its own properties and its keys."""
    if kind is None:
        return _object(source, shared[side])
    lead = {"properties": shared["lead"] if kind.family is PQL else {}}
    crossing = {"properties": shared["crossing"] if kind.crosses else {}}
    return _object({"properties": shared["every"]}, _told(kind.family), source, lead, crossing, shared[side])


def _told(family: Family) -> Schema:
    return {"properties": {"family": {"const": family.name}}}


def _object(*parts: Mapping[str, Any]) -> Schema:
    """Return an object that has the properties of all parts, in short."""
    return {
        "properties": {name: value for part in parts for name, value in part["properties"].items()},
        "optional": [name for part in parts for name in part.get("optional", ())],
    }


def _schema(topic: str, name: str, description: str, content: Schema, shared: Mapping[str, Any]) -> tuple[str, Schema]:
    event_type = f"{BUILT_IN_PREFIX}{name}.v1"
    reference = dataschema(topic, event_type)
    expanded = _expanded(content)
    schema = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": reference,
        "title": event_type,
        "description": description,
        **expanded,
        "definitions": _definitions(expanded, shared["definitions"]),
    }
    return reference.removeprefix("/schemas/"), schema


def _expanded(short: str | Mapping[str, Any]) -> Schema:
    """Write out what stands in short, as `schemas/sources/shared.yaml` explains it."""
    if isinstance(short, str):
        named, _, null = short.partition(" or ")
        schema = dict(_PRIMITIVES.get(named) or {"$ref": _REFERENCE + named})
        if not null:
            return schema
        return schema | {"type": [schema["type"], null]} if "type" in schema else {"anyOf": [schema, {"type": null}]}
    if "is" in short:
        meant = _expanded(short["is"])
        # Beside a bare `$ref`, draft 7 reads nothing else.
        described = {"allOf": [meant]} if "$ref" in meant else meant
        return {**{name: value for name, value in short.items() if name != "is"}, **described}
    schema = {name: value for name, value in short.items() if name not in ("properties", "optional")}
    for inside in ("items", "additionalProperties"):
        if inside in schema:
            schema[inside] = _expanded(schema[inside])
    if "properties" in short:
        schema |= {
            "type": "object",
            "required": [name for name in short["properties"] if name not in short.get("optional", ())],
            "properties": {name: _expanded(value) for name, value in short["properties"].items()},
            "additionalProperties": False,
        }
    return schema


def _definitions(schema: Schema, definitions: Mapping[str, Any]) -> Schema:
    """Return all that a schema refers to, and what that refers to."""
    found: Schema = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _expanded(definitions[name])
            waiting += _references(found[name])
    return dict(sorted(found.items()))


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        for name, value in schema.items():
            if name == "$ref":
                yield value.removeprefix(_REFERENCE)
            else:
                yield from _references(value)
    elif isinstance(schema, list):
        for each in schema:
            yield from _references(each)
