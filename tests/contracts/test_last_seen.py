"""Who was seen of a `unique` meter on which day: a window is the union of its days (semantics 2.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from expansion_signals.model.batches import Applied, DayMove
from expansion_signals.model.changes import EXACT_MEMBERS, See
from expansion_signals.model.instants import day_of
from expansion_signals.model.last_seen import DAYS_KEPT, Active
from sample_batches import ACCOUNT, NEIGHBOUR, NOW, apply, asked, move, poll

if TYPE_CHECKING:
    from kept_state import Kept

TODAY = day_of(NOW)


def seen(ago: int, *members: int, meter: str = "users") -> DayMove:
    return DayMove(meter, TODAY - ago, See(members))


async def polls(kept: Kept, *days: tuple[DayMove, ...]) -> None:
    """Apply what was seen, each tuple in a poll of its own."""
    for place, each in enumerate(days):
        batch = poll(asked(days=each), start=10 * place or None, end=10 * (place + 1))
        assert isinstance(await apply(kept.store, batch), Applied)


async def within(kept: Kept, days: int, meter: str = "users", account: str = ACCOUNT) -> Active:
    return await kept.store.active(account, meter, range(TODAY - days + 1, TODAY + 1))


async def test_nobody_was_seen_of_an_account_without_events(kept: Kept) -> None:
    assert await within(kept, 30) == Active(0, estimated=False)


async def test_a_window_is_today_and_the_days_before_it(kept: Kept) -> None:
    await polls(kept, (seen(6, 1), seen(7, 2), seen(0, 3)))
    assert [(await within(kept, days)).members for days in (1, 6, 7, 8)] == [1, 1, 2, 3]


async def test_a_member_seen_on_several_days_is_one(kept: Kept) -> None:
    await polls(kept, (seen(5, 1, 2), seen(0, 1)), (seen(3, 2), seen(1, 1)))
    assert [(await within(kept, days)).members for days in (1, 4, 7)] == [1, 2, 2]


async def test_a_late_event_does_not_make_a_member_older(kept: Kept) -> None:
    await polls(kept, (seen(0, 1),), (seen(20, 1),))
    assert (await within(kept, 1)).members == 1


async def test_a_member_whose_clock_is_ahead_is_in_todays_window(kept: Kept) -> None:
    await polls(kept, (seen(-1, 1),))
    assert (await within(kept, 1)).members == 1


async def test_each_meter_and_account_has_members_of_its_own(kept: Kept) -> None:
    both = (asked(days=(seen(0, 1, 2), seen(0, 1, meter="teams"))), asked(days=(seen(0, 7),), account=NEIGHBOUR))
    await apply(kept.store, poll(*both))
    found = [await within(kept, 7), await within(kept, 7, "teams"), await within(kept, 7, account=NEIGHBOUR)]
    assert [each.members for each in found] == [2, 1, 1]


async def test_members_are_known_by_all_of_their_64_bits(kept: Kept) -> None:
    await polls(kept, (seen(0, -(2**63), 2**63 - 1, 2**63 - 2, -1, 0),))
    assert (await within(kept, 1)).members == 5


async def test_what_overflows_beside_them_leaves_members_unseen(kept: Kept) -> None:
    await apply(kept.store, poll(asked(move(2**62))))
    await apply(kept.store, poll(asked(move(2**62), days=(seen(0, 1),)), start=10, end=20))
    assert (await within(kept, 1)).members == 0


# ------------------------------------------------------------------------------------------- five hundred


def crowd(count: int, first: int = 0) -> range:
    return range(first * 2_654_435_761, (first + count) * 2_654_435_761, 2_654_435_761)


async def test_as_many_members_as_are_kept_are_exact(kept: Kept) -> None:
    await polls(kept, (seen(3, *crowd(EXACT_MEMBERS // 2)),), (seen(0, *crowd(EXACT_MEMBERS // 2, 250)),))
    assert (await within(kept, 3), await within(kept, 4)) == (
        Active(EXACT_MEMBERS // 2, estimated=False),
        Active(EXACT_MEMBERS, estimated=False),
    )


async def test_a_known_member_needs_no_room(kept: Kept) -> None:
    await polls(kept, (seen(3, *crowd(EXACT_MEMBERS)),), (seen(0, *crowd(EXACT_MEMBERS)),))
    assert await within(kept, 1) == Active(EXACT_MEMBERS, estimated=False)


async def test_room_is_made_by_those_not_seen_for_62_days(kept: Kept) -> None:
    await polls(kept, (seen(DAYS_KEPT, *crowd(200)), seen(DAYS_KEPT - 1, *crowd(299, 200))), (seen(0, *crowd(2, 499)),))
    assert (await within(kept, 2 * DAYS_KEPT), await within(kept, 1)) == (
        Active(301, estimated=False),
        Active(2, estimated=False),
    )


async def test_an_old_member_that_comes_again_keeps_its_room(kept: Kept) -> None:
    await polls(kept, (seen(DAYS_KEPT, *crowd(EXACT_MEMBERS)),), (seen(0, *crowd(1), *crowd(3, 600)),))
    assert await within(kept, 2 * DAYS_KEPT) == Active(4, estimated=False)


async def test_a_late_member_is_not_taken_in_where_there_is_no_room_for_so_old_a_day(kept: Kept) -> None:
    await polls(kept, (seen(0, *crowd(EXACT_MEMBERS)),), (seen(DAYS_KEPT, *crowd(1, 600)),))
    assert await within(kept, 2 * DAYS_KEPT) == Active(EXACT_MEMBERS, estimated=False)


@pytest.mark.parametrize("step", [40, 900])
async def test_beyond_it_sketches_of_days_are_near(kept: Kept, step: int) -> None:
    days = [(seen(9 - n * step // 300, *crowd(step + 10, n * step)),) for n in range(2_700 // step)]
    await polls(kept, *days)
    exact = [
        len(set().union(*(day.change.members for (day,) in days if TODAY - day.day < window))) for window in (1, 5, 10)
    ]
    found = [await within(kept, window) for window in (1, 5, 10)]
    assert all(each.estimated for each in found)
    assert all(abs(each.members - wanted) <= 1 + 0.04 * wanted for each, wanted in zip(found, exact, strict=True))


async def test_when_sketches_take_over_each_member_is_on_its_last_day(kept: Kept) -> None:
    await polls(kept, (seen(9, *crowd(400)),), (seen(2, *crowd(100)), seen(0, *crowd(200, 400))))
    found = [(await within(kept, window)).members for window in (1, 3, 10)]
    assert [abs(each - wanted) <= 0.04 * wanted for each, wanted in zip(found, (200, 300, 600), strict=True)] == [
        True
    ] * 3


async def test_a_day_before_all_others_is_told_once_sketches_have_taken_over(kept: Kept) -> None:
    await polls(kept, (seen(0, *crowd(900)),), (seen(30, *crowd(5, 900)),))
    assert (await within(kept, 31)).members > (await within(kept, 30)).members


async def test_more_than_lua_unpacks_may_be_seen_at_once(kept: Kept) -> None:
    await polls(kept, (seen(1, *crowd(12_000)), seen(0, *crowd(20_000))))
    assert abs((await within(kept, 1)).members - 20_000) < 20_000 * 0.04


async def test_members_of_several_accounts_may_pass_it_in_one_call(kept: Kept) -> None:
    both = [asked(days=(seen(0, *crowd(700)), seen(3, *crowd(9, 700))), account=name) for name in (ACCOUNT, NEIGHBOUR)]
    assert isinstance(await apply(kept.store, poll(*both)), Applied)
    found = [await within(kept, 4, account=name) for name in (ACCOUNT, NEIGHBOUR)]
    assert all(each.estimated and abs(each.members - 709) < 29 for each in found)
