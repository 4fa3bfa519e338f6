"""The JSON Schemas for editors and the loader say the same of a file's shape."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

import expansion_signals.local
from expansion_signals.errors import RejectedConfiguration
from expansion_signals.rules.loading import load
from expansion_signals.rules.rules_file import SHAPES
from expansion_signals.rules.yaml_source import parse

SCHEMAS = Path(__file__).parents[3] / "schemas" / "config"
SAMPLE = Path(str(expansion_signals.local.__file__)).parent / "sample"
FILES = ("catalog.yaml", "rules.yaml")

CATALOG = """\
currency: USD
meters: {calls: {event: com.acme.called, aggregation: sum, value: value}}
features: {calls: {meter: calls}, sso: {}}
plans: [{key: free, price: "0", includes: {calls: {limit: 1000, kind: soft}, sso: true}, seat_price: "12"}]
add_ons: [{key: more, price: 20, adds: {calls: 500}}]
"""
RULES = """\
rules:
  - {id: a, signal: limit_reached, meter: calls, at: [80%], cap: 1 per 7d, copy: {en: {title: x}}}
  - {id: b, signal: milestone, meter: calls, at: [10]}
  - {id: e, signal: feature_gated, feature: sso, event: com.acme.paywall.shown, where: {screen: sso}, user: viewer}
  - {id: c, signal: pql, qualify_at: 5, criteria: [{id: d, when: health > 50, points: 5}]}
