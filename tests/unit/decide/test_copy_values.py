"""What copy is filled with: each field as a person reads it, or left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from example_signals import FIRING, name, read
from expansion_signals.decide.copy_values import READ, values_of
from expansion_signals.model.kinds import KINDS
from expansion_signals.rules.copy_fields import EVERY, FIELDS, OFFER
from sample_signals import gated, signal

if TYPE_CHECKING:
    from pathlib import Path

    from expansion_signals.model.signals import Signal


def of_kind(kind: str, **data: object) -> Signal:
    """Return a signal of a kind, with this data alone."""
    return replace(gated(kind=kind), data=data)


def values(asked: Signal, language: str = "en", offered: dict[str, Any] | None = None) -> dict[str, str]:
    return dict(values_of(asked, offered or {}, language))


def test_a_limit_is_told_as_a_person_reads_it() -> None:
    assert values(signal("100")) == {
        "usage": "1,250",
        "limit": "1,000",
        "remaining": "0",
        "overage": "250",
        "percent": "125 %",
        "unit": "calls",
        "meter": "api_calls",
        "feature": "api_calls",
        "period_end": "2026-12-01",
        "account": "acct-1",
        "user": "u-42",
        "plan": "free",
        "why": "1,250 of 1,000 calls used (125 %) with 9 days of the period left",
    }


@pytest.mark.parametrize("path", FIRING, ids=name)
def test_an_example_has_a_value_for_every_field_that_its_data_knows(path: Path) -> None:
    asked = read(path)
    unknown = {field for field, value in asked.data.items() if value is None}
    named = {field for field in FIELDS[KINDS[asked.type].rule] if field not in OFFER}
    assert named - values(asked).keys() == named & unknown


def test_every_field_of_a_signal_is_read() -> None:
    assert READ.keys() | {"account"} | set(OFFER) == {field for fields in FIELDS.values() for field in fields}


@pytest.mark.parametrize("kind", sorted(kind.type for kind in KINDS.values()))
def test_of_a_signal_without_data_only_its_account_is_known(kind: str) -> None:
    assert values(of_kind(kind)) == {"account": "acct-1"}


@pytest.mark.parametrize(
    ("kind", "data", "field", "value"),
    [
        ("limit.reached", {"usage": "999", "limit": "1000"}, "percent", "99 %"),
        ("limit.reached", {"usage": "999.999", "limit": "1000"}, "percent", "99 %"),
        ("limit.reached", {"usage": "5", "limit": "0"}, "percent", None),
        ("limit.reached", {"usage": "5", "limit": None}, "percent", None),
        ("limit.reached", {"usage": "9" * 40, "limit": "0." + "0" * 19 + "1"}, "percent", "9" * 40 + "0" * 22 + " %"),
        ("seat_limit.approached", {"used": "4", "allowance": "5"}, "percent", "80 %"),
        ("seat_limit.approached", {"used": "4", "allowance": None}, "percent", None),
        ("renewal.near", {"utilization": "0.8499"}, "percent", "84 %"),
        ("renewal.near", {"utilization": None}, "percent", None),
        ("limit.reached", {"usage": "1", "limit": "2", "unit": "entry"}, "unit", "entries"),
        ("limit.reached", {"usage": "5", "limit": "1", "unit": "entry"}, "unit", "entry"),
        ("limit.reached", {"usage": "1", "limit": None, "unit": "entry"}, "unit", "entry"),
        ("milestone.reached", {"usage": "60", "threshold": {"value": "1"}, "unit": "project"}, "unit", "project"),
        ("milestone.reached", {"usage": "60", "threshold": {"value": "50"}}, "milestone", "50"),
        ("volume.grown", {"usage": "2", "unit": "GB"}, "unit", "GB"),
        ("volume.grown", {"growth": "27.5"}, "growth", "27.5 %"),
        ("usage.declined", {"growth": "-40"}, "growth", "-40 %"),
        ("feature.gated", {"window": "14d"}, "window", "14 days"),
        ("feature.gated", {"window": "1d"}, "window", "1 day"),
        ("feature.gated", {"window": "36h"}, "window", "36 hours"),
        ("feature.gated", {"window": "soon"}, "window", None),
        ("feature.gated", {"attempts": 1200}, "attempts", "1,200"),
        ("feature.gated", {"feature": "a\nb\u202e{plan}", "plan": "free"}, "feature", "a b{plan}"),
        ("feature.gated", {"feature": "\u200b"}, "feature", None),
        ("use_case.added", {"features": ["sso", "\u200b", None, "api"]}, "features", "sso, api"),
        ("use_case.added", {"features": ["f" * 90, "g" * 90]}, "features", f"{'f' * 90}, {'g' * 27}…"),
        ("workflow_gap.found", {"destinations": []}, "destinations", None),
        ("region.added", {"values": [{"kind": "region", "value": "apac"}, {"kind": 1}, 7]}, "values", "region apac"),
        ("pql.qualified", {"criteria": [{"id": "a", "met": True}, {"id": "b", "met": False}]}, "criteria", "a"),
        ("pql.qualified", {"score": 85, "tier": "A"}, "score", "85"),
        ("cancel.requested", {"reason": None}, "reason", None),
        ("cancel.requested", {"why": "w" * 400}, "why", "w" * 400),
        ("cancel.requested", {"why": "w" * 481}, "why", "w" * 479 + "…"),
        ("renewal.near", {"renewal_at": "2027-01-31T00:00:00Z"}, "renewal_at", "2027-01-31"),
        ("renewal.near", {"renewal_at": "tomorrow"}, "renewal_at", None),
        ("renewal.near", {"renewal_at": None}, "renewal_at", None),
    ],
)
def test_a_field_is_shown_as_people_read_it(kind: str, data: dict[str, Any], field: str, value: str | None) -> None:
    assert values(of_kind(kind, **data)).get(field) == value


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ({"time_zone": "Europe/Berlin"}, "2026-12-01"),
        ({"time_zone": "America/New_York"}, "2026-11-30"),
        ({}, "2026-11-30"),
        (None, "2026-11-30"),
        ({"time_zone": "Mars/Olympus"}, None),
    ],
)
def test_a_period_ends_on_the_day_of_the_account(zone: dict[str, str] | None, day: str | None) -> None:
    asked = of_kind("limit.reached", period={"end": "2026-11-30T23:00:00Z"}, account=zone)
    assert values(asked).get("period_end") == day


@pytest.mark.parametrize("end", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_day_that_the_calendar_of_the_account_does_not_have_is_left_out(end: str) -> None:
    zones = [
        values(of_kind("limit.reached", period={"end": end}, account={"time_zone": f"Etc/GMT{hours}"}))
        for hours in ("+12", "-14")
    ]
    assert sum("period_end" in zone for zone in zones) == 1


def test_other_languages_write_numbers_their_way_and_know_no_english_words() -> None:
    told = values(of_kind("volume.grown", usage="1234.5", unit="entry", window="7d", growth="27.5"), "de")
    assert told == {"usage": "1.234,5", "unit": "entry", "window": "7d", "growth": "27,5 %", "account": "acct-1"}


def test_a_signal_has_no_fields_of_another() -> None:
    assert values(of_kind("integration.connected", integration="chat", usage="7")).keys() == {"integration", "account"}


def test_the_fields_of_every_signal_are_told_with_an_offer_beside_them() -> None:
    told = values(gated(), offered={"kind": "plan", "to": "pro"})
    assert told.keys() == {"feature", "attempts", "users", "window", *EVERY, "offer"}
