"""A crossing is a fact: written in the same call, reported until it is marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Applied
from expansion_signals.model.facts import Changed, Marks, Moved
from expansion_signals.model.thresholds import Arm, ArmKey, Guard
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    EVIDENCE,
    FILES,
    NEIGHBOUR,
    NOW,
    OPEN,
    apply,
    asked,
    change,
    facts_of,
    guarded,
    mark,
    move,
    poll,
    profile,
)

if TYPE_CHECKING:
    from expansion_signals.ports import Store
    from kept_state import Kept


async def test_a_counter_without_a_guard_is_reported(store: Store) -> None:
    facts = await facts_of(store, poll(asked(move(4, quiet=3))))
    assert facts.facts == [Moved(1, "n10", 1, CALLS, 0, 3, 4, EVIDENCE, NOW)]


async def test_a_counter_within_its_guard_is_not_reported(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    assert await apply(store, poll(asked(move(69)), start=10)) == Applied([])


async def test_a_counter_that_reaches_the_upper_end_of_its_guard_is_reported(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    facts = await facts_of(store, poll(asked(move(70)), start=10))
    assert [(fact.before, fact.firing) for fact in facts.facts] == [(10, 70)]


async def test_a_counter_that_falls_to_the_lower_end_of_its_guard_is_not_reported(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    assert await apply(store, poll(asked(move(-5)), start=10)) == Applied([])


async def test_a_counter_that_falls_below_its_guard_is_reported(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    facts = await facts_of(store, poll(asked(move(-6)), start=10))
    assert [(fact.before, fact.firing) for fact in facts.facts] == [(10, -6)]


async def test_a_guard_is_passed_by_the_quiet_part_even_if_the_firing_part_comes_back(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    facts = await facts_of(store, poll(asked(move(-70, quiet=70)), start=10))
    assert [(fact.quiet, fact.firing) for fact in facts.facts] == [(70, -70)]


async def test_a_guard_of_another_epoch_counts_as_none(store: Store) -> None:
    await guarded(store, 10, Guard(5, 80))
    facts = await facts_of(store, poll(asked(move(1)), start=10, end=20, epoch=2))
    assert [fact.epoch for fact in facts.facts] == [2]


async def test_a_guard_without_ends_is_never_passed(store: Store) -> None:
    await guarded(store, 10, OPEN)
    assert await apply(store, poll(asked(move(2**62)), start=10)) == Applied([])


@pytest.mark.parametrize("high", [2**53 + 1, 2**62 + 3, 10**15, 10**18 + 1])
async def test_guards_past_the_exact_doubles_decide_to_the_last_unit(store: Store, high: int) -> None:
    await guarded(store, high - 2, Guard(2 - high, high))
    silent = await apply(store, poll(asked(move(1)), start=10, end=20))
    facts = await facts_of(store, poll(asked(move(1)), start=20, end=30))
    assert (silent, facts.facts[0].before) == (Applied([]), high - 1)


@pytest.mark.parametrize("low", [-(2**53) - 1, -(2**62) - 3, -(10**15), -(10**18) - 1])
async def test_negative_guards_decide_to_the_last_unit(store: Store, low: int) -> None:
    await guarded(store, low + 1, Guard(low, None))
    silent = await apply(store, poll(asked(move(-1)), start=10, end=20))
    facts = await facts_of(store, poll(asked(move(-1)), start=20, end=30))
    assert (silent, facts.facts[0].before) == (Applied([]), low)


async def test_a_report_removes_the_guard_so_every_change_is_reported_until_it_is_marked(store: Store) -> None:
    await guarded(store, 10, Guard(None, 80))
    await apply(store, poll(asked(move(70)), start=10, end=20))
    facts = await facts_of(store, poll(asked(move(-70)), start=20, end=30))
    assert [(fact.number, fact.nonce, fact.before, fact.firing) for fact in facts.facts] == [
        (2, "n20", 10, 70),
        (3, "n30", 80, -70),
    ]


async def test_a_report_removes_the_guard_even_for_a_level_that_came_back_inside_it(store: Store) -> None:
    await guarded(store, 10, Guard(None, 80))
    await apply(store, poll(asked(move(70)), start=10, end=20))
    await apply(store, poll(asked(move(-70)), start=20, end=30))
    facts = await facts_of(store, poll(asked(move(5)), start=30, end=40))
    assert [fact.before for fact in facts.facts] == [10, 80, 10]


async def test_a_counter_that_no_rule_watches_is_counted_and_not_reported(kept: Kept) -> None:
    assert await apply(kept.store, poll(asked(move(4, watched=False)))) == Applied([])
    assert (await kept.inside()).levels == {(ACCOUNT, CALLS): 4}


async def test_an_answer_holds_only_accounts_that_have_something_new(store: Store) -> None:
    await apply(store, poll(asked(move(1))))
    answer = await apply(store, poll(asked(move(0, watched=False)), asked(move(1), account=NEIGHBOUR), start=10))
    assert [facts.account for facts in answer.facts] == [NEIGHBOUR]


async def test_all_unmarked_facts_come_in_order_past_the_tenth(store: Store) -> None:
    for offset in range(12):
        answer = await apply(store, poll(asked(move(1)), start=offset or None, end=offset + 1))
    assert [(fact.number, fact.before) for fact in answer.facts[0].facts] == [(n + 1, n) for n in range(12)]


async def test_facts_come_with_the_marks_before_them(store: Store) -> None:
    marks = Marks(1000, {ArmKey("quota", "80%"): Arm("fired", 2, (NOW,), None)})
    first = await facts_of(store, poll(asked(move(1), move(1, counter=FILES))))
    await store.mark([mark(first, marks, OPEN)])
    facts = await facts_of(store, poll(asked(move(1)), start=10, end=20, epoch=2))
    assert (facts.marked, facts.marks) == (2, {CALLS: marks})


async def test_a_counter_never_judged_has_no_marks(store: Store) -> None:
    assert (await facts_of(store, poll(asked(move(1))))).marks == {}


async def test_facts_are_read_with_the_profile_now(store: Store) -> None:
    await apply(store, poll(asked(move(1))))
    await apply(store, poll(asked(change=change(profile(3))), start=10, end=20))
    (facts,) = await store.facts([ELSEWHERE, ACCOUNT])
    assert (facts.account, facts.profile, [type(fact) for fact in facts.facts]) == (
        ACCOUNT,
        profile(3),
        [Moved, Changed, Moved],
    )


async def test_reading_facts_of_an_account_without_any_returns_nothing(store: Store) -> None:
    await guarded(store, 10, OPEN)
    assert await store.facts([ACCOUNT, ELSEWHERE]) == []


async def test_waiting_names_the_oldest_fact_of_each_account(store: Store) -> None:
    await apply(store, poll(asked(move(1))))
    await apply(store, poll(asked(move(1)), asked(move(1), account=NEIGHBOUR), start=10, end=20))
    await apply(store, poll(asked(move(1), account=ELSEWHERE)))
    assert await store.waiting() == {ACCOUNT: "1", NEIGHBOUR: "1", ELSEWHERE: "1"}


async def test_waiting_changes_when_the_oldest_fact_is_marked(store: Store) -> None:
    first = await facts_of(store, poll(asked(move(1))))
    await apply(store, poll(asked(move(1)), start=10, end=20))
    await store.mark([mark(first)])
    assert await store.waiting() == {ACCOUNT: "2"}


async def test_evidence_comes_back_as_it_was_given(store: Store) -> None:
    evidence = EVIDENCE._replace(id="ünï-☃", source="/a b", user=None, session="s", traceparent="00-1-2-01")
    facts = await facts_of(store, poll(asked(move(1)._replace(evidence=evidence))))
    assert facts.facts[0].evidence == evidence
