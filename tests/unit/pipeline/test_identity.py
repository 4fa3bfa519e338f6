"""What makes two events one (semantics 1.4)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from expansion_signals.model.events import UsageEvent
from expansion_signals.model.instants import HOUR, parse_instant
from expansion_signals.pipeline.identity import canonical, identity_of_event, minted

NOW = parse_instant("2026-11-22T10:00:00Z")
EVENT = UsageEvent("/apps/web", "e-1", "com.acme.opened", "acct-1", NOW, {"meter": "calls", "value": 1})


def parsed(text: str) -> object:
    return json.loads(text, parse_float=Decimal)


def check(text: str) -> bytes:
    return identity_of_event(_with(data=parsed(text)), NOW).check


def _with(**changes: object) -> UsageEvent:
    return EVENT._replace(**changes)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
        ('{"a": {"x": 1, "y": [1]}}', '{"a": {"y": [1], "x": 1}}'),
        ('{"a": 1.0}', '{"a": 1}'),
        ('{"a": 100}', '{"a": 1e2}'),
        ('{"a": 0.10}', '{"a": 0.1}'),
        ('{"a": 0}', '{"a": 0.0}'),
        ('{"a": "\\u00e9"}', '{"a": "é"}'),
    ],
)
def test_two_spellings_of_one_payload_have_one_check(one: str, other: str) -> None:
    assert check(one) == check(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": "1"}', '{"a": 1}'),
        ('{"a": true}', '{"a": 1}'),
        ('{"a": false}', '{"a": 0}'),
        ('{"a": null}', "{}"),
        ('{"a": null}', '{"a": "None"}'),
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('{"a": [1]}', '{"a": {"1": 1}}'),
        ('{"a": [["b", 1]]}', '{"a": {"b": 1}}'),
        ('{"a": ["number", "1"]}', '{"a": 1}'),
        ('{"a": {}}', '{"a": []}'),
        ('{"a": 1}', '{"a": 10}'),
        (f'{{"a": 1{"0" * 60}}}', f'{{"a": 1{"0" * 59}1}}'),
        (f'{{"a": 0.{"0" * 60}1}}', '{"a": 0}'),
    ],
)
def test_two_payloads_have_two_checks(one: str, other: str) -> None:
    assert check(one) != check(other)


def test_any_number_of_json_has_a_canonical_form() -> None:
    assert canonical(parsed("1e999999")) == b"1E+999999"


def test_the_type_is_part_of_the_payload() -> None:
    assert identity_of_event(EVENT, NOW).check != identity_of_event(_with(type="com.acme.closed"), NOW).check


@pytest.mark.parametrize("change", [{"time": NOW - HOUR}, {"backfill": True}, {"traceparent": "00-1-2-01"}])
def test_time_and_delivery_play_no_part(change: dict[str, object]) -> None:
    assert identity_of_event(_with(**change), NOW) == identity_of_event(EVENT, NOW)


@pytest.mark.parametrize("change", [{"account": "acct-2"}, {"source": "/apps/api"}, {"id": "e-2"}])
def test_account_source_and_id_are_the_identity(change: dict[str, object]) -> None:
    assert identity_of_event(_with(**change), NOW).number != identity_of_event(EVENT, NOW).number


def test_the_payload_is_not_part_of_the_identity() -> None:
    assert identity_of_event(_with(data={}), NOW).number == identity_of_event(EVENT, NOW).number


def test_parts_that_join_to_the_same_text_are_two_identities() -> None:
    one, other = _with(source="a-b", id="c"), _with(source="a", id="b-c")
    assert identity_of_event(one, NOW).number != identity_of_event(other, NOW).number


def test_an_identity_is_a_signed_whole_number_of_64_bits() -> None:
    numbers = [identity_of_event(_with(id=f"e-{number}"), NOW).number for number in range(100)]
    assert all(-(2**63) <= number < 2**63 for number in numbers)
    assert min(numbers) < 0 < max(numbers)


@pytest.mark.parametrize(
    "event_id",
    [
        "01a20260-5f40-7000-8000-000000000000",
        "01A20260-5F40-7FFF-BFFF-FFFFFFFFFFFF",
        "01M8160QT0ZZZZZZZZZZZZZZZZ",
        "01m8160qt00000000000000000",
    ],
)
def test_an_id_may_carry_its_time(event_id: str) -> None:
    assert minted(event_id) == parse_instant("2026-11-22T08:30:00Z")


@pytest.mark.parametrize(
    "event_id",
    [
        "",
        "e-1",
        "6f1c1a5e-8c1d-4f7e-9f65-1f3d2f8d9a10",
        "019aab0a_9a00_7000_8000_000000000000",
        "zzzzzzzz-zzzz-7000-8000-000000000000",
        "01KANGN6GUZZZZZZZZZZZZZZZ",
        "01KANGN6GÜZZZZZZZZZZZZZZZZ",
        "ILOU0000000000000000000000",
    ],
)
def test_any_other_id_carries_none(event_id: str) -> None:
    assert minted(event_id) is None
