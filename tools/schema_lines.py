"""A JSON Schema as flat lines: a path, and all that the schema says of the value there.

`$.period.start` is a property of a property, `$.crossed[*]` each item of a list, `$.limits.*` each value of a map.
Descriptions, the order of properties and the names of definitions say nothing of a value: they are left out.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

Schema: TypeAlias = "Mapping[str, Any]"
Presence: TypeAlias = Literal["required", "optional", "each"]

ANYTHING = ("array", "boolean", "null", "number", "object", "string")

_REFERENCE = "#/definitions/"
_TYPES = {
    bool: "boolean",
    type(None): "null",
    str: "string",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
}
_TEXT = {"$schema", "$id", "title", "description", "definitions"}
_STRUCTURE = {"type", "enum", "const", "properties", "required", "items", "additionalProperties", "allOf", "anyOf"}


class Line(NamedTuple):
    """What is said of the value at a path.

    `each` is the presence of items and of values of a map. `limits` are keywords with their values; `enum` stands for
    `const` too, and `closed` for an object that has no other properties.
    """

    presence: Presence
    types: tuple[str, ...]
    limits: Mapping[str, Any]


Lines: TypeAlias = "Mapping[str, Line]"


class _Meaning(NamedTuple):
    types: frozenset[str]
    limits: dict[str, Any]
    inside: dict[str, tuple[Presence, Schema]]


def lines(schema: Schema) -> Lines:
    """Return the lines of a schema, by path.

    Raises:
        ValueError: it says what no line can, such as an `anyOf` of two kinds of text.
    """
    return dict(_lines("$", "required", schema, schema.get("definitions", {})))


def takes(types: Collection[str], one: str) -> bool:
    """Whether values of one type are among those of several; every integer is a number."""
    return one in types or (one == "integer" and "number" in types)


def _lines(path: str, presence: Presence, schema: Schema, definitions: Schema) -> Iterator[tuple[str, Line]]:
    meaning = _meaning(schema, definitions)
    yield path, Line(presence, tuple(sorted(meaning.types)), meaning.limits)
    for step, (inside_presence, inside) in meaning.inside.items():
        yield from _lines(path + step, inside_presence, inside, definitions)


def _meaning(schema: Schema, definitions: Schema) -> _Meaning:
    if "$ref" in schema:
        return _meaning(definitions[schema["$ref"].removeprefix(_REFERENCE)], definitions)
    meaning = _own(schema, definitions)
    for part in schema.get("allOf", ()):
        meaning = _both(meaning, _meaning(part, definitions))
    if "anyOf" in schema:
        meaning = _both(meaning, _any([_meaning(part, definitions) for part in schema["anyOf"]]))
    return meaning


def _own(schema: Schema, definitions: Schema) -> _Meaning:
    """Return what a schema says apart from those that it joins."""
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    limits = {name: _whole(value, definitions) for name, value in schema.items() if name not in _TEXT | _STRUCTURE}
    if values is not None:
        limits["enum"] = _sorted(values)
    types = schema.get("type", ANYTHING if values is None else [_TYPES[type(value)] for value in values])
    if not set(schema.get("required", ())) <= set(schema.get("properties", ())):
        raise ValueError("required, and described elsewhere")
    inside: dict[str, tuple[Presence, Schema]] = {
        f".{name}": ("required" if name in schema.get("required", ()) else "optional", each)
        for name, each in schema.get("properties", {}).items()
    }
    if "items" in schema:
        inside["[*]"] = ("each", schema["items"])
    others = schema.get("additionalProperties", True)
    if isinstance(others, dict):
        inside[".*"] = ("each", others)
    elif not others:
        limits["closed"] = True
    return _Meaning(frozenset([types] if isinstance(types, str) else types), limits, inside)


def _both(one: _Meaning, other: _Meaning) -> _Meaning:
    types = {each for each in one.types if takes(other.types, each)}
    types |= {each for each in other.types if takes(one.types, each)}
    return _Meaning(frozenset(types), _joined(one.limits, other.limits), _joined(one.inside, other.inside))


def _any(several: Sequence[_Meaning]) -> _Meaning:
    """Return what any of several says, if their types tell them apart: each keyword then belongs to one of them."""
    types = [each for meaning in several for each in meaning.types]
    if len(set(types)) < len(types) or {"integer", "number"} <= set(types):
        raise ValueError(f"anyOf: types do not tell its parts apart: {', '.join(sorted(types))}")
    limits: dict[str, Any] = {}
    for meaning in several:
        limits = _joined(limits, {name: value for name, value in meaning.limits.items() if name != "enum"})
    if any("enum" in meaning.limits for meaning in several):
        limits["enum"] = _sorted([value for meaning in several for value in _values(meaning)])
    inside = {step: each for meaning in several for step, each in meaning.inside.items()}
    return _Meaning(frozenset(types), limits, inside)


def _values(meaning: _Meaning) -> Sequence[Any]:
    values: Sequence[Any] = [None] if meaning.types == {"null"} else meaning.limits.get("enum", ())
    if not values:
        raise ValueError("anyOf: a list of values beside anything else")
    return values


def _joined(said: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    twice = [name for name in said.keys() & others.keys() if said[name] != others[name]]
    if twice:
        raise ValueError(f"said twice, and differently: {', '.join(sorted(twice))}")
    return {**said, **others}


def _whole(value: Any, definitions: Schema) -> Any:  # noqa: ANN401 -- whatever stands behind a keyword
    """Return a keyword's value without references and descriptions."""
    if isinstance(value, list):
        return [_whole(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return _whole(definitions[value["$ref"].removeprefix(_REFERENCE)], definitions)
    return {name: _whole(each, definitions) for name, each in value.items() if name != "description"}


def _sorted(values: Sequence[Any]) -> list[Any]:
    return sorted(values, key=json.dumps)
