"""Looks: put with what makes them necessary, found once due, moved only where nobody has put them elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import DayMove, OtherProfiles
from expansion_signals.model.changes import Add
from expansion_signals.model.instants import DAY, day_of, parse_instant
from expansion_signals.model.looks import DAILY, Look
from expansion_signals.model.notes import Note, NoteChange
from expansion_signals.state.keys import shard_of
from sample_batches import (
    ACCOUNT,
    CALLS,
    ELSEWHERE,
    FILES,
    NEIGHBOUR,
    NOW,
    SHARDS,
    apply,
    asked,
    change,
    move,
    poll,
    profile,
)
from swept import sweep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kept_state import Kept, WholeStore

SHARD = shard_of(ACCOUNT, SHARDS)
TODAY = day_of(NOW)


def look(at: int = NOW, account: str = ACCOUNT) -> Look:
    return Look(account, DAILY, at)


async def put(store: WholeStore, *looks: Look) -> None:
    accounts = [asked(account=each.account, look=each.at) for each in looks]
    await apply(store, poll(*accounts, ranges=()))


async def due(kept: Kept, until: int = NOW, most: int = 10, shard: int = SHARD) -> Sequence[Look]:
    return (await kept.due.due({shard: until}, most)).get(shard, ())


@pytest.mark.parametrize(("until", "found"), [(NOW - 1, []), (NOW, [look()]), (NOW + 1, [look()])])
async def test_a_look_is_due_from_its_instant_on(kept: Kept, store: WholeStore, until: int, found: list[Look]) -> None:
    await put(store, look())
    assert list(await due(kept, until)) == found


async def test_what_is_longest_overdue_comes_first(kept: Kept, store: WholeStore) -> None:
    await put(store, look(NOW), look(NOW - 5, NEIGHBOUR))
    assert (list(await due(kept)), list(await due(kept, most=1))) == (
        [look(NOW - 5, NEIGHBOUR), look(NOW)],
        [look(NOW - 5, NEIGHBOUR)],
    )


async def test_shards_are_due_apart(kept: Kept, store: WholeStore) -> None:
    await put(store, look())
    await put(store, look(account=ELSEWHERE))
    until = {SHARD: NOW, shard_of(ELSEWHERE, SHARDS): NOW - 1}
    assert await kept.due.due(until, 10) == {SHARD: [look()]}


async def test_a_look_is_put_wherever_it_was(kept: Kept, store: WholeStore) -> None:
    await put(store, look(NOW - 5))
    await put(store, look(NOW + 5))
    assert (list(await due(kept)), list(await due(kept, NOW + 5))) == ([], [look(NOW + 5)])


async def test_an_account_that_is_refused_is_not_put(kept: Kept, store: WholeStore) -> None:
    refused = asked(account=ACCOUNT, look=NOW, notes=[NoteChange("x", 7, "late")])
    assert await apply(store, poll(refused, ranges=())) == OtherProfiles([ACCOUNT])
    assert list(await due(kept)) == []


async def test_a_look_with_a_profile_is_put_with_it(kept: Kept, store: WholeStore) -> None:
    await apply(store, poll(asked(change=change(profile(1)), look=NOW)))
    assert list(await due(kept)) == [look()]


async def test_a_look_moves_from_where_it_was_found(kept: Kept, store: WholeStore) -> None:
    await put(store, look())
    await kept.due.move(SHARD, [(look(), NOW + DAY)])
    assert (list(await due(kept)), list(await due(kept, NOW + DAY))) == ([], [look(NOW + DAY)])


async def test_a_look_that_was_put_elsewhere_meanwhile_stays_there(kept: Kept, store: WholeStore) -> None:
    await put(store, look())
    await put(store, look(NOW + 5))
    await kept.due.move(SHARD, [(look(), NOW + DAY)])
    assert list(await due(kept, NOW + 5)) == [look(NOW + 5)]


async def test_a_look_that_is_done_for_good_goes(kept: Kept, store: WholeStore) -> None:
    await put(store, look(), look(account=NEIGHBOUR))
    await kept.due.move(SHARD, [(look(), None)])
    assert list(await due(kept)) == [look(account=NEIGHBOUR)]


async def test_a_look_that_has_gone_does_not_come_back(kept: Kept) -> None:
    await kept.due.move(SHARD, [(look(), NOW)])
    assert list(await due(kept)) == []


async def test_names_of_accounts_may_hold_anything(kept: Kept, store: WholeStore) -> None:
    name = "a|b:{c} ü"
    await apply(store, poll(asked(account=name, look=NOW), ranges=()))
    assert list(await due(kept, shard=shard_of(name, SHARDS))) == [look(account=name)]


async def test_a_shard_that_is_lost_has_nothing_due(kept: Kept, store: WholeStore) -> None:
    await put(store, look())
    await kept.lose(SHARD)
    assert list(await due(kept)) == []


async def test_the_janitor_leaves_looks_alone(kept: Kept, store: WholeStore) -> None:
    await apply(store, poll(asked(change=change(profile(1)), look=NOW)))
    await sweep(kept)
    assert list(await due(kept)) == [look()]


async def test_one_worker_has_the_lease_until_it_ends(kept: Kept) -> None:
    had = [await kept.due.lease(SHARD, holder) for holder in ("one", "two", "one")]
    await kept.end_leases()
    assert (had, await kept.due.lease(SHARD, "two")) == ([True, False, True], True)


async def test_a_history_of_nothing_is_empty(kept: Kept) -> None:
    [history] = await kept.due.histories(SHARD, [ACCOUNT], TODAY)
    assert history == (ACCOUNT, None, Note(), {}, {}, None)


async def test_a_history_holds_profile_note_levels_and_days(kept: Kept, store: WholeStore) -> None:
    days = [DayMove("calls", TODAY, Add(5)), DayMove("calls", TODAY - 1, Add(3)), DayMove("files", TODAY - 61, Add(2))]
    moves = [move(7), move(2, counter=FILES)]
    note = [NoteChange(DAILY, 0, "told")]
    await apply(store, poll(asked(*moves, days=days, notes=note, change=change(profile(1)))))
    [history] = await kept.due.histories(SHARD, [ACCOUNT], TODAY - 1)
    assert history == (
        ACCOUNT,
        profile(1),
        Note(1, "told"),
        {("calls", TODAY): 5, ("calls", TODAY - 1): 3, ("files", TODAY - 61): 2},
        {CALLS: 7, FILES: 2},
        TODAY - 61,
    )


async def test_histories_of_several_accounts_stand_apart(kept: Kept, store: WholeStore) -> None:
    for place, account in enumerate((ACCOUNT, NEIGHBOUR)):
        await apply(store, poll(asked(account=account, days=[DayMove("calls", TODAY, Add(place + 1))]), ranges=()))
    histories = await kept.due.histories(SHARD, [NEIGHBOUR, ACCOUNT], TODAY)
    assert [history.days for history in histories] == [{("calls", TODAY): 2}, {("calls", TODAY): 1}]


async def test_totals_of_months_tell_how_far_back_an_account_was_used(kept: Kept, store: WholeStore) -> None:
    days = [DayMove("calls", day_of(parse_instant("2026-08-20T00:00:00Z")), Add(3)), DayMove("calls", TODAY, Add(1))]
    await apply(store, poll(asked(days=days)))
    await sweep(kept)
    [history] = await kept.due.histories(SHARD, [ACCOUNT], TODAY)
    assert history.first_day == day_of(parse_instant("2026-08-01T00:00:00Z"))
