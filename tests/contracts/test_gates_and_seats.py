"""Changes that gates and seats will ask: events counted once within a gap, and members held (semantics 4.1, 5.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from counter_course import applied, course, level
from expansion_signals.model.batches import Applied
from expansion_signals.model.changes import EXACT_MEMBERS, Hold, HoldOnly, Touch
from expansion_signals.model.facts import Marks
from expansion_signals.model.instants import SECOND
from expansion_signals.model.thresholds import Guard
from sample_batches import (
    ACCOUNT,
    CALLS,
    FILES,
    NEIGHBOUR,
    NOW,
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

GAP = 30 * SECOND


def touch(*seconds: float) -> Touch:
    """Return attempts so many seconds from now."""
    return Touch(tuple(NOW + int(each * SECOND) for each in seconds), GAP)


# ----------------------------------------------------------------------------------------------- touch


async def test_attempts_a_gap_apart_are_counted_each(kept: Kept) -> None:
    assert await course(kept, touch(0), touch(30), touch(61)) == [(0, 0, 1), (1, 0, 1), (2, 0, 1)]


async def test_a_re_render_within_the_gap_is_not_counted(kept: Kept) -> None:
    assert await course(kept, touch(0), touch(29.999999), touch(30)) == [(0, 0, 1), (1, 0, 0), (1, 0, 1)]


async def test_the_gap_runs_from_the_last_one_counted_and_not_from_the_last_one_seen(kept: Kept) -> None:
    await course(kept, touch(0, 20, 40, 60, 71))
    assert await level(kept) == 3


async def test_what_is_not_counted_stays_the_same_over_any_division_into_polls(kept: Kept) -> None:
    await course(kept, touch(0, 20), touch(40), touch(60), touch(71))
    assert await level(kept) == 3


@pytest.mark.parametrize(("seconds", "by"), [(-30, 1), (-29.999999, 0), (0, 0)])
async def test_an_earlier_attempt_counts_where_it_is_a_gap_away(kept: Kept, seconds: float, by: int) -> None:
    assert (await course(kept, touch(0), touch(seconds)))[1] == (1, 0, by)


async def test_an_earlier_attempt_leaves_the_last_one_where_it_is(kept: Kept) -> None:
    assert await course(kept, touch(0), touch(-60), touch(-10), touch(20)) == [
        (0, 0, 1),
        (1, 0, 1),
        (2, 0, 0),
        (2, 0, 0),
    ]


async def test_attempts_that_may_not_fire_are_counted_first(kept: Kept) -> None:
    (fact,) = await applied(kept, asked(moved_by(touch(10, 31, 62), quiet=touch(0, 1))))
    assert (fact.quiet, fact.firing) == (1, 2)


async def test_no_attempt_leaves_a_level_of_nothing(kept: Kept) -> None:
    assert await course(kept, touch(), touch(0)) == [(0, 0, 0), (0, 0, 1)]


async def test_the_gap_is_that_of_each_counter(kept: Kept) -> None:
    await applied(
        kept, asked(moved_by(touch(0)), moved_by(touch(1), counter=FILES)), asked(moved_by(touch(2)), account=NEIGHBOUR)
    )
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 1, (ACCOUNT, FILES): 1, (NEIGHBOUR, CALLS): 1}


# ------------------------------------------------------------------------------------------------ hold


async def test_members_are_held_until_they_are_dropped(kept: Kept) -> None:
    assert await course(kept, Hold((1, 2)), Hold((2, 3), (1,)), Hold((), (3,))) == [(0, 0, 2), (2, 0, 0), (2, 0, -1)]


async def test_a_member_that_is_not_held_cannot_be_dropped(kept: Kept) -> None:
    assert await course(kept, Hold((1,)), Hold((), (9,))) == [(0, 0, 1), (1, 0, 0)]


async def test_a_member_put_and_dropped_at_once_is_not_held(kept: Kept) -> None:
    assert await course(kept, Hold((1, 2), (2,))) == [(0, 0, 1)]


async def test_a_counter_whose_last_member_goes_stands_at_nothing(kept: Kept) -> None:
    await course(kept, Hold((1,)), Hold((), (1,)), Hold((1,)))
    assert await level(kept) == 1


async def test_members_that_may_not_fire_are_put_and_dropped_first(kept: Kept) -> None:
    (fact,) = await applied(kept, asked(moved_by(Hold((2, 3), (1,)), quiet=Hold((1, 2)))))
    assert (fact.quiet, fact.firing) == (2, 0)


async def test_held_members_are_exact_however_many_there_are(kept: Kept) -> None:
    facts = await applied(kept, asked(moved_by(Hold(tuple(range(9_000))))), asked(moved_by(Hold((-1,), (5,)))))
    assert ([fact.firing for fact in facts], facts[-1].estimated, await level(kept)) == ([9_000, 0], False, 9_000)


async def test_a_list_replaces_all_that_was_held(kept: Kept) -> None:
    changes = (Hold((1, 2, 3)), HoldOnly((3, 4)), Hold((), (1,)), Hold((), (4,)))
    assert await course(kept, *changes) == [(0, 0, 3), (3, 0, -1), (2, 0, 0), (2, 0, -1)]


async def test_a_list_may_be_empty_or_longer_than_what_was_held(kept: Kept) -> None:
    many = HoldOnly(tuple(range(EXACT_MEMBERS + 700)))
    assert await course(kept, Hold((1,)), HoldOnly(()), many) == [(0, 0, 1), (1, 0, -1), (0, 0, 1_200)]


async def test_a_list_may_come_quietly_before_what_may_fire(kept: Kept) -> None:
    facts = await applied(
        kept, asked(moved_by(Hold((1, 2, 3)))), asked(moved_by(HoldOnly((4,)), quiet=HoldOnly((5, 6))))
    )
    assert (facts[-1].quiet, facts[-1].firing) == (-1, -1)


async def test_held_members_are_not_estimated_when_the_profile_changes(kept: Kept) -> None:
    facts = await applied(kept, asked(moved_by(Hold(tuple(range(900))))), asked(change=change(profile(1))))
    assert (facts[-1].before, facts[-1].estimated) == (900, False)


async def test_each_counter_holds_members_of_its_own(kept: Kept) -> None:
    await applied(kept, asked(moved_by(Hold((1, 2))), moved_by(Hold((2, 3)), counter=FILES)))
    await apply(kept.store, poll(asked(moved_by(HoldOnly(()))), start=10, end=20))
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 0, (ACCOUNT, FILES): 2}


# ---------------------------------------------------------------------------------------------- guards


@pytest.mark.parametrize(
    ("before", "passing", "silent"),
    [
        (touch(*range(0, 300, 30)), touch(*range(300, 2_400, 30)), touch(*range(300, 2_370, 30))),
        (Hold(tuple(range(10))), Hold(tuple(range(80))), Hold(tuple(range(79)))),
        (Hold(tuple(range(10))), Hold((), tuple(range(6))), Hold((), tuple(range(5)))),
        (Hold(tuple(range(10))), HoldOnly(tuple(range(80))), HoldOnly(tuple(range(20, 25)))),
    ],
)
async def test_a_change_is_a_fact_only_where_the_level_passes_its_guard(
    kept: Kept, before: Change, passing: Change, silent: Change
) -> None:
    facts = await facts_of(kept.store, poll(asked(moved_by(before))))
    await kept.store.mark([mark(facts, Marks(100), Guard(5, 80))])
    quietly = await apply(kept.store, poll(asked(moved_by(quiet=silent)), start=10, end=20))
    loudly = await facts_of(kept.store, poll(asked(moved_by(passing)), start=20, end=30))
    assert (quietly, len(loudly.facts)) == (Applied([]), 1)
