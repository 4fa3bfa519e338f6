"""How long a counter is kept, and which events it takes in (semantics 2.3, 2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.catalog import Catalog, Meter
from expansion_signals.model.instants import DAY, HOUR, day_of, parse_instant
from expansion_signals.model.months import Month
from expansion_signals.model.readings import Counter, Period
from expansion_signals.pipeline.retention import LAG_ALLOWED, Retention, is_gone, kept_after

if TYPE_CHECKING:
    from expansion_signals.model.catalog import Per

END = parse_instant("2026-11-22T11:00:00Z")
PERIOD = Period(END - HOUR, END)
CATALOG = Catalog("USD", {"hourly": Meter("hourly", "e", "count", "call", per="hour")}, {}, {}, {})


@pytest.mark.parametrize(
    ("per", "acceptance", "kept"),
    [
        ("hour", 2 * HOUR, 2 * HOUR),
        ("hour", 35 * DAY, DAY),
        ("day", DAY, DAY),
        ("day", 35 * DAY, 35 * DAY),
        ("period", 35 * DAY, 35 * DAY),
    ],
)
def test_a_counter_is_kept_for_the_acceptance_window_and_of_an_hour_for_a_day_at_most(
    per: Per, acceptance: int, kept: int
) -> None:
    assert kept_after(per, acceptance) == kept


@pytest.mark.parametrize(("after", "gone"), [(DAY - 1, False), (DAY, True)])
def test_an_event_appended_a_day_after_its_hour_moves_no_counter(after: int, *, gone: bool) -> None:
    assert is_gone(PERIOD, "hour", END + after, 35 * DAY) is gone


def test_a_stock_is_never_gone() -> None:
    assert not is_gone(None, "never", END + 1000 * DAY, DAY)


def test_no_event_asks_for_a_counter_that_is_dropped_however_partitions_lag() -> None:
    dropped_at = END + DAY + LAG_ALLOWED
    counter = Counter("hourly", "", PERIOD.start)
    assert Retention(CATALOG, 35 * DAY, dropped_at).counters_gone([counter], None) == {counter}
    assert is_gone(PERIOD, "hour", dropped_at - LAG_ALLOWED, 35 * DAY)


SEPTEMBER = Month(2026, 9)


@pytest.mark.parametrize(("reached", "is_over"), [("2026-12-01T23:59:59Z", False), ("2026-12-02T00:00:00Z", True)])
def test_september_is_over_62_days_after_its_end(reached: str, *, is_over: bool) -> None:
    assert Retention(CATALOG, DAY, parse_instant(reached)).is_over(SEPTEMBER) is is_over


@pytest.mark.parametrize(
    ("reached", "first"), [("2027-10-31T23:59:59Z", SEPTEMBER), ("2027-11-01T00:00:00Z", Month(2026, 10))]
)
def test_a_total_of_september_is_kept_for_13_months(reached: str, first: Month) -> None:
    assert Retention(CATALOG, DAY, parse_instant(reached)).totals_from == first


def test_use_keeps_an_account_not_known_for_35_days_past_the_acceptance_window() -> None:
    day = day_of(END)
    reached = [(day + 1) * DAY + 36 * DAY - 1, (day + 1) * DAY + 36 * DAY]
    assert [Retention(CATALOG, DAY, each).hours_from <= day for each in reached] == [True, False]
