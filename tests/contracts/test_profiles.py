"""A profile changes in the same call as all that follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expansion_signals.model.batches import Applied, OtherProfiles
from expansion_signals.model.changes import Add
from expansion_signals.model.facts import Changed, Marks, Moved
from expansion_signals.model.thresholds import Guard
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    EVIDENCE,
    FILES,
    NOW,
    apply,
    asked,
    change,
    facts_of,
    guarded,
    hour_move,
    mark,
    move,
    poll,
    profile,
)

if TYPE_CHECKING:
    from expansion_signals.ports import Accounts, Store
    from kept_state import Kept

HOUR = NOW // 3_600_000_000


async def test_a_new_profile_is_kept(store: Accounts) -> None:
    await apply(store, poll(asked(change=change(profile(3, "team")))))
    assert await store.profiles([ACCOUNT, ELSEWHERE]) == {ACCOUNT: profile(3, "team"), ELSEWHERE: None}


async def test_a_change_is_a_fact_with_the_profiles_before_and_after(store: Store) -> None:
    await apply(store, poll(asked(change=change(profile(1)))))
    facts = await facts_of(store, poll(asked(profile=profile(1), change=change(profile(2))), start=10, end=20))
    assert facts.facts == [
        Changed(1, "n10", 1, None, profile(1), EVIDENCE, NOW),
        Changed(2, "n20", 1, profile(1), profile(2), EVIDENCE, NOW),
    ]


async def test_the_answer_holds_the_new_profile(store: Store) -> None:
    assert (await facts_of(store, poll(asked(change=change(profile(3)))))).profile == profile(3)


async def test_every_counter_that_stands_follows_as_moved_by_nothing(store: Store) -> None:
    first = await facts_of(store, poll(asked(move(5), move(7, counter=FILES))))
    await store.mark([mark(first, Marks(9), Guard(None, 80))])
    facts = await facts_of(store, poll(asked(change=change(profile(1))), start=10, end=20))
    changed, *moved = facts.facts
    assert isinstance(changed, Changed)
    assert {(fact.counter, fact.before, fact.quiet, fact.firing, fact.nonce) for fact in moved} == {
        (CALLS, 5, 0, 0, "n20"),
        (FILES, 7, 0, 0, "n20"),
    }


async def test_a_change_drops_every_guard_of_the_account(kept: Kept) -> None:
    await guarded(kept.store, 5, Guard(None, 80))
    await apply(kept.store, poll(asked(change=change(profile(1))), start=10))
    assert (await kept.inside()).guards == {}


async def test_a_counter_that_moves_with_the_change_is_one_fact_after_it(store: Store) -> None:
    await guarded(store, 5, Guard(None, 80))
    facts = await facts_of(store, poll(asked(move(1), change=change(profile(1))), start=10, end=20))
    assert [type(fact) for fact in facts.facts] == [Changed, Moved]
    assert (facts.facts[1].before, facts.facts[1].firing) == (5, 1)


async def test_a_tombstone_takes_the_profile_and_leaves_the_counters(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(5), change=change(profile(1)))))
    await apply(kept.store, poll(asked(profile=profile(1), change=change(None)), start=10))
    assert (await kept.store.profiles([ACCOUNT]), (await kept.inside()).levels) == (
        {ACCOUNT: None},
        {(ACCOUNT, CALLS): 5},
    )


async def test_a_tombstone_is_a_fact_without_a_profile_after_it(store: Store) -> None:
    await apply(store, poll(asked(change=change(profile(1)))))
    facts = await facts_of(store, poll(asked(profile=profile(1), change=change(None)), start=10, end=20))
    assert (facts.profile, facts.facts[-1]) == (None, Changed(2, "n20", 1, profile(1), None, EVIDENCE, NOW))


async def test_after_a_tombstone_any_version_may_come(store: Store) -> None:
    await apply(store, poll(asked(change=change(profile(5)))))
    await apply(store, poll(asked(profile=profile(5), change=change(None)), start=10, end=20))
    assert isinstance(await apply(store, poll(asked(change=change(profile(1))), start=20, end=30)), Applied)


async def test_hour_buckets_go_with_the_change_that_assigns_them(store: Accounts) -> None:
    await apply(store, poll(asked(hours=(hour_move(HOUR, 3, 4), hour_move(HOUR + 48, 1, 1)))))
    hours = await store.hours(ACCOUNT)
    batch = poll(asked(move(5, quiet=4), change=change(profile(1), hours=hours)), start=10)
    assert isinstance(await apply(store, batch), Applied)
    assert await store.hours(ACCOUNT) is None


async def test_hour_buckets_that_moved_since_they_were_read_refuse_the_change(store: Accounts) -> None:
    await apply(store, poll(asked(hours=(hour_move(HOUR, 3, 4),)), end=10))
    hours = await store.hours(ACCOUNT)
    await apply(store, poll(asked(hours=(hour_move(HOUR, firing=1),)), start=10, end=20))
    batch = poll(asked(change=change(profile(1), hours=hours)), start=20, end=30)
    assert await apply(store, batch) == OtherProfiles([ACCOUNT])


async def test_hour_buckets_of_a_time_line_that_was_rolled_back_refuse_the_change(kept: Kept) -> None:
    await kept.back_up(1)
    await apply(kept.store, poll(asked(hours=(hour_move(HOUR, 3, 4),)), end=10))
    hours = await kept.store.hours(ACCOUNT)
    await kept.roll_back(1)
    await apply(kept.store, poll(asked(hours=(hour_move(HOUR, 1, 1),)), end=12))
    batch = poll(asked(change=change(profile(1), hours=hours)), start=12, end=20)
    assert await apply(kept.store, batch) == OtherProfiles([ACCOUNT])


async def test_hour_buckets_that_came_unseen_refuse_the_change(store: Accounts) -> None:
    await apply(store, poll(asked(hours=(hour_move(HOUR, 3, 4),))))
    assert await apply(store, poll(asked(change=change(profile(1))), start=10)) == OtherProfiles([ACCOUNT])


async def test_hour_buckets_that_are_gone_refuse_the_change(store: Accounts) -> None:
    await apply(store, poll(asked(hours=(hour_move(HOUR, 3, 4),))))
    hours = await store.hours(ACCOUNT)
    await apply(store, poll(asked(change=change(profile(1), hours=hours)), start=10, end=20))
    await apply(store, poll(asked(profile=profile(1), change=change(None)), start=20, end=30))
    batch = poll(asked(change=change(profile(1), hours=hours)), start=30, end=40)
    assert await apply(store, batch) == OtherProfiles([ACCOUNT])


async def test_hour_buckets_after_a_tombstone_begin_anew(store: Accounts) -> None:
    await apply(store, poll(asked(hours=(hour_move(HOUR, 3, 4),))))
    hours = await store.hours(ACCOUNT)
    await apply(store, poll(asked(change=change(profile(1), hours=hours)), start=10, end=20))
    await apply(store, poll(asked(profile=profile(1), change=change(None)), start=20, end=30))
    await apply(store, poll(asked(hours=(hour_move(HOUR, firing=1),)), start=30, end=40))
    assert (await store.hours(ACCOUNT)).totals == {("calls", HOUR): (None, Add(1))}


async def test_an_account_made_again_with_the_same_version_is_another_to_who_knew_the_first(store: Accounts) -> None:
    await apply(store, poll(asked(change=change(profile(1, "free")))))
    await apply(store, poll(asked(profile=profile(1, "free"), change=change(None)), start=10, end=20))
    await apply(store, poll(asked(change=change(profile(1, "team"))), start=20, end=30))
    batch = poll(asked(move(1), profile=profile(1, "free")), start=30, end=40)
    assert await apply(store, batch) == OtherProfiles([ACCOUNT])


async def test_a_profile_that_was_read_back_is_the_one_that_was_written(store: Accounts) -> None:
    full = replace_account(
        profile(7), limits={"calls": "12.50"}, csat="4.50", usage={"calls": {"value": "1.10", "as_of": NOW}}
    )
    await apply(store, poll(asked(change=change(full))))
    found = (await store.profiles([ACCOUNT]))[ACCOUNT]
    assert isinstance(await apply(store, poll(asked(move(1), profile=found), start=10, end=20)), Applied)


async def test_a_profile_comes_back_as_it_was_given(store: Accounts) -> None:
    full = replace_account(profile(7), owner="ünï", limits={"calls": "12.50"}, nps=9, time_zone="Europe/Berlin")
    await apply(store, poll(asked(change=change(full))))
    assert await store.profiles([ACCOUNT]) == {ACCOUNT: full}


def replace_account(given: object, **fields: object) -> object:
    account = type(given.account).model_validate({**given.account.model_dump(), **fields})
    return given.model_copy(update={"account": account})


async def test_two_updates_of_two_accounts_go_in_one_call(store: Accounts) -> None:
    batches = [poll(asked(change=change(profile(1)))), poll(asked(account=ELSEWHERE, change=change(profile(2))))]
    await store.apply([replace(batch) for batch in batches])
    assert await store.profiles([ACCOUNT, ELSEWHERE]) == {ACCOUNT: profile(1), ELSEWHERE: profile(2)}
