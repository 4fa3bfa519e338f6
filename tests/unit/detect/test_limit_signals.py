from __future__ import annotations

from typing import TYPE_CHECKING

from expansion_signals.detect.limits import judge
from expansion_signals.model.catalog import Meter
from sample_readings import CALLS, NOW, every, limit, percent, reading, rule

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal


def only_signal(firing: int, *at: object, **changes: object) -> Signal:
    (signal,) = judge(reading(firing, **changes), [rule(*(at or (percent(80),)))], {}).signals
    return signal


def test_the_payload_is_that_of_the_interface() -> None:
    assert only_signal(800).data == {
        "rule": {"id": "quota", "version": "3f2a"},
        "family": "limit",
        "plan": "free",
        "user": "u-42",
        "meter": "api_calls",
        "feature": "api_calls",
        "unit": "call",
        "usage": "800",
        "limit": "1000",
        "limit_kind": "hard",
        "utilization": "0.8",
        "remaining": "200",
        "overage": "0",
        "threshold": {"kind": "percent", "value": "80", "comparison": ">="},
        "crossed": [{"kind": "percent", "value": "80"}],
        "period": {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"},
        "cause": "usage",
        "session": "s-9",
        "why": "800 of 1,000 calls used (80 %) with 9 days of the period left",
        "account": {"version": 7, "plan": "free"},
    }


def test_overage_is_what_lies_above_the_limit() -> None:
    assert only_signal(1200, percent(100)).data["overage"] == "200"


def test_nothing_remains_above_the_limit() -> None:
    assert only_signal(1200, percent(100)).data["remaining"] == "0"


def test_amounts_are_unscaled() -> None:
    storage = Meter("api_calls", "e", "sum", "GB", precision=2)
    assert only_signal(850, meter=storage).data["usage"] == "8.5"


def test_the_dimension_is_named_where_there_is_one() -> None:
    assert only_signal(800, dimension="eu").data["dimension"] == "eu"


def test_a_stock_has_no_period() -> None:
    assert only_signal(800, period=None).data["period"] is None


def test_a_step_is_told_by_the_usage_at_which_it_stands() -> None:
    data = only_signal(2500, every(1000), limit=None).data
    assert data["threshold"] == {"kind": "step", "value": "2000", "comparison": ">="}


def test_without_a_limit_what_needs_one_is_null() -> None:
    data = only_signal(2500, every(1000), limit=None).data
    assert [data[name] for name in ("feature", "limit", "limit_kind", "utilization", "remaining")] == [None] * 5


def test_the_id_does_not_depend_on_when_or_by_how_much_it_was_reached() -> None:
    later = reading(0).evidence._replace(time=NOW + 1, id="e-2")
    assert only_signal(800).id == only_signal(900, evidence=later, limit=limit(1000)).id


def test_meter_and_dimension_are_joined_so_that_they_cannot_be_confused() -> None:
    a_b, a = (Meter(key, CALLS.event, "sum", "call") for key in ("a-b", "a"))
    assert only_signal(800, meter=a_b, dimension="c").id != only_signal(800, meter=a, dimension="b-c").id


def test_the_key_of_the_highest_threshold_is_the_id() -> None:
    signal = only_signal(1000, percent(80), percent(100))
    assert signal.keys[-1] == signal.id


def test_keys_stand_beside_what_was_crossed() -> None:
    signal = only_signal(1000, percent(100), percent(80))
    assert signal.keys[0] == only_signal(800).id


def test_steps_of_one_series_share_their_key_up_to_the_usage() -> None:
    second, third = (only_signal(level, every(1000)).keys[0].split(":") for level in (2000, 3000))
    assert (second[0], second[1], third[1]) == (third[0], "2000", "3000")


def test_steps_of_one_series_have_different_ids() -> None:
    assert only_signal(2000, every(1000)).id != only_signal(3000, every(1000)).id