policy: {quiet_hours: {from: "20:00", to: "08:00"}, tiers: {A: 85}}
"""
TEXTS = {"catalog.yaml": CATALOG, "rules.yaml": RULES}


def _schema(file: str) -> Draft7Validator:
    schema = json.loads((SCHEMAS / f"{file.removesuffix('.yaml')}.schema.json").read_text())
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def _json(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _json(each) for key, each in value.items()}
    return [_json(each) for each in value] if isinstance(value, list) else value


def _schema_accepts(file: str, text: str) -> bool:
    root = parse(file, text).root
    assert root is not None
    return not list(_schema(file).iter_errors(_json(root.plain())))


def _loader_accepts(file: str, text: str) -> bool:
    try:
        load({**TEXTS, file: text})
    except RejectedConfiguration:
        return False
    return True


@pytest.mark.parametrize("file", FILES)
def test_the_sample_is_valid(file: str) -> None:
    assert _schema_accepts(file, (SAMPLE / file).read_text())


@pytest.mark.parametrize("file", FILES)
def test_the_sample_names_the_schema_by_a_path_that_is_there(file: str) -> None:
    named = (SAMPLE / file).read_text().splitlines()[0].partition("$schema=")[2]
    assert (SAMPLE / named).resolve() == (SCHEMAS / f"{file.removesuffix('.yaml')}.schema.json").resolve()


def test_the_schema_completes_every_signal_of_the_language() -> None:
    schema = json.loads((SCHEMAS / "rules.schema.json").read_text())
    assert schema["definitions"]["rule"]["properties"]["signal"]["enum"] == list(SHAPES)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("catalog.yaml", "", ""),
        ("catalog.yaml", "sso: {}", "sso: null"),
        ("catalog.yaml", "value: value", "value: value, dimensions: [a, b, c, a-name-of-20-letters]"),
        ("catalog.yaml", "value: value", "value: value, where: {dimensions.region: eu}"),
        ("catalog.yaml", "meters: {", "meters: {team: {event: x, aggregation: unique, value: user, dimensions: []}, "),
        ("catalog.yaml", "plans: [", "plans: [{key: top, contact_sales: true, includes: {calls: unlimited}}, "),
        ("catalog.yaml", "kind: soft", "kind: soft, beyond: overage, unit_price: 0.001"),
        ("catalog.yaml", '"12"', "{tiers: [{to: 10, price: 20}, {price: 15}]}"),
        ("catalog.yaml", '"12"', "{bundle: 5, price: 50}"),
        ("catalog.yaml", 'price: "0"', "contact_sales: true"),
        ("catalog.yaml", 'price: "0"', 'price: "0", per: year, capacity: [{meter: calls, amount: 9, price: 8}]'),
        ("rules.yaml", "", ""),
        ("rules.yaml", "{A: 85}", "{A: 85}, account_cap: 300 per 62d, session_cap: 9, route_borders: [1, '2.5']"),
        ("rules.yaml", "{A: 85}", "{A: 85}, proration: day, cancel_pause: 62d, attribution: 1d, expires: {pql: 60d}"),
        ("rules.yaml", "80%", "80%, 800, 200 remaining, every 5, every 5 after 100%, every 5 after 50"),
        ("rules.yaml", "where: {screen: sso}", "where: {dimensions.screen: sso, trial: true, step: 5}"),
        ("rules.yaml", ", where: {screen: sso}, user: viewer", ""),
        ("rules.yaml", ", event: com.acme.paywall.shown, where: {screen: sso}, user: viewer", ""),
        ("rules.yaml", "qualify_at: 5", "qualify_at: 5, half_life: 7d, hysteresis: 0, disqualify_when: plan != free"),
        ("rules.yaml", "{A: 85}", "{B: 60}"),
        ("rules.yaml", "{title: x}", "{title: '{usage} of {{100}}'}, pt-BR: {body: '{why}'}, es-419: {}"),
        ("rules.yaml", "cap: 1 per 7d", "enabled: false, shadow: true, holdout: 10%, when: plan == free"),
    ],
)
def test_both_accept_what_is_right(file: str, old: str, new: str) -> None:
    text = TEXTS[file].replace(old, new, 1)
    assert (_schema_accepts(file, text), _loader_accepts(file, text)) == (True, True)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("catalog.yaml", "currency: USD", "currency: usd"),
        ("catalog.yaml", "currency: USD\n", ""),
        ("catalog.yaml", "aggregation: sum", "aggregation: total"),
        ("catalog.yaml", ", value: value", ""),
        ("catalog.yaml", "value: value", "value: value, precision: 10"),
        ("catalog.yaml", "value: value", "value: value, colour: red"),
        ("catalog.yaml", "value: value", "value: value, dimensions: [a, b, c, d, e]"),
        ("catalog.yaml", "value: value", "value: value, dimensions: [a, a]"),
        ("catalog.yaml", "value: value", "value: value, dimensions: [a-name-of-21-letters-]"),
        ("catalog.yaml", "sum, value: value", "unique, value: user, dimensions: [region]"),
        ("catalog.yaml", "{calls: {event", "{seats: {event"),
        ("catalog.yaml", "{calls: {event", "{a b: {event"),
        ("catalog.yaml", "sso: {}", "sso: true"),
        ("catalog.yaml", "sso: true", "sso: false"),
        ("catalog.yaml", "limit: 1000, ", ""),
        ("catalog.yaml", "limit: 1000", "limit: -1"),
        ("catalog.yaml", "kind: soft", "kind: hard, beyond: grace"),
        ("catalog.yaml", "kind: soft", "unit_price: 1"),
        ("catalog.yaml", 'price: "0"', 'price: "1e3"'),
        ("catalog.yaml", 'price: "0", ', ""),
        ("catalog.yaml", '"12"', "{bundle: 5}"),
        ("catalog.yaml", '"12"', "{tiers: []}"),
        ("catalog.yaml", '"12"', "{tiers: [{price: 1}], price: 5}"),
        ("catalog.yaml", "{calls: 500}", "[calls]"),
        ("rules.yaml", "signal: limit_reached", "signal: limit_broken"),
        ("rules.yaml", "id: a, ", ""),
        ("rules.yaml", "meter: calls, ", ""),
        ("rules.yaml", "at: [80%]", "at: []"),
        ("rules.yaml", "at: [80%]", "at: [80 percent]"),
        ("rules.yaml", "at: [80%]", "at: [80%], feature: sso"),
        ("rules.yaml", "at: [10]", "at: [10%]"),
        ("rules.yaml", "feature: sso", 'feature: "*"'),
        ("rules.yaml", "com.acme.paywall.shown", '""'),
        ("rules.yaml", "com.acme.paywall.shown", "null"),
        ("rules.yaml", "com.acme.paywall.shown", "expansion.feature.attempted.v1"),
        ("rules.yaml", "event: com.acme.paywall.shown, ", ""),
        ("rules.yaml", "{screen: sso}", "[screen]"),
        ("rules.yaml", "{screen: sso}", "{screen: null}"),
        ("rules.yaml", "user: viewer", 'user: ""'),
        ("rules.yaml", "1 per 7d", "1 a week"),
        ("rules.yaml", "{title: x}", "{titel: x}"),
        ("rules.yaml", "{title: x}", "{title: 'a { b'}"),
        ("rules.yaml", "{title: x}", "{title: 'used {usage:,}'}"),
        ("rules.yaml", "{title: x}", "{title: ''}"),
        ("rules.yaml", "{en: {", "{english: {"),
        ("rules.yaml", "points: 5", "points: five"),
        ("rules.yaml", '"20:00"', '"24:00"'),
        ("rules.yaml", "{A: 85}", "{A: 85.5}"),
        ("rules.yaml", "{A: 85}", "{A: 85}, proration: daily"),
        ("rules.yaml", "{A: 85}", "{A: 85}, cancel_pause: 30"),
        ("rules.yaml", "{A: 85}", "{A: 85}, attribution: a month"),
        ("rules.yaml", "{A: 85}", "{A: 85}, expires: {limits: 7d}"),
        ("rules.yaml", "{A: 85}", "{A: 85}, expires: {limit: soon}"),
        ("rules.yaml", "{A: 85}", "{A: 85}, session_cap: 0"),
        ("rules.yaml", "{A: 85}", "{A: 85}, route_borders: [1000]"),
        ("rules.yaml", "{A: 85}", "{A: 85}, account_caps: 1 per 1d"),
        ("rules.yaml", "{A: 85}", "{C: 40}"),
        ("rules.yaml", "qualify_at: 5", "qualify_at: 5, half_life: soon"),
        ("rules.yaml", "qualify_at: 5", "qualify_at: 5, hysteresis: 1001"),
    ],
)
def test_both_reject_what_is_wrong(file: str, old: str, new: str) -> None:
    assert old in TEXTS[file]
    text = TEXTS[file].replace(old, new, 1)
    assert (_schema_accepts(file, text), _loader_accepts(file, text)) == (False, False)
