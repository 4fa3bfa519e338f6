from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.wire.codec import CloudEventsCodec
from sample_signals import NOW, gated, signal

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

CODEC = CloudEventsCodec()


def event(tried: Signal) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(CODEC.signal(replace(tried, shadow=True), NOW).value or b"")
    return content


@pytest.mark.parametrize("tried", [signal("80"), gated(), replace(signal("80"), type="limit.recovered", keys=())])
def test_what_a_rule_that_is_tried_out_finds_is_on_the_shadow_topic(tried: Signal) -> None:
    assert CODEC.signal(replace(tried, shadow=True), NOW).topic == "expansion-shadow"


@pytest.mark.parametrize("tried", [signal("80"), gated()])
def test_what_other_rules_find_is_on_the_signals_topic(tried: Signal) -> None:
    assert CODEC.signal(tried, NOW).topic == "expansion-signals"


def test_a_shadow_has_type_and_schema_of_the_trigger() -> None:
    told = event(gated())
    assert (told["type"], told["dataschema"]) == (
        "expansion.feature.gated.v1",
        "/schemas/expansion-feature-gated/feature.gated.v1.schema.json",
    )


@pytest.mark.parametrize("tried", [signal("80", "100"), gated()])
def test_a_shadow_has_the_data_of_the_trigger(tried: Signal) -> None:
    assert event(tried)["data"] == {name: value for name, value in tried.data.items() if name != "account"}


def test_a_shadow_expires_as_the_trigger_would() -> None:
    assert event(signal("80"))["expirytime"] == "2026-11-29T00:00:00Z"


def test_a_shadow_of_what_does_not_fire_is_the_signal_itself() -> None:
    assert (
        event(replace(signal("80"), type="limit.recovered", keys=()))["type"] == "expansion.signal.limit.recovered.v1"
    )


def test_nothing_on_the_wire_says_shadow() -> None:
    assert "shadow" not in event(gated())["data"]
