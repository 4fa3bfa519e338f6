from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.decide.candidates import Candidate, candidate_in
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import parse_instant
from expansion_signals.model.kinds import KINDS, TOLD
from sample_signals import gated, key, signal

if TYPE_CHECKING:
    from expansion_signals.model.signals import Signal

CHANGED = {"from": None, "to": {"version": 7, "plan": "free"}}
READING = {"reason": "daily", "facts": [], "levels": [], "health_inputs": {}}
UNDECIDED = [
    signal("80", kind="limit.recovered"),
    replace(signal("80"), type="account.changed", data=CHANGED, keys=()),
    replace(signal("80"), type="reading", data=READING, keys=()),
    *(replace(signal("80"), type=other, data={}, keys=()) for other in ("limit.hit", "feature.attempted", "some.new")),
]


def test_a_limit_signal_is_a_candidate_with_its_place_in_the_log() -> None:
    assert candidate_in(signal("80"), "3:17") == Candidate(signal("80"), "3:17")


@pytest.mark.parametrize("other", UNDECIDED, ids=lambda other: other.type)
def test_a_signal_that_nobody_decides_is_no_candidate(other: Signal) -> None:
    assert candidate_in(other, "0:0") is None


@pytest.mark.parametrize("other", ["limit.recovered", *TOLD])
def test_a_signal_that_ends_or_judges_what_others_led_to_is_checked_though_nobody_decides_it(other: str) -> None:
    with pytest.raises(RejectedRecord):
        candidate_in(replace(signal("80"), type=other, data={}, keys=()), "0:0")


@pytest.mark.parametrize("digits", ["1300", "0.5", "9223372036854775807", "9223372036.854775807", "0.000000001"])
def test_every_amount_a_counter_can_hold_is_a_step(digits: str) -> None:
    assert candidate_in(signal(f"+{digits}"), "0:0") is not None


HOSTILE: dict[str, dict[str, Any]] = {
    "an id that is no hash": {"id": "80 %"},
    "an id with our separator": {"id": "|" * 32},
    "an id in other digits": {"id": "٣" * 32},
    "no keys": {"keys": ()},
    "a key too many": {"keys": (key("80"), key("100"))},
    "a key that is no hash": {"keys": ("80",)},
    "a key with a control character": {"keys": (f"{key('80')}\x1f",)},
    "a step that is no number": {"keys": (f"{key('80')}:many",)},
    "a step that is not finite": {"keys": (f"{key('80')}:NaN",)},
    "a step that no memory holds": {"keys": (f"{key('80')}:1e999999999",)},
    "a step of a thousand digits": {"keys": (f"{key('80')}:{'9' * 1000}",)},
    "a step below zero": {"keys": (f"{key('80')}:-5",)},
    "an empty step": {"keys": (f"{key('80')}:",)},
    "no data": {"data": {}},
    "a rule that is a name": {"data": signal("80").data | {"rule": "api-quota"}},
    "a threshold that is a number": {"data": signal("80").data | {"threshold": 80}},
    "nothing crossed": {"data": signal("80").data | {"crossed": []}},
    "crossings that are no list": {"data": signal("80").data | {"crossed": {"80": True}}},
    "crossings that are no objects": {"data": signal("80").data | {"crossed": ["80"]}},
    "a time past which nothing expires": {
        "evidence": signal("80").evidence._replace(time=parse_instant("9999-12-30T00:00:00Z"))
    },
}


@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_metering_cannot_have_written_is_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(RejectedRecord):
        candidate_in(replace(signal("80"), **changes), "0:0")


@pytest.mark.parametrize("kind", [kind.type for kind in KINDS.values() if kind.fires and not kind.crosses])
def test_a_signal_of_every_kind_that_fires_is_a_candidate(kind: str) -> None:
    candidate = candidate_in(gated(kind=kind), "0:0")
    assert candidate is not None
    assert candidate.kind == KINDS[kind]


HOSTILE_WITH_ONE_KEY: dict[str, dict[str, Any]] = {
    "an id that is no hash": {"id": "gated", "keys": ("gated",)},
    "no key": {"keys": ()},
    "two keys": {"keys": (gated().id, key("80"))},
    "another key": {"keys": (key("80"),)},
    "no rule": {"data": {}},
    "a rule that is a name": {"data": gated().data | {"rule": "gates"}},
    "a burst whose first is no signal": {"data": gated().data | {"burst_of": "the first"}},
    "a time past which nothing expires": {
        "evidence": gated().evidence._replace(time=parse_instant("9999-12-30T00:00:00Z"))
    },
}


@pytest.mark.parametrize("changes", HOSTILE_WITH_ONE_KEY.values(), ids=HOSTILE_WITH_ONE_KEY.keys())
def test_what_metering_cannot_have_written_with_one_key_is_rejected(changes: dict[str, Any]) -> None:
    with pytest.raises(RejectedRecord):
        candidate_in(replace(gated(), **changes), "0:0")
