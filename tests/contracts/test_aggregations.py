"""What becomes of a level: each change as its aggregation reads (semantics 2.2), the same in both stores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from counter_course import applied, course, level
from expansion_signals.model.amounts import LARGEST
from expansion_signals.model.batches import Applied, DayMove, Full, HourMove, Overflow, Range
from expansion_signals.model.changes import EXACT_MEMBERS, Add, Become, Raise, Replace, See
from expansion_signals.model.facts import Marks, Moved
from expansion_signals.model.instants import HOUR, day_of, hour_of
from expansion_signals.model.levels import changed
from expansion_signals.model.thresholds import Guard
from kept_state import watermarks_of
from sample_batches import (
    ACCOUNT,
    CALLS,
    EVIDENCE,
    FILES,
    NEIGHBOUR,
    NOW,
    SECOND_PARTITION,
    apply,
    asked,
    change,
    facts_of,
    mark,
    moved_by,
    poll,
    profile,
)

if TYPE_CHECKING:
    from expansion_signals.model.changes import Change
    from kept_state import Kept

TODAY, THIS_HOUR = day_of(NOW), hour_of(NOW)
LATER, EARLIER = NOW + HOUR, NOW - HOUR


# ------------------------------------------------------------------------------------------------- max


async def test_the_highest_stays(kept: Kept) -> None:
    assert await course(kept, Raise(5), Raise(3), Raise(9)) == [(0, 0, 5), (5, 0, 0), (5, 0, 4)]


async def test_the_first_value_counts_though_it_is_negative(kept: Kept) -> None:
    await course(kept, Raise(-7))
    assert await level(kept) == -7


async def test_a_lower_first_value_is_a_change_downwards_from_nothing(kept: Kept) -> None:
    assert await course(kept, Raise(-7), Raise(-3)) == [(0, 0, -7), (-7, 0, 4)]


@pytest.mark.parametrize(
    ("quiet", "firing", "by"), [(5, 8, (5, 3)), (8, 5, (8, 0)), (None, 5, (0, 5)), (5, None, (5, 0))]
)
async def test_what_may_not_fire_raises_the_level_first(
    kept: Kept, quiet: int | None, firing: int | None, by: tuple[int, int]
) -> None:
    parts = [None if part is None else Raise(part) for part in (quiet, firing)]
    (fact,) = await applied(kept, asked(moved_by(parts[1], quiet=parts[0])))
    assert (fact.quiet, fact.firing) == by


@given(levels=st.lists(st.integers(-LARGEST, LARGEST), min_size=1, max_size=5))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_highest_of_any_levels_is_told_exactly(kept: Kept, levels: list[int]) -> None:
    marks = await watermarks_of(kept)
    start = marks[1].get("usage-events/0") or 0
    known = (await kept.inside()).levels.get((ACCOUNT, CALLS))
    for place, each in enumerate(levels):
        batch = poll(asked(moved_by(Raise(each))), start=start + place or None, end=start + place + 1)
        assert isinstance(await apply(kept.store, batch), Applied)
    assert await level(kept) == max(levels if known is None else [known, *levels])


# ---------------------------------------------------------------------------------------------- latest


async def test_the_latest_event_replaces_the_level(kept: Kept) -> None:
    assert await course(kept, Replace(5, NOW, 1), Replace(-2, LATER, 2)) == [(0, 0, 5), (5, 0, -7)]


async def test_an_older_event_changes_nothing(kept: Kept) -> None:
    await course(kept, Replace(5, NOW, 1), Replace(9, EARLIER, 2))
    assert await level(kept) == 5


async def test_what_an_older_event_left_is_still_the_latest(kept: Kept) -> None:
    await course(kept, Replace(5, NOW, 1), Replace(9, EARLIER, 2), Replace(7, NOW - 1, 3))
    assert await level(kept) == 5


@pytest.mark.parametrize(("offset", "wanted"), [(8, 9), (7, 9), (6, 5)])
async def test_a_tie_goes_to_the_higher_offset(kept: Kept, offset: int, wanted: int) -> None:
    await course(kept, Replace(5, NOW, 7), Replace(9, NOW, offset))
    assert await level(kept) == wanted


async def test_the_latest_is_the_latest_across_partitions(kept: Kept) -> None:
    await course(kept, Replace(5, LATER, 7))
    elsewhere = (Range(SECOND_PARTITION, None, 900, NOW, 1),)
    await apply(kept.store, replace(poll(asked(moved_by(Replace(9, NOW, 899)))), ranges=elsewhere))
    assert await level(kept) == 5


@pytest.mark.parametrize(
    ("quiet", "firing", "by"),
    [
        (Replace(5, NOW, 1), Replace(9, LATER, 2), (5, 4)),
        (Replace(5, LATER, 1), Replace(9, NOW, 2), (5, 0)),
        (Replace(5, NOW, 1), None, (5, 0)),
    ],
)
async def test_the_later_of_what_may_fire_and_what_may_not_stays(
    kept: Kept, quiet: Change, firing: Change | None, by: tuple[int, int]
) -> None:
    (fact,) = await applied(kept, asked(moved_by(firing, quiet=quiet)))
    assert (fact.quiet, fact.firing) == by


@pytest.mark.parametrize("amount", [LARGEST, -LARGEST, 2**53 + 1, 0])
async def test_a_latest_level_is_exact(kept: Kept, amount: int) -> None:
    await course(kept, Replace(amount, NOW, 2**52))
    assert await level(kept) == amount


async def test_from_one_end_to_the_other_is_more_than_63_bits_and_exact(kept: Kept) -> None:
    assert (await course(kept, Replace(-LARGEST, NOW, 1), Replace(LARGEST, NOW, 2)))[1] == (-LARGEST, 0, 2 * LARGEST)


# ---------------------------------------------------------------------------------------------- unique


async def test_members_are_counted_once_each(kept: Kept) -> None:
    assert await course(kept, See((1, 2)), See((2, 3)), See((1,))) == [(0, 0, 2), (2, 0, 1), (3, 0, 0)]


async def test_a_member_of_the_quiet_part_is_not_new_in_the_firing_part(kept: Kept) -> None:
    (fact,) = await applied(kept, asked(moved_by(See((2, 3)), quiet=See((1, 2)))))
    assert (fact.quiet, fact.firing) == (2, 1)


async def test_members_that_may_not_fire_alone_are_counted(kept: Kept) -> None:
    (fact,) = await applied(kept, asked(moved_by(quiet=See((1, 2)))))
    assert (fact.quiet, fact.firing) == (2, 0)


async def test_members_are_known_by_all_of_their_64_bits(kept: Kept) -> None:
    assert await course(kept, See((-(2**63), 2**63 - 1, 2**63 - 2, -1, 0))) == [(0, 0, 5)]


async def test_each_counter_has_members_of_its_own(kept: Kept) -> None:
    one, other = moved_by(See((1, 2))), moved_by(See((2, 3)), counter=FILES)
    await applied(kept, asked(one, other), asked(moved_by(See((1,))), account=NEIGHBOUR))
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 2, (ACCOUNT, FILES): 2, (NEIGHBOUR, CALLS): 1}


async def test_members_are_exact_and_said_to_be_up_to_their_number(kept: Kept) -> None:
    facts = await applied(kept, *(asked(moved_by(See(tuple(range(n, n + 100))))) for n in range(0, EXACT_MEMBERS, 100)))
    assert (await level(kept), facts[-1].estimated) == (EXACT_MEMBERS, False)


async def test_one_member_more_is_a_sketch_and_says_so(kept: Kept) -> None:
    facts = await applied(
        kept, asked(moved_by(See(tuple(range(EXACT_MEMBERS))))), asked(moved_by(See((EXACT_MEMBERS,))))
    )
    assert [fact.estimated for fact in facts] == [False, True]


async def test_the_level_at_which_a_sketch_takes_over_is_still_exact(kept: Kept) -> None:
    await applied(kept, asked(moved_by(See(tuple(range(EXACT_MEMBERS - 3))))), asked(moved_by(See(tuple(range(800))))))
    assert await level(kept) == 800


async def test_a_sketch_is_near_and_never_falls(kept: Kept) -> None:
    members = [tuple(each * 2_654_435_761 for each in range(first, first + 60)) for first in range(0, 3_000, 50)]
    facts = await applied(kept, *(asked(moved_by(See(each))) for each in members))
    steps = [fact.firing for fact in facts]
    assert (min(steps) >= 0, abs(sum(steps) - 3_010) < 3_010 * 0.04) == (True, True)


async def test_of_a_sketch_both_parts_say_that_it_is_one(kept: Kept) -> None:
    facts = await applied(
        kept, asked(moved_by(See(tuple(range(900))))), asked(moved_by(See((901,)), quiet=See((902,))))
    )
    assert facts[-1].estimated


async def test_a_counter_of_many_members_says_so_when_the_profile_changes(kept: Kept) -> None:
    few, many = moved_by(See((1,)), counter=FILES), moved_by(See(tuple(range(900))))
    facts = await applied(kept, asked(few, many), asked(change=change(profile(1))))
    assert {fact.counter: fact.estimated for fact in facts[-2:]} == {CALLS: True, FILES: False}


async def test_as_many_members_as_come_are_taken_in_at_once(kept: Kept) -> None:
    await applied(kept, asked(moved_by(See(tuple(range(12_000))), quiet=See(tuple(range(20_000))))))
    assert abs(await level(kept) - 20_000) < 20_000 * 0.04


# ------------------------------------------------------------------------------------------- baselines


async def test_a_baseline_sets_the_level(kept: Kept) -> None:
    facts = await applied(kept, asked(moved_by(Add(5))), asked(moved_by(quiet=Become(700))))
    assert [(fact.before, fact.quiet, fact.firing) for fact in facts] == [(0, 0, 5), (5, 695, 0)]


async def test_what_the_days_after_it_hold_is_added_to_a_baseline(kept: Kept) -> None:
    days = [DayMove("calls", TODAY - ago, Add(10**ago)) for ago in range(4)]
    await applied(kept, asked(days=days), asked(moved_by(quiet=Become(700, (TODAY - 1, TODAY, TODAY + 1)))))
    assert await level(kept) == 711


async def test_the_days_of_a_baseline_may_lie_in_two_months(kept: Kept) -> None:
    days = [DayMove("calls", TODAY - ago, Add(10)) for ago in (0, 30)]
    await applied(kept, asked(days=days), asked(moved_by(quiet=Become(1, (TODAY - 30, TODAY)))))
    assert await level(kept) == 21


async def test_days_of_another_meter_or_account_are_not_in_a_baseline(kept: Kept) -> None:
    await applied(
        kept,
        asked(days=[DayMove("files", TODAY, Add(10))]),
        asked(days=[DayMove("calls", TODAY, Add(10))], account=NEIGHBOUR),
        asked(moved_by(quiet=Become(1, (TODAY,)))),
    )
    assert await level(kept) == 1


async def test_a_baseline_that_no_counter_holds_is_named_with_the_level_before(kept: Kept) -> None:
    await applied(kept, asked(moved_by(Add(5)), days=[DayMove("calls", TODAY, Add(10))]))
    batch = poll(asked(moved_by(quiet=Become(LARGEST, (TODAY,)))), start=10, end=20)
    assert await apply(kept.store, batch) == Overflow([Full(ACCOUNT, "calls", CALLS, 5)])


# ---------------------------------------------------------------------------------------------- guards


@pytest.mark.parametrize(
    ("before", "passing", "silent"),
    [
        (Raise(10), Raise(80), Raise(79)),
        (Replace(10, NOW, 1), Replace(80, NOW, 2), Replace(79, NOW, 2)),
        (Replace(10, NOW, 1), Replace(4, NOW, 2), Replace(80, EARLIER, 2)),
        (See(tuple(range(10))), See(tuple(range(80))), See(tuple(range(79)))),
        (Add(10), Become(80), Become(79)),
    ],
)
async def test_a_change_is_a_fact_only_where_the_level_passes_its_guard(
    kept: Kept, before: Change, passing: Change, silent: Change
) -> None:
    facts = await facts_of(kept.store, poll(asked(moved_by(before))))
    await kept.store.mark([mark(facts, Marks(100), Guard(5, 80))])
    quietly = await apply(kept.store, poll(asked(moved_by(quiet=silent)), start=10, end=20))
    loudly = await facts_of(kept.store, poll(asked(moved_by(quiet=passing)), start=20, end=30))
    assert (quietly, len(loudly.facts)) == (Applied([]), 1)


async def test_a_fact_says_what_a_change_came_to(kept: Kept) -> None:
    facts = await applied(kept, asked(moved_by(Raise(9), quiet=Raise(4))))
    assert facts == [Moved(1, "n10", 1, CALLS, 0, 4, 5, EVIDENCE, NOW)]


# --------------------------------------------------------------------------------------------- buckets


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ((Add(3), Add(-5)), -2),
        ((Raise(-9), Raise(-3), Raise(-4)), -3),
        ((Replace(3, NOW, 1), Replace(-5, NOW, 2), Replace(8, EARLIER, 3)), -5),
    ],
)
async def test_a_day_bucket_holds_what_its_day_came_to(kept: Kept, changes: tuple[Change, ...], wanted: int) -> None:
    await applied(kept, *(asked(days=[DayMove("calls", TODAY, each)]) for each in changes))
    assert (await kept.inside()).days == {(ACCOUNT, "calls", TODAY): wanted}


PARTS = [
    (Add(3), Add(4), Add(7)),
    (Raise(-3), Raise(-4), Raise(-3)),
    (Replace(3, NOW, 1), Replace(4, EARLIER, 2), Replace(3, NOW, 1)),
    (Replace(3, NOW, 1), Replace(4, NOW, 2), Replace(4, NOW, 2)),
    (See((1, 2)), See((2, 5)), See((1, 2, 5))),
]


@pytest.mark.parametrize(("first", "second", "wanted"), PARTS)
async def test_an_hour_bucket_holds_either_part_as_one_change(
    kept: Kept, first: Change, second: Change, wanted: Change
) -> None:
    hours = [HourMove("calls", THIS_HOUR, None, first), HourMove("calls", THIS_HOUR, None, second)]
    hours.append(HourMove("calls", THIS_HOUR, first, None))
    await applied(kept, *(asked(hours=[each]) for each in hours))
    found = await kept.store.hours(ACCOUNT)
    assert found.totals == {("calls", THIS_HOUR): (first, wanted)}


@pytest.mark.parametrize(("first", "second", "_"), PARTS)
async def test_hour_buckets_of_every_kind_go_with_the_profile_that_assigns_them(
    kept: Kept, first: Change, second: Change, _: Change
) -> None:
    await applied(
        kept, asked(hours=[HourMove("calls", THIS_HOUR, first, second), HourMove("calls", THIS_HOUR - 30, None, first)])
    )
    hours = await kept.store.hours(ACCOUNT)
    both = changed(changed(None, first), second)
    batch = poll(asked(moved_by(second, quiet=first), change=change(profile(1), hours=hours)), start=10, end=20)
    assert isinstance(await apply(kept.store, batch), Applied)
    inside = await kept.inside()
    assert (inside.levels, inside.hours) == ({(ACCOUNT, CALLS): both.amount}, {})
