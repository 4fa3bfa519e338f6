"""What deciding relies on in the data of each type of signal: without it, or in another form, none is judged."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decided_account import FREE, DecidedAccount, changed, level, reading
from expansion_signals.decide.contents import UNJUDGED, check_content
from expansion_signals.errors import RejectedRecord
from expansion_signals.model.instants import HOUR
from expansion_signals.model.kinds import KINDS, TOLD
from sample_ground import UNRESTRAINED
from sample_signals import NOW, gated, key, milestone, signal

NIGHT = 'policy: {quiet_hours: {from: "22:00", to: "06:00"}}\n'
CHANGED = {"from": FREE, "to": {"version": 8, "plan": "pro"}}
SEATS = {"family": "seat", "used": "4", "pending": "1", "allowance": "5"}


def valid(kind: str) -> dict[str, Any]:
    """Return the data of a signal of this type as metering writes it."""
    match kind:
        case "account.changed":
            return CHANGED
        case "reading":
            return dict(reading(levels=[level("800")], gone=["i-1"]).data)
        case "milestone.reached":
            return dict(milestone("10").data)
        case "seat_limit.approached":
            return {**signal("80").data, **SEATS}
        case _:
            counts = kind.startswith("limit.")
            return dict((signal("80", kind=kind) if counts else gated(kind=kind)).data)


EVERY = ["rule", "family"]
CROSSED = [*EVERY, "threshold", "crossed"]
METERED = [*EVERY, "meter", "usage"]
REQUIRED: dict[str, list[str]] = {
    "limit.reached": [*CROSSED, "meter", "usage"],
    "limit.recovered": [*CROSSED, "meter", "usage"],
    "milestone.reached": [*CROSSED, "meter", "usage"],
    "seat_limit.approached": [*CROSSED, "used"],
    "seat_limit.invited": [*EVERY, "used", "invite", "invites", "blocked"],
    "seat_limit.last_taken": [*EVERY, "used"],
    "feature.gated": [*EVERY, "feature"],
    "admin_feature.requested": [*EVERY, "feature"],
    "support_pattern.found": [*EVERY, "features"],
    "product.requested": [*EVERY, "product"],
    "interest.grown": [*EVERY, "product"],
    "team.grown": [*EVERY, "events"],
    "usage.accelerated": [*METERED, "window"],
    "volume.grown": [*METERED, "window"],
    "usage.declined": [*METERED, "window"],
    "power_user.reached": METERED,
    "usage.run_out_forecast": [*METERED, "per_day"],
    **dict.fromkeys(
        (
            *("use_case.added", "integration.connected", "workflow_gap.found", "sharing.grown", "network.added"),
            *("region.added", "renewal.near", "cancel.requested"),
            *("pql.qualified", "pql.disqualified", "pql.score_changed"),
        ),
        EVERY,
    ),
    "reading": ["reason", "facts", "levels", "health_inputs"],
    "account.changed": ["from", "to"],
}


def test_every_type_that_is_judged_has_its_row() -> None:
    assert REQUIRED.keys() == (KINDS.keys() | set(TOLD)) - UNJUDGED


@pytest.mark.parametrize("kind", REQUIRED)
def test_what_metering_writes_is_taken(kind: str) -> None:
    assert check_content(kind, valid(kind)) is None


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in REQUIRED.items() for name in names])
def test_without_what_deciding_relies_on_it_is_rejected_by_its_name(kind: str, name: str) -> None:
    with pytest.raises(RejectedRecord, match=rf"{kind}: data\.{name}") as caught:
        check_content(kind, {each: value for each, value in valid(kind).items() if each != name})
    assert caught.value.code == "invalid_data"


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, names in REQUIRED.items() for name in names])
def test_what_deciding_relies_on_has_one_form(kind: str, name: str) -> None:
    with pytest.raises(RejectedRecord):
        check_content(kind, valid(kind) | {name: [None]})


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("limit.reached", {"rule": {"id": "api-quota"}}),
    ("limit.reached", {"rule": {"id": 7, "version": "3f2a"}}),
    ("limit.reached", {"family": "limits"}),
    ("limit.reached", {"usage": 800}),
    ("limit.reached", {"usage": "many"}),
    ("limit.reached", {"usage": "1e9"}),
    ("limit.reached", {"usage": "٣"}),
    ("limit.reached", {"usage": "9" * 61}),
    ("limit.reached", {"limit": 1000}),
    ("limit.reached", {"threshold": {"kind": "half", "value": "50"}}),
    ("limit.reached", {"threshold": {"kind": "percent", "value": 80}}),
    ("limit.reached", {"crossed": [{"kind": "percent"}]}),
    ("limit.reached", {"period": {"start": "2026-11-01T00:00:00Z"}}),
    ("limit.reached", {"period": {"start": "November", "end": "December"}}),
    ("limit.reached", {"user": 7}),
    ("limit.reached", {"plan": 7}),
    ("limit.reached", {"account": {"version": 7}}),
    ("limit.reached", {"account": "acct-1"}),
    ("limit.reached", {"account": {**FREE, "time_zone": "Mars/Olympus"}}),
    ("limit.reached", {"past": "yesterday"}),
    ("seat_limit.approached", {"allowance": 5}),
    ("seat_limit.invited", {"invites": -1}),
    ("seat_limit.invited", {"invites": True}),
    ("seat_limit.invited", {"blocked": "true"}),
    ("usage.accelerated", {"window": "a week"}),
    ("usage.run_out_forecast", {"limit": "a lot"}),
    ("feature.gated", {"threshold": {"kind": "percent"}}),
    ("support_pattern.found", {"features": [7]}),
    ("cancel.requested", {"user": 7}),
    ("reading", {"reason": "weekly"}),
    ("reading", {"levels": [{"meter": "api_calls"}]}),
    ("reading", {"levels": [{**level("800"), "usage": 800}]}),
    ("reading", {"levels": [{**level("800"), "period": {}}]}),
    ("reading", {"gone": "i-1"}),
    ("account.changed", {"to": {"plan": "pro"}}),
    ("account.changed", {"from": "free"}),
]


@pytest.mark.parametrize(("kind", "told"), WRONG, ids=[f"{kind} {told}" for kind, told in WRONG])
def test_anything_wrong_in_it_is_rejected(kind: str, told: dict[str, Any]) -> None:
    with pytest.raises(RejectedRecord):
        check_content(kind, valid(kind) | told)


@pytest.mark.parametrize("name", ["limit", "period", "account", "plan", "user"])
def test_what_is_not_known_may_be_null(name: str) -> None:
    assert check_content("limit.reached", valid("limit.reached") | {name: None}) is None


def test_further_properties_are_carried_on_whatever_they_hold() -> None:
    assert check_content("limit.reached", valid("limit.reached") | {"of a version to come": [1, {}]}) is None


@pytest.mark.parametrize("kind", sorted(UNJUDGED))
def test_what_is_evidence_for_the_audit_alone_may_say_anything(kind: str) -> None:
    assert check_content(kind, {"rule": 7}) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


AFTERWARDS = [
    signal("80", kind="limit.recovered", time=NOW + HOUR, crossed=[]),
    reading(NOW + HOUR, levels=[level("800", month="2026-12")], gone=["i-1"]),
    changed(FREE, {"version": 8, "plan": "pro"}, NOW + HOUR),
    changed(FREE, None, NOW + HOUR),
]


@given(kind=st.sampled_from(list(REQUIRED)), content=st.data(), value=values, quiet=st.booleans())
def test_whatever_is_taken_can_be_decided_held_and_ended(
    kind: str, content: st.DataObject, value: object, *, quiet: bool
) -> None:
    told = valid(kind)
    told[content.draw(st.sampled_from(sorted({*told, "threshold", "limit", "feature", "session"})))] = value
    asked = replace(gated(), type=kind, data=told)
    if kind in KINDS and KINDS[kind].crosses:
        asked = replace(asked, keys=(key("80"),))
    account = DecidedAccount(NIGHT if quiet else UNRESTRAINED)
    with suppress(RejectedRecord):
        account.hear(asked)
    for each in AFTERWARDS:
        account.hear(each)
