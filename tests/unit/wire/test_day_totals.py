"""Totals of days, as `import` writes them and the worker reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from expansion_signals.model.instants import DAY, HOUR, day_of, format_day, format_instant, parse_instant
from expansion_signals.model.records import Record
from expansion_signals.wire import day_totals

if TYPE_CHECKING:
    from collections.abc import Callable

    from expansion_signals.model.events import UsageEvent
    from expansion_signals.model.instants import Instant
    from expansion_signals.wire.codec import CloudEventsCodec

APPENDED = parse_instant("2026-11-22T10:00:01Z")
TODAY = day_of(APPENDED)


@pytest.fixture
def imported(codec: CloudEventsCodec) -> Callable[..., UsageEvent]:
    """Return a day's total as the worker reads what the command writes."""

    def read(day: int, value: str = "310", *, now: Instant = APPENDED, appended: Instant = APPENDED) -> UsageEvent:
        sent = day_totals.record_of("acct-1", "api_calls", day, value, now)
        return codec.usage_event(Record(sent.topic, 3, 41, sent.key, sent.value, sent.headers, appended))

    return read


@pytest.fixture
def envelope(envelope: dict[str, Any]) -> dict[str, Any]:
    data = {"meter": "api_calls", "day": "2026-11-20", "value": "310"}
    return {**envelope, "type": "expansion.usage.imported.v1", "data": data}


def test_a_day_that_is_over_counts_at_its_last_microsecond(imported: Callable[..., UsageEvent]) -> None:
    assert format_instant(imported(TODAY - 40).time) == "2026-10-13T23:59:59.999999Z"


def test_today_counts_now(imported: Callable[..., UsageEvent]) -> None:
    assert imported(TODAY).time == APPENDED


def test_it_counts_quietly(imported: Callable[..., UsageEvent]) -> None:
    assert imported(TODAY).backfill


def test_its_key_is_its_account() -> None:
    assert day_totals.record_of("Käse GmbH", "api_calls", TODAY, "1", APPENDED).key == "Käse GmbH".encode()


def test_the_same_day_has_the_same_id_whatever_its_value(imported: Callable[..., UsageEvent]) -> None:
    assert imported(TODAY, "310").id == imported(TODAY, "311", now=APPENDED + HOUR, appended=APPENDED + HOUR).id


@pytest.mark.parametrize(("back", "code"), [(63, "too_old"), (400_000, "too_old"), (-1, "in_future")])
def test_days_out_of_reach_are_refused(
    refusal: Callable[..., str], envelope: dict[str, Any], back: int, code: str
) -> None:
    envelope["data"]["day"] = format_day(TODAY - back)

    assert refusal(envelope) == code


def test_62_days_back_are_taken(imported: Callable[..., UsageEvent]) -> None:
    assert day_of(imported(TODAY - 62).time) == TODAY - 62


def test_only_its_day_is_old_never_its_time(imported: Callable[..., UsageEvent]) -> None:
    assert imported(TODAY - 3, now=APPENDED - 3 * DAY).time < APPENDED


@pytest.mark.parametrize("day", ["2026-11-31", "2026-1-2", "2026-11-20Z", "2026-11-2\u0660", 20261120, None])
def test_what_is_no_day_is_invalid(refusal: Callable[..., str], envelope: dict[str, Any], day: object) -> None:
    envelope["data"]["day"] = day

    assert refusal(envelope) == "invalid_data"


def test_the_record_is_a_cloudevent_that_says_where_it_is_from() -> None:
    event = json.loads(day_totals.record_of("acct-1", "api_calls", TODAY, "0.5", APPENDED).value or b"")

    assert (event["source"], event["data"]) == (
        "/expansion-signals/import",
        {"meter": "api_calls", "day": "2026-11-22", "value": "0.5"},
    )
