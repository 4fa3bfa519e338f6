"""What accounts used on a day, together: exact up to 10,000 accounts of a plan, then rounded (semantics 6.4)."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expansion_signals.detect.power_users import PlanUse, plan_use
from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.day_used import DayUsed, rounded, together, used_by

if TYPE_CHECKING:
    from collections.abc import Sequence

DAY, PLACE = 20_779, ("free", "calls")
MANY = 20_000
"""More accounts than are counted exactly."""

AMOUNTS = st.integers(0, 63).flatmap(lambda bits: st.integers(1, max(1, 2**bits - 1)))
"""Of every size alike."""


def used(*amounts: int, plan: str = "free") -> DayUsed:
    return used_by(DAY, [(plan, {"calls": amount}) for amount in amounts])


def idle(accounts: int) -> DayUsed:
    return DayUsed(DAY, {"free": accounts}, {})


@pytest.mark.parametrize(
    ("amount", "stands_as"),
    [
        (0, 0),
        (1, 1),
        (255, 255),
        (256, 256),
        (257, 256),
        (258, 258),
        (1_003, 1_000),
        (1_004, 1_004),
        (1_000_000, 999_424),
        (LARGEST, 255 * 2**55),
    ],
)
def test_an_amount_is_rounded_down_to_its_first_eight_binary_digits(amount: int, stands_as: int) -> None:
    assert rounded(amount) == stands_as


@given(AMOUNTS)
def test_rounding_takes_less_than_a_128th_and_twice_is_once(amount: int) -> None:
    assert (amount - rounded(amount)) * 128 < amount
    assert rounded(rounded(amount)) == rounded(amount)


@given(AMOUNTS, AMOUNTS)
def test_rounding_keeps_the_order(one: int, other: int) -> None:
    assert (rounded(one) <= rounded(other)) or one > other


def test_however_many_accounts_there_are_7295_amounts_differ() -> None:
    edges = {digits << zeros for zeros in range(56) for digits in range(1, 256)}
    assert len({rounded(edge) for edge in edges} | {rounded(edge - 1) for edge in edges if edge > 1}) == 7_295


@pytest.mark.parametrize(("accounts", "counts"), [(10_000, {1_001: 1, 1_003: 1}), (10_001, {1_000: 2})])
def test_amounts_are_rounded_once_a_plan_has_more_than_ten_thousand_accounts(
    accounts: int, counts: dict[int, int]
) -> None:
    assert together(DAY, [used(1_001, 1_003), idle(accounts - 2)]).amounts == {PLACE: counts}


def test_a_part_of_up_to_ten_thousand_accounts_is_exact() -> None:
    amounts = range(1_000, 11_000)
    assert used(*amounts).amounts == {PLACE: Counter(amounts)}


def test_a_part_of_more_accounts_is_rounded() -> None:
    assert used(*[1_001] * 10_001).amounts == {PLACE: {1_000: 10_001}}


def test_plans_are_rounded_apart() -> None:
    parts = together(DAY, [used(1_001), used(1_001, plan="pro"), idle(MANY)])
    assert parts.amounts == {PLACE: {1_000: 1}, ("pro", "calls"): {1_001: 1}}


@pytest.mark.parametrize("amount", [0, -5])
def test_who_used_nothing_counts_as_an_account_alone(amount: int) -> None:
    assert used(amount) == (DAY, {"free": 1}, {})


def grouped(parts: Sequence[DayUsed], cuts: Sequence[int]) -> DayUsed:
    """Put parts together in groups that end at these places, and then the groups."""
    ends = [0, *sorted(cuts), len(parts)]
    return together(DAY, [together(DAY, parts[start:end]) for start, end in pairwise(ends)])


PARTS = st.lists(
    st.builds(
        lambda amounts, others, plan: together(DAY, [used(*amounts, plan=plan), DayUsed(DAY, {plan: others}, {})]),
        st.lists(AMOUNTS | st.integers(990, 1_010), max_size=8),
        st.sampled_from([0, 1, 3_000, 9_990, 10_001]),
        st.sampled_from(["free", "free", "pro"]),
    ),
    max_size=8,
)


@given(PARTS, st.lists(st.integers(0, 8), max_size=4), st.randoms(use_true_random=False))
def test_parts_in_any_order_and_grouping_come_to_the_same(parts: list[DayUsed], cuts: list[int], draw: object) -> None:
    together_at_once = together(DAY, parts)
    draw.shuffle(parts)  # type: ignore[attr-defined]
    assert grouped(parts, [min(cut, len(parts)) for cut in cuts]) == together_at_once


def exact_percentile(accounts: int, amounts: Sequence[int], percent: int) -> int:
    """Return the amount of nearest rank, as its definition reads."""
    ascending = [*[0] * (accounts - len(amounts)), *sorted(amounts)]
    return ascending[-(-accounts * percent // 100) - 1]


@given(st.lists(AMOUNTS, max_size=60), st.integers(0, 400))
def test_up_to_ten_thousand_accounts_the_percentiles_are_exact(amounts: list[int], others: int) -> None:
    accounts = max(1, len(amounts) + others)
    both = together(DAY, [used(*amounts[::2]), used(*amounts[1::2]), idle(accounts - len(amounts))])
    found = plan_use(accounts, both.amounts.get(PLACE, {}))
    assert found[1:] == tuple(exact_percentile(accounts, amounts, percent) for percent in (90, 50))


@st.composite
def crowds(draw: st.DrawFn) -> list[int]:
    """Return what more accounts used than are counted exactly."""
    amounts = draw(st.lists(AMOUNTS, min_size=1, max_size=40))
    return [*amounts * draw(st.integers(1, 600)), *[amounts[0]] * 10_001]


def estimated(everybody: Sequence[int]) -> PlanUse:
    exact = DayUsed(DAY, {"free": len(everybody)}, {PLACE: Counter(everybody)})
    return plan_use(len(everybody), together(DAY, [exact]).amounts[PLACE])


@given(crowds())
def test_beyond_them_the_percentiles_are_at_most_one_percent_below_the_exact_ones(everybody: list[int]) -> None:
    found = estimated(everybody)
    for estimate, percent in ((found.at_least, 90), (found.half, 50)):
        exact = exact_percentile(len(everybody), everybody, percent)
        assert 0 <= (exact - estimate) * 100 <= exact


@given(crowds(), AMOUNTS)
def test_whom_an_estimate_judges_otherwise_is_within_one_percent_of_a_percentile(
    everybody: list[int], usage: int
) -> None:
    tenth, half = (exact_percentile(len(everybody), everybody, percent) for percent in (90, 50))
    if estimated(everybody).is_power_use(usage) is not (usage >= tenth and usage > half):
        assert min(abs(usage - tenth), abs(usage - half)) * 100 <= usage
