"""The JSON Schemas of signals and triggers, made of `schemas/sources/` and the table of kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from expansion_signals.model.events import BUILT_IN_PREFIX
from expansion_signals.model.kinds import KINDS
from expansion_signals.wire.published import dataschema
from expansion_signals.wire.signals import TOPIC as SIGNALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
            source, kind = _source(path.stem), KINDS.get(path.stem)
            yield _schema(
                SIGNALS, f"signal.{path.stem}", source["signal"], _object(path.stem, source, shared, "signal"), shared
            )
            if kind and kind.fires:
                yield _schema(
                    kind.family.topic,
                    kind.type,
                    source["trigger"],
                    _object(kind.type, source, shared, "trigger"),
                    shared,
                )


def _source(name: str) -> Mapping[str, Any]:
    source: Mapping[str, Any] = yaml.safe_load((SCHEMAS / "sources" / f"{name}.yaml").read_text(encoding="utf-8"))
    return source


def _object(name: str, source: Mapping[str, Any], shared: Mapping[str, Any], side: str) -> Schema:
    """Return the data of a signal or of a trigger, in short; what no rule finds has its own properties and its keys."""
    kind, beside = KINDS.get(name), shared[side]
    family = {"family": {"const": kind.family.name}} if kind else {}
    crossing = shared["crossing"] if kind and kind.crosses else {}
    properties = {
        **(shared["every"] if kind else {}),
        **family,
        **source["properties"],
        **crossing,
        **beside["properties"],
    }
    return {"properties": properties, "optional": [*source.get("optional", ()), *beside["optional"]]}


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
