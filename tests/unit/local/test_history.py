"""What the simulated customers used on the days before: a file that `import` takes, and no limit reached by it."""

from __future__ import annotations

import random
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING

import pytest

from expansion_signals.cli.day_total_file import read_day_totals
from expansion_signals.local.customers import entitlement_to, found_customers, habits_of
from expansion_signals.local.history import days_before, lines_of
from expansion_signals.model.catalog import Catalog, Entitlement, Feature, Meter, Plan
from expansion_signals.model.events import USAGE_RECORDED
from expansion_signals.model.instants import DAY, day_of, parse_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expansion_signals.local.customers import Customer
    from expansion_signals.local.history import DayUse

NOW = parse_instant("2026-11-22T10:00:00Z")
TODAY = day_of(NOW)
CALLS = Meter("api_calls", USAGE_RECORDED, "sum", "call", value="value", where={"meter": "api_calls"})
STORED = Meter("storage_gb", USAGE_RECORDED, "sum", "GB", value="value", per="never", precision=3)
EXPORTS = Meter("exports", "com.acme.report.exported", "count", "export")
METERS = (CALLS, STORED, EXPORTS)
LIMITS = {"api_calls": Entitlement(Decimal(1_000)), "storage_gb": Entitlement(Decimal(5)), "exports": Entitlement()}
CATALOG = Catalog(
    currency="USD",
    meters={meter.key: meter for meter in METERS},
    features={meter.key: Feature(meter.key, meter.key) for meter in METERS},
    plans={"free": Plan("free", LIMITS, Decimal(0)), "open": Plan("open", dict.fromkeys(LIMITS, Entitlement()))},
    add_ons={},
)


def _lived(seed: int = 7) -> tuple[list[Customer], Sequence[DayUse]]:
    chance = random.Random(seed)  # noqa: S311 -- a simulation wants the same numbers again
    customers = found_customers(CATALOG, 200, NOW, chance)
    return customers, days_before(CATALOG, habits_of(CATALOG, customers, 300, chance), NOW, chance)


CUSTOMERS, DAYS = _lived()


@cache
def _by_account(meter: str) -> dict[str, dict[int, Decimal]]:
    """Return by account what it used of a meter, by how many days ago."""
    found: dict[str, dict[int, Decimal]] = {}
    for use in DAYS:
        if use.meter.key == meter:
            found.setdefault(use.account, {})[TODAY - use.day] = use.value
    return found


def _sum(days: dict[int, Decimal], first: int, last: int) -> Decimal:
    return sum((days[back] for back in range(first, last + 1)), Decimal())


def test_import_takes_the_lines() -> None:
    totals = read_day_totals("the days before", lines_of(DAYS), CATALOG, TODAY)
    assert [(total.account, total.meter, total.day, total.amount) for total in totals] == [
        (use.account, use.meter, use.day, int(use.value.scaleb(use.meter.precision))) for use in DAYS
    ]


def test_the_same_seed_gives_the_same_days() -> None:
    assert (_lived()[1], _lived(8)[1] == DAYS) == (DAYS, False)


def test_it_ends_with_yesterday() -> None:
    assert {min(days) for days in _by_account("api_calls").values()} == {1}


def test_meters_that_count_events_are_left_to_live_ones() -> None:
    assert {use.meter.key for use in DAYS} == {"api_calls", "storage_gb"}


def test_what_was_used_before_counts_as_used_in_the_period_that_runs() -> None:
    for customer in CUSTOMERS:
        days = _by_account("api_calls")[customer.account]
        in_period = (TODAY * DAY - customer.anchor) // DAY
        assert customer.used["api_calls"] == _sum(days, 1, in_period)


def test_what_no_period_resets_counts_whole() -> None:
    for customer in CUSTOMERS:
        assert customer.used["storage_gb"] == sum(_by_account("storage_gb")[customer.account].values())


@pytest.mark.parametrize("meter", [CALLS, STORED])
def test_nobody_has_reached_a_limit_by_now(meter: Meter) -> None:
    rights = [(customer, entitlement_to(CATALOG, customer.plan, meter)) for customer in CUSTOMERS]
    limited = [(customer, right.limit) for customer, right in rights if right is not None and right.limit is not None]
    assert limited
    assert [customer for customer, limit in limited if customer.used[meter.key] >= limit] == []


def test_some_grow_some_fall_and_most_do_neither() -> None:
    weeks = [(_sum(days, 1, 7), _sum(days, 8, 14)) for days in _by_account("api_calls").values()]
    months = [(_sum(days, 1, 30), _sum(days, 31, 60)) for days in _by_account("api_calls").values() if 60 in days]
    growing = [later for later, earlier in weeks if later > Decimal("1.3") * earlier >= 130]
    falling = [later for later, earlier in months if later <= Decimal("0.7") * earlier]
    assert 0 < len(falling) < len(growing) < len(CUSTOMERS) / 2


def test_some_fill_up_what_they_have_before_the_period_is_over() -> None:
    free = [customer for customer in CUSTOMERS if customer.plan == "free"]
    filling = [each for each in free if _sum(_by_account("api_calls")[each.account], 1, 14) / 14 * 28 > 1_000]
    assert 0 < len(filling) < len(free) / 2
