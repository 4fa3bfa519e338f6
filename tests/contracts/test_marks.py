"""Marking: by number and nonce, so that only who judged what stands here changes anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Applied
from expansion_signals.model.facts import Marks
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    FILES,
    OPEN,
    apply,
    asked,
    change,
    facts_of,
    mark,
    move,
    poll,
    profile,
)

if TYPE_CHECKING:
    from expansion_signals.ports import Store
    from kept_state import Kept

FIRED = Marks(1000, {ArmKey("quota", "80%"): Arm("fired")})


async def test_a_mark_clears_what_was_judged(store: Store) -> None:
    facts = await facts_of(store, poll(asked(move(1))))
    assert await store.mark([mark(facts, FIRED, OPEN)]) == []
    assert (await store.facts([ACCOUNT]), await store.waiting()) == ([], {})


async def test_a_mark_sets_marks_and_guards_with_their_epoch(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(1))))
    await kept.store.mark([mark(facts, FIRED, Guard(-3, 80))])
    inside = await kept.inside()
    assert (inside.marks, inside.guards) == ({(ACCOUNT, CALLS): FIRED}, {(ACCOUNT, CALLS): "1:-3:80"})


async def test_the_same_mark_twice_is_one(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(1))))
    await kept.store.mark([mark(facts, FIRED, OPEN)])
    assert await kept.store.mark([mark(facts, Marks(1), OPEN)]) == []
    assert (await kept.inside()).marks == {(ACCOUNT, CALLS): FIRED}


async def test_a_late_mark_of_a_zombie_changes_nothing_and_is_told_what_is_left(kept: Kept) -> None:
    zombie = await facts_of(kept.store, poll(asked(move(1))))
    owner = await facts_of(kept.store, poll(asked(move(1)), start=10, end=20))
    await kept.store.mark([mark(owner, FIRED, OPEN)])
    last = await facts_of(kept.store, poll(asked(move(1)), start=20, end=30, epoch=2))
    assert await kept.store.mark([mark(zombie, Marks(5), OPEN)]) == [last]
    inside = await kept.inside()
    assert (inside.marks, inside.guards) == ({(ACCOUNT, CALLS): FIRED}, {})


async def test_a_mark_with_another_nonce_changes_nothing(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(1))))
    assert await kept.store.mark([replace(mark(facts, FIRED, OPEN), nonce="n-of-another-time-line")]) == [facts]
    assert (await kept.inside()).marks == {}


async def test_a_mark_of_a_fact_that_is_not_there_changes_nothing(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(1))))
    assert await kept.store.mark([replace(mark(facts, FIRED, OPEN), number=2)]) == [facts]


async def test_a_mark_that_knows_another_last_mark_changes_nothing(kept: Kept) -> None:
    facts = await facts_of(kept.store, poll(asked(move(1))))
    assert await kept.store.mark([replace(mark(facts, FIRED, OPEN), marked=1)]) == [facts]


async def test_marking_an_account_never_seen_does_nothing(store: Store) -> None:
    facts = await facts_of(store, poll(asked(move(1))))
    assert await store.mark([replace(mark(facts, FIRED, OPEN), account=ELSEWHERE)]) == []


async def test_a_mark_up_to_an_earlier_fact_leaves_the_later_ones(store: Store) -> None:
    first = await facts_of(store, poll(asked(move(1))))
    both = await facts_of(store, poll(asked(move(2)), start=10, end=20))
    assert await store.mark([mark(first, FIRED, OPEN)]) == []
    (left,) = await store.facts([ACCOUNT])
    assert (left.marked, left.facts, left.marks) == (1, [both.facts[1]], {CALLS: FIRED})


async def test_no_guard_is_set_where_a_later_fact_of_its_counter_waits(kept: Kept) -> None:
    first = await facts_of(kept.store, poll(asked(move(1), move(1, counter=FILES))))
    await apply(kept.store, poll(asked(move(1)), start=10, end=20))
    await kept.store.mark([mark(first, FIRED, OPEN)])
    assert set((await kept.inside()).guards) == {(ACCOUNT, FILES)}


async def test_no_guard_is_set_where_a_change_of_the_profile_waits(kept: Kept) -> None:
    first = await facts_of(kept.store, poll(asked(move(1))))
    await apply(kept.store, poll(asked(change=change(profile(1))), start=10, end=20))
    await kept.store.mark([mark(first, FIRED, OPEN)])
    assert (await kept.inside()).guards == {}


async def test_marks_of_several_accounts_and_shards_are_set_in_one_call(store: Store) -> None:
    answers = await store.apply([poll(asked(move(1))), poll(asked(move(1), account=ELSEWHERE))])
    marks = [mark(facts) for answer in answers for facts in answer.facts]
    assert await store.mark(marks) == []
    assert await store.waiting() == {}


async def test_marking_nothing_answers_nothing(store: Store) -> None:
    assert await store.mark([]) == []


@pytest.mark.parametrize("arms", [0, 1, 2, 3, 5, 9, 40])
async def test_marks_of_any_length_come_back_whole(store: Store, arms: int) -> None:
    marks = Marks(None, {ArmKey("quota", f"{n}%"): Arm("already_past", n + 1) for n in range(arms)})
    await store.mark([mark(await facts_of(store, poll(asked(move(1)))), marks)])
    assert (await facts_of(store, poll(asked(move(1)), start=10, end=20))).marks == {CALLS: marks}


@pytest.mark.parametrize("letters", range(50, 70))
async def test_marks_that_fill_their_last_chunk_come_back_whole(store: Store, letters: int) -> None:
    marks = Marks(7, {ArmKey("q" * letters, "ü☃"): Arm("fired", 3, (-5, 2**52), 2**63 - 1)})
    await store.mark([mark(await facts_of(store, poll(asked(move(1)))), marks)])
    assert (await facts_of(store, poll(asked(move(1)), start=10, end=20))).marks == {CALLS: marks}


@pytest.mark.parametrize("held", [0, 2**52])
async def test_an_arm_that_waits_comes_back_waiting(store: Store, held: int) -> None:
    marks = Marks(7, {ArmKey("quota", "80%"): Arm(held=held, waits=True)})
    await store.mark([mark(await facts_of(store, poll(asked(move(1)))), marks)])
    assert (await facts_of(store, poll(asked(move(1)), start=10, end=20))).marks == {CALLS: marks}


async def test_shorter_marks_leave_nothing_of_longer_ones(store: Store) -> None:
    long = Marks(9, {ArmKey("quota", f"{n}%"): Arm("fired") for n in range(40)})
    await store.mark([mark(await facts_of(store, poll(asked(move(1)))), long)])
    await store.mark([mark(await facts_of(store, poll(asked(move(1)), start=10, end=20)), FIRED)])
    assert (await facts_of(store, poll(asked(move(1)), start=20, end=30))).marks == {CALLS: FIRED}


async def test_a_counter_is_silent_once_its_guard_is_set(store: Store) -> None:
    facts = await facts_of(store, poll(asked(move(1))))
    await store.mark([mark(facts, FIRED, Guard(None, 80))])
    assert await apply(store, poll(asked(move(1)), start=10)) == Applied([])
