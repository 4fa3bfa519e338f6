"""What was released holds: no change of a schema breaks those who rely on it (docs/decisions/0024)."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from published_schemas import SCHEMAS
from release_schemas import release
from released_schemas import promised_now, promised_then, read, text
from schema_breaks import Promise, breaks
from schema_lines import lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Literal

    Schema = dict[str, Any]
    Change = Callable[[Schema], object]

RELEASED = promised_then()
NOW = promised_now()

PUBLISHED: Schema = json.loads((SCHEMAS / "expansion-limit-reached/limit.reached.v1.schema.json").read_text())
RECEIVED: Schema = {
    "type": "object",
    "required": ["meter", "value"],
    "properties": {
        "meter": {"type": "string", "minLength": 1, "maxLength": 512},
        "value": {"anyOf": [{"type": "string", "pattern": "^[0-9]+$"}, {"type": "number", "minimum": 0}]},
        "how": {"enum": ["view", "search", None]},
        "count": {"type": "integer"},
        "until": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 10},
        "place": {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}},
    },
}


@pytest.mark.parametrize("topic", RELEASED)
def test_what_was_released_holds(topic: str) -> None:
    assert list(breaks(RELEASED[topic], NOW.get(topic, {}))) == []


def test_there_is_a_record_of_both_sides_and_of_what_surrounds_them() -> None:
    assert set(RELEASED) > {"envelope", "usage-events", "expansion-limit-reached"}


@pytest.mark.parametrize("topic", NOW)
def test_a_record_reads_back_as_it_was_written(topic: str) -> None:
    assert read(text(NOW[topic])) == NOW[topic]


def said_of(schema: Schema, change: Change, compatibility: Literal["forward", "backward"]) -> list[str]:
    changed = deepcopy(schema)
    change(changed)
    before, after = Promise(compatibility, lines(schema)), Promise(compatibility, lines(changed))
    return [said.removeprefix("type ") for said in breaks({"type": before}, {"type": after})]


def at(place: str, schema: Schema) -> Schema:
    for step in place.split():
        schema = schema[step]
    return schema


def sets(place: str, /, **facts: object) -> Change:
    """Return the change that sets keywords of the schema at a place, and takes away those that are None."""

    def change(schema: Schema) -> None:
        changed = at(place, schema)
        changed |= facts
        for name in [name for name, value in facts.items() if value is None]:
            del changed[name]

    return change


def optional(name: str) -> Change:
    return lambda schema: schema["required"].remove(name)


def required(name: str) -> Change:
    return lambda schema: schema["required"].append(name)


def without(name: str, place: str = "") -> Change:
    """Return the change that takes a property away, of the schema at a place."""

    def change(schema: Schema) -> None:
        changed = at(place, schema)
        del changed["properties"][name]
        changed["required"] = [each for each in changed["required"] if each != name]

    return change


def properties(**added: object) -> Change:
    return sets("properties", **added)


def new_required(schema: Schema) -> None:
    properties(colour={"type": "string"})(schema)
    required("colour")(schema)


TEXT = {"type": "string"}
HARD = {"enum": ["hard", None]}
ELASTIC = {"enum": ["elastic", "hard", "soft", None]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("dimension"), "$.dimension: gone"),
        (without("period"), "$.period: gone"),
        (without("value", "definitions crossing"), "$.crossed[*].value: gone"),
        (properties(unit={"type": "integer"}), "$.unit: types was string, is integer"),
        (properties(unit={"type": ["string", "null"]}), "$.unit: types was string, is null string"),
        (optional("unit"), "$.unit: presence was required, is optional"),
        (required("dimension"), "$.dimension: presence was optional, is required"),
        (properties(limit_kind=HARD), "$.limit_kind: enum was hard soft null, is hard null"),
        (properties(limit_kind=ELASTIC), "$.limit_kind: enum was hard soft null, is elastic hard soft null"),
        (sets("definitions usage_period properties", end=TEXT), "$.period.end: format was date-time, is absent"),
        (sets("properties crossed", minItems=None), "$.crossed: minItems was 1, is absent"),
        (sets("", additionalProperties=True), "$: closed was True, is absent"),
        (new_required, "$.colour: new, and not optional"),
    ],
)
def test_a_change_of_what_is_published_breaks_its_promise(change: Change, said: str) -> None:
    assert said_of(PUBLISHED, change, "forward") == [said]


@pytest.mark.parametrize(
    "change",
    [
        properties(colour={"type": "string"}),
        properties(place={"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}),
        properties(unit={"description": "In other words.", "allOf": [{"$ref": "#/definitions/unit"}]}),
        sets("definitions route properties", name={"type": "string"}),
    ],
    ids=["a property", "an object with what it requires", "words and definitions", "a property further down"],
)
def test_what_is_published_may_say_more(change: Change) -> None:
    def with_the_definition(schema: Schema) -> None:
        schema["definitions"]["unit"] = {"type": "string"}
        change(schema)

    assert said_of(PUBLISHED, with_the_definition, "forward") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("count"), "$.count: gone"),
        (without("city", "properties place"), "$.place.city: gone"),
        (required("how"), "$.how: newly required"),
        (sets("properties place properties", city={"type": "integer"}), "$.place.city: no longer takes string"),
        (properties(value={"type": "number", "minimum": 0}), "$.value: no longer takes string"),
        (properties(how={"enum": ["view", None]}), "$.how: enum was search view null, is view null"),
        (properties(until={"type": "string", "format": "date"}), "$.until: format was date-time, is date"),
        (sets("properties meter", enum=["api_calls"]), "$.meter: enum was absent, is api_calls"),
        (sets("properties meter", maxLength=64), "$.meter: maxLength was 512, is 64"),
        (sets("properties meter", minLength=2), "$.meter: minLength was 1, is 2"),
        (sets("properties meter", pattern="^[a-z]+$"), "$.meter: pattern was absent, is ^[a-z]+$"),
        (sets("properties tags", maxItems=5), "$.tags: maxItems was 10, is 5"),
        (sets("properties tags", items={"type": "integer"}), "$.tags[*]: no longer takes string"),
        (sets("", additionalProperties=False), "$: closed was absent, is True"),
        (sets("properties place", additionalProperties={"type": "string"}), "$.place.*: new, and not optional"),
        (new_required, "$.colour: new, and not optional"),
    ],
)
def test_a_change_of_what_is_received_breaks_its_promise(change: Change, said: str) -> None:
    assert said_of(RECEIVED, change, "backward") == [said]


@pytest.mark.parametrize(
    "change",
    [
        properties(colour={"type": "string"}),
        optional("meter"),
        properties(count={"type": ["number", "string"]}),
        properties(how={"enum": ["view", "search", "link", None]}),
        properties(how={"type": ["string", "null"]}),
        sets("properties meter", minLength=None, maxLength=1024),
        properties(until={"type": "string"}),
        sets("properties tags", maxItems=20),
    ],
    ids=["a property", "an optional one", "a type", "a value", "any value", "a length", "any text", "items"],
)
def test_what_is_received_may_be_taken_more_widely(change: Change) -> None:
    assert said_of(RECEIVED, change, "backward") == []


def test_a_type_that_is_no_longer_there_is_a_break() -> None:
    assert list(breaks({"type": Promise("forward", lines(PUBLISHED))}, {})) == ["type: gone"]


def test_a_type_that_is_read_where_it_was_published_is_a_break() -> None:
    was, is_now = Promise("forward", lines(PUBLISHED)), Promise("backward", lines(PUBLISHED))
    assert list(breaks({"type": was}, {"type": is_now})) == ["type: was forward, is backward"]


@pytest.mark.parametrize(
    "part",
    [
        {"anyOf": [{"type": "string", "minLength": 1}, {"type": "string", "maxLength": 9}]},
        {"anyOf": [{"enum": ["a"]}, {"type": "integer"}]},
        {"allOf": [{"type": "string", "minLength": 1}, {"minLength": 2}]},
        {"allOf": [{"properties": {"city": {"type": "string"}}}, {"required": ["city"]}]},
        {"allOf": [{"properties": {"city": {"type": "string"}}}, {"properties": {"city": {"minLength": 1}}}]},
    ],
    ids=["texts", "values beside numbers", "two lengths", "a property required elsewhere", "a property twice"],
)
def test_a_schema_that_no_line_can_say_is_refused(part: Schema) -> None:
    with pytest.raises(ValueError, match=r"anyOf: |said twice|described elsewhere"):
        lines({"type": "object", "properties": {"part": part}})


def test_a_release_over_a_broken_promise_writes_nothing(tmp_path: Path) -> None:
    release(tmp_path)
    record = tmp_path / "expansion-outcomes.yaml"
    record.write_text(record.read_text().replace("$.kind: {required: string", "$.kind: {required: integer"))
    before = record.read_text()

    assert release(tmp_path) == ["expansion.outcome.attributed.v1 $.kind: types was integer, is string"]
    assert record.read_text() == before


def test_a_release_over_promises_that_hold_records_what_is_new(tmp_path: Path) -> None:
    release(tmp_path)
    record = tmp_path / "expansion-limit-reached.yaml"
    whole = record.read_text()
    record.write_text("".join(line for line in whole.splitlines(keepends=True) if "$.dimension:" not in line))

    assert (record.read_text() == whole, release(tmp_path), record.read_text() == whole) == (False, [], True)
